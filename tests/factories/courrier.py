"""A mail server and its mailbox, which say what they received; and the client of ours that writes to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from spst.adapters.courriel.smtp import SmtpMessagerie
from spst.kernel.config import SmtpPeer
from tests.simulators import launcher
from tests.simulators.launcher import Simulator

SENDER = "ne-pas-repondre@spst.test"
USER, PASSWORD = "spst", "mot-de-passe-de-la-messagerie"


@dataclass(frozen=True, slots=True)
class Courrier:
    simulator: Simulator
    roots: Path
    ports: dict[str, int]

    def peer(self, security: str = "starttls", **changes: Any) -> SmtpPeer:
        port = self.ports["clear" if security == "aucune" else security]
        known = {"host": "127.0.0.1", "port": port, "security": security, "sender": SENDER}
        return SmtpPeer(**{**known, "user": USER, "password": PASSWORD, "roots": self.roots, **changes})

    @property
    def settings(self) -> dict[str, str]:
        """The same, as the environment of a program."""
        return {
            "SPST_SMTP_HOST": "127.0.0.1",
            "SPST_SMTP_PORT": str(self.ports["starttls"]),
            "SPST_SMTP_FROM": SENDER,
            "SPST_SMTP_USER": USER,
            "SPST_SMTP_PASSWORD": PASSWORD,
            "SPST_SMTP_ROOTS": str(self.roots),
        }

    @property
    def messagerie(self) -> SmtpMessagerie:
        return SmtpMessagerie(self.peer())

    def received(self) -> dict[str, Any]:
        return self.simulator.admin("received")

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """What is in the mailbox, the oldest first; of one address, or of all."""
        return [mail for mail in self.received()["mails"] if to is None or mail["to"] == [to]]

    def code(self, to: str) -> str:
        """The last one that an address got."""
        found = re.findall(r"\b(\d{3} \d{3})\b", self.mails(to)[-1]["text"])
        assert len(found) == 1
        return str(found[0])

    def fail(self, fault: str, times: int = 1) -> None:
        self.simulator.admin("break", fault=fault, times=times)


def references(mails: list[dict[str, Any]]) -> list[str]:
    """Message-ID of each."""
    return [re.findall(r"^Message-ID: (\S+)", mail["raw"], re.MULTILINE)[0] for mail in mails]


@pytest.fixture(scope="module")
def running_courrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Courrier]:
    started = launcher.start("courriel", env={"SMTP_USER": USER, "SMTP_PASSWORD": PASSWORD})
    roots = tmp_path_factory.mktemp("courriel") / "racines.pem"
    roots.write_bytes(requests.get(f"{started.url}ca.pem", timeout=10).content)
    yield Courrier(started, roots, started.admin("received")["ports"])
    started.stop()


@pytest.fixture
def courrier(running_courrier: Courrier) -> Courrier:
    running_courrier.simulator.admin("reset")
    return running_courrier
