#!/bin/sh
# Installs the Debian packages that are missing, when it may. Usage: install_system.sh run|test
# `run` needs PostgreSQL; `test` needs Chromium too. Debian makes no cluster of its own: ours live in SPST_DATA.
set -eu

postgres_present() {
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

chromium_present() {
  [ -x /usr/bin/chromium ]
}

missing=""
postgres_present || missing="postgresql"
if [ "$1" = test ] && ! chromium_present; then missing="$missing chromium fonts-dejavu-core"; fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  for package in $missing; do
    case $package in
      postgresql) echo "Paquet Debian absent : postgresql. La version Python de PostgreSQL le remplace." ;;
      chromium) echo "Paquet Debian absent : chromium. Les tests de navigateur ne seront pas joués." ;;
    esac
  done
  exit 0
fi

echo "Installation des paquets Debian :$(printf ' %s' $missing)"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
if ! postgres_present; then
  apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
  sed -ri 's/^#?create_main_cluster .*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
fi
# shellcheck disable=SC2086  # a list of package names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
