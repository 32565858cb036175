"""The identity provider of travailleurs, in our words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from spst.comptes.ports import DemandeConnexion, Retour
from spst.identite.rules import IdentitePivot


@dataclass(frozen=True, slots=True)
class PreuveTravailleur:
    """Who a provider says logged in, everything checked: signatures, audience, age, level, one person throughout.

    `amr`: how he proved it, None when the provider does not say. `id_token`: only to end the session at the provider.
    """

    iss: str
    sub: str
    acr: str
    amr: tuple[str, ...] | None
    auth_time: datetime
    pivot: IdentitePivot = field(repr=False)
    id_token: str = field(repr=False)


class FournisseurTravailleur(Protocol):
    """Implemented by `adapters.franceconnect`. Raises everywhere: ServiceUnavailable, when the provider does not answer."""

    def authorize(self) -> DemandeConnexion: ...

    def exchange(self, demande: DemandeConnexion, retour: Retour) -> PreuveTravailleur:
        """Raises: PreuveRefused."""

    def logout_url(self, id_token: str, state: str) -> str:
        """Where the browser ends the session at the provider; it then comes back with `state`."""
