"""The identity provider of professionals, in our words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from spst.comptes.rules import Attestation
from spst.kernel.errors import SpstError


class PreuveRefused(SpstError):
    """La session ne s’est pas ouverte. Recommencez."""

    def __init__(self, motif: str, **facts: object) -> None:
        """`motif`: a code for the log; the user reads the same neutral page whatever it is."""
        super().__init__()
        self.facts = {"motif": motif, **facts}
        self.motif = motif


@dataclass(frozen=True, slots=True)
class DemandeConnexion:
    """Where the browser goes to log in, and what must be compared when it comes back: kept on the server, used once."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Retour:
    """What came back with the browser."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    iss: str | None = None


@dataclass(frozen=True, slots=True)
class Preuve:
    """Who a provider says logged in, everything checked: signatures, audience, age, level, and one person throughout.

    `rpps`: eleven digits, None for somebody who has none. `id_token`: only to end the session at the provider.
    """

    iss: str
    sub: str
    rpps: str | None
    acr: str
    auth_time: datetime
    sid: str | None
    attestation: Attestation
    id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FinDeSession:
    """The provider says that a session of its own has ended: one (`sid`) or all those of a person (`sub`)."""

    iss: str
    sub: str | None
    sid: str | None
    jti: str
    issued_at: datetime


class FournisseurIdentite(Protocol):
    """Implemented by `adapters.psc`. Raises everywhere: ServiceUnavailable, when the provider does not answer."""

    def authorize(self, *, fresh: bool = False) -> DemandeConnexion:
        """`fresh`: whoever has a session at the provider proves again who he is."""

    def exchange(self, demande: DemandeConnexion, retour: Retour) -> Preuve:
        """Raises: PreuveRefused."""

    def logout_url(self, id_token: str) -> str: ...

    def check_logout_token(self, token: str) -> FinDeSession:
        """Everything but that `jti` is new. Raises: PreuveRefused."""


@dataclass(frozen=True, slots=True)
class Fournisseur:
    """The provider of one SPST's own staff. `acr`, `amr`: what proves two factors there; each kind that is named is due."""

    slug: str
    nom: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    acr: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PreuveFournisseur:
    """Who a provider says logged in, and by what: everything checked but that it is enough."""

    iss: str
    sub: str
    acr: str | None
    amr: frozenset[str]
    auth_time: datetime


class FournisseursIdentite(Protocol):
    """Implemented by `adapters.fournisseur`. Raises everywhere: ServiceUnavailable, when the provider does not answer."""

    def authorize(self, fournisseur: Fournisseur) -> DemandeConnexion: ...

    def exchange(self, fournisseur: Fournisseur, demande: DemandeConnexion, retour: Retour) -> PreuveFournisseur:
        """Raises: PreuveRefused."""
