"""The web program and the worker as processes of their own, over a small world, to be killed without warning."""

import base64
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.factories.attente import until
from tests.factories.monde import Monde

SEAL_KEY = bytes(range(32))


def heads_of(monde: Monde) -> Path:
    """Where the heads of this world are copied."""
    folder = monde.keystore.parent / "tetes"
    folder.mkdir(exist_ok=True)
    return folder


def configuration(monde: Monde, port: int) -> dict[str, str]:
    """The environment of a process that serves `monde`; its providers are not there."""

    def key(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode()

    peers = {
        f"{prefix}_{name}": value
        for prefix in ("PSC", "FC")
        for name, value in {
            "ISSUER": "http://127.0.0.1:9/",
            "METADATA_URL": "http://127.0.0.1:9/.well-known/openid-configuration",
            "CLIENT_ID": "spst",
            "CLIENT_SECRET": "aucun-fournisseur-dans-cet-essai",
        }.items()
    }
    return {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "DATABASE_URL": monde.database.app_url,
        "SPST_CONTEXT_KEY": key(monde.database.context_key),
        "SPST_TRACE_KEY": key(monde.runtime.trace_key),
        "SPST_ROOT_KEY": key(monde.root_key),
        "SPST_KEYSTORE": str(monde.keystore),
        "SPST_SEAL_KEY": key(SEAL_KEY),
        "SPST_HEADS": str(heads_of(monde)),
        **peers,
    }


class Program:
    """`spst <command>` in a process group of its own. `settings`: beside those of every program."""

    def __init__(self, monde: Monde, port: int, *command: str, settings: Mapping[str, str] | None = None) -> None:
        self._environment = configuration(monde, port) | dict(settings or {})
        self._command = [sys.executable, "-m", "spst.cli", *command]
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Program":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """kill -9, the whole group at once: nobody is asked to finish anything."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait_until_it_answers(self) -> None:
        until(self._answers, "the program does not answer")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/sante")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
