"""What a demonstration keeps on disk: cluster, key store, secrets, logs, under one folder."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spst.kernel.bootstrap import LOGIN_ROLES, Passwords
from spst.kernel.cluster import Cluster

DATABASE = "spst"
_KEYS = ("SPST_CONTEXT_KEY", "SPST_TRACE_KEY", "SPST_ROOT_KEY", "SPST_SEAL_KEY")
_CLIENT_SECRETS = ("PSC_CLIENT_SECRET", "FC_CLIENT_SECRET")
_OURS = ("postgres", "secrets", "logs", "keystore", "tetes", "remplissage-en-cours")


class DemoRefused(Exception):
    """The demonstration cannot go on; the message says the remedy."""


def default_folder() -> Path:
    """Not below /root: PostgreSQL, another account there, could not enter it."""
    return Path("/var/lib/spst") if os.geteuid() == 0 else Path.home() / ".local" / "share" / "spst"


class DemoFolder:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.cluster = Cluster(self.root / "postgres")
        self._secrets = self.root / "secrets"
        self._filling = self.root / "remplissage-en-cours"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, so that two demonstrations never share a cluster. Raises: DemoRefused."""
        with (self.root / "verrou").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DemoRefused(
                    f"Une démonstration tourne déjà avec les données de {self.root}. Arrêtez-la (Ctrl-C dans sa fenêtre), "
                    "ou choisissez un autre dossier\u00a0: SPST_DATA=/autre/dossier PORT=8100 make run"
                ) from error
            yield

    @property
    def accounts_file(self) -> Path:
        return self._secrets / "comptes.json"

    @property
    def is_half_filled(self) -> bool:
        """A fill that was interrupted: its data were nobody's work, and are made anew."""
        return self._filling.exists()

    @contextmanager
    def filling(self) -> Iterator[None]:
        self._filling.touch()
        yield
        self._filling.unlink()

    def reset(self) -> None:
        """Remove what a demonstration made, and nothing else that may stand in the folder."""
        if (self.root / "postgres").exists():
            self.cluster.stop()
        for name in _OURS:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def log(self, name: str) -> Path:
        folder = self.root / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{name}.log"

    def secret(self, name: str) -> str:
        return self._secret_file(name).read_text(encoding="ascii")

    def write_secret(self, name: str, value: str) -> Path:
        path = self._secrets / name.lower()
        self._secrets.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value)
        return path

    def passwords(self) -> Passwords:
        return Passwords(**{role: self.secret(f"DATABASE_PASSWORD_{role.upper()}") for role in LOGIN_ROLES})

    def database_url(self, role: str) -> str:
        return self.cluster.url(f"spst_{role}", self.secret(f"DATABASE_PASSWORD_{role.upper()}"), DATABASE)

    def environment(self) -> dict[str, str]:
        """Configuration of the product's programs: secrets by file, so that none stands in a process's environment."""
        files = {name: self._secret_file(name) for name in (*_KEYS, *_CLIENT_SECRETS)}
        for name, role in (("DATABASE_URL", "app"), ("DATABASE_URL_OWNER", "owner"), ("DATABASE_URL_OPS", "ops")):
            files[name] = self.write_secret(name, self.database_url(role))
        return {
            "SPST_DATA": str(self.root),
            "SPST_KEYSTORE": str(self.root / "keystore"),
            "SPST_HEADS": str(self._heads()),
            **{f"{name}_FILE": str(path) for name, path in files.items()},
        }

    def _heads(self) -> Path:
        folder = self.root / "tetes"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _secret_file(self, name: str) -> Path:
        """Made at first need: 32 random bytes in base64url, which is also what a key of the product is."""
        path = self._secrets / name.lower()
        return path if path.exists() else self.write_secret(name, secrets.token_urlsafe(32))
