"""The identity provider when it is asked from server to server, and the professional answers in his e-CPS application (CIBA)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from spst.comptes.ports import Preuve
from spst.kernel.errors import ServiceUnavailable


class ConfirmationLost(ServiceUnavailable):
    """Pro Santé Connect a reçu votre confirmation, puis n’a plus répondu. Recommencez."""


@dataclass(frozen=True, slots=True)
class DemandeEcps:
    """What the provider was asked, and how to ask what became of it. `expires_in` and `interval`: seconds."""

    auth_req_id: str = field(repr=False)
    expires_in: int
    interval: int


class ReponseEcps(StrEnum):
    """What became of a request that nobody has confirmed."""

    ATTENDUE = "attendue"
    TROP_SOUVENT = "trop_souvent"
    """Still waited for, and to be asked about less often."""
    REFUSEE = "refusee"
    EXPIREE = "expiree"


class FournisseurEcps(Protocol):
    """Implemented by `adapters.psc`. Raises everywhere: ServiceUnavailable, when the provider does not answer."""

    def ask(self, rpps: str, nombre: str) -> DemandeEcps:
        """Push a request to the e-CPS of an RPPS; `nombre`: two digits, shown here and there. Raises: PreuveRefused."""

    def poll(self, auth_req_id: str, rpps: str) -> Preuve | ReponseEcps:
        """What became of it; a proof is about `rpps` and nobody else. Raises: PreuveRefused, ConfirmationLost."""

    def end_session(self, id_token: str) -> None:
        """End the session that a confirmation opened at the provider."""
