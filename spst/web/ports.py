"""What the pages need from rooms above them: sessions, who may knock at an action and at whose dossier, counts, menus."""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from spst.kernel.acteur import Acteur, Famille
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied, SpstError


class Espace(StrEnum):
    """Two doors, two cookies: a session of one opens nothing in the other."""

    PRO = "pro"
    PORTAIL = "portail"


@dataclass(frozen=True, slots=True)
class Utilisateur:
    """Somebody whose session acts in one tenant; Flask-Login's `current_user`.

    `nom`: as the frame of the page shows it, empty in the portal. `dossier_id`: a travailleur's own.
    """

    acteur: Acteur
    tenant_id: UUID
    spst: str
    slug: str
    nom: str = ""
    dossier_id: UUID | None = None
    situation: str | None = None
    auth_at: datetime | None = None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return str(self.acteur.id)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A live session as its store gives it. `user` is None until the second factor is proved and a tenant chosen.

    `ends_at`: the end by idleness or by age, whichever comes first, were nothing more done.
    """

    id_hash: str
    espace: Espace
    ends_at: datetime
    data: Mapping[str, Any] = field(repr=False)
    facteurs: int = 0
    identite_id: UUID | None = None
    user: Utilisateur | None = None


class SessionStore(Protocol):
    """Sessions by the SHA-256 of their cookie. Nothing here outlives its limits, whatever the cookie says."""

    def load(self, id_hash: str, espace: Espace, agent_hash: str, *, prolong: bool) -> SessionRecord | None:
        """The live session, with the user whose account and role still stand; None, and gone, otherwise.

        `prolong`: somebody acted; a poll or a mark of presence passes False.
        """

    def create(self, id_hash: str, espace: Espace, agent_hash: str, data: Mapping[str, Any]) -> None:
        """A session of nobody, short, for a log-in under way."""

    def save_data(self, id_hash: str, data: Mapping[str, Any]) -> None:
        """Nothing when the session was ended meanwhile: a request under way does not revive it."""

    def take(self, id_hash: str, *path: str) -> Any:
        """Take out of what a session keeps something that serves once: of several requests at once one has it, the others None.

        `path`: its name, or the name of a mapping and its key there.
        """

    def rename(self, id_hash: str, new_hash: str) -> None:
        """The same session under another identifier; the old one is dead."""

    def delete(self, id_hash: str) -> None: ...


def take_out(data: MutableMapping[str, Any], path: Sequence[str]) -> Any:
    """The same on what was read: whoever writes it back must not bring back what was taken."""
    *above, last = path
    for name in above:
        data = data.get(name, {})
    return data.pop(last, None)


class GuardTable(Protocol):
    """The routes' own table, apart from the policies and from row security."""

    def families(self, action: str) -> frozenset[Famille]:
        """Which families may knock. Raises: LookupError for a name that no registry holds."""


@dataclass(frozen=True, slots=True)
class Cible:
    """What a request was after: a dossier of its tenant, and the sections that the action touches."""

    dossier_id: UUID
    sections: tuple[str, ...]


class TargetTable(Protocol):
    """Whose dossier an address names: the worker reads that somebody tried, though no service was reached."""

    def find(self, ctx: Context, action: str, arguments: Mapping[str, Any]) -> Cible | None:
        """None when the arguments of the route name no dossier that this tenant holds and this actor may know of."""


@dataclass(frozen=True, slots=True)
class Lien:
    libelle: str
    url: str
    courant: bool = False
    compte: int | None = None


@dataclass(frozen=True, slots=True)
class RegleCitee:
    """A numbered rule as a refusal cites it. `url`: where whoever may read the policy reads it."""

    numero: str
    phrase: str
    article: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Refus:
    """A refusal as its page says it (templates/errors/403.html): what was asked, by which rules it was closed, whom to ask.

    `fonctions`: those to whom the act belongs, when it is not one of the dossier. `volets`: (code, name).
    `politique`: (term, address) of the version that decided. `suites`: what to do next.
    """

    titre: str
    phrase: str
    demande: str
    fonctions: str
    volets: Sequence[tuple[str, str]]
    regles: Sequence[RegleCitee]
    politique: Lien
    recours: str
    suites: Sequence[Lien] = ()


class RefusalTable(Protocol):
    """The words of a refusal, for whoever met it."""

    def refusal(self, ctx: Context, action: str, dossier_id: UUID | None) -> AccessDenied | None:
        """What the policies answer to somebody whom the wall of the routes stops; None when they would open."""

    def explain(self, ctx: Context, facts: Mapping[str, object]) -> Refus | None:
        """`facts`: those of an `AccessDenied`. None when the policies have nothing to say of it."""

    def explain_section(self, ctx: Context, dossier_id: UUID, section: str | None) -> Refus | None:
        """Why a section of a dossier, or all of it, is closed to the actor; None when it opens. Raises: NotFound."""


class Counter(Protocol):
    def hit(self, key: str, window_s: int) -> int:
        """Count one attempt under `key` (hashed by the counter) in the current window; how many there are now."""


@dataclass(frozen=True, slots=True)
class Recherche:
    """The search box of the frame (templates/base.html)."""

    url: str
    libelle: str
    invite: str
    suggestions_url: str | None = None
    valeur: str = ""


class Navigation(Protocol):
    """What the frame of a page offers to a user, and where he starts."""

    def home(self, user: Utilisateur) -> str: ...

    def links(self, user: Utilisateur, path: str) -> Iterable[Lien]: ...

    def search(self, user: Utilisateur) -> Recherche | None: ...


class TooManyRequests(SpstError):
    """Trop de demandes en peu de temps. Attendez un peu, puis recommencez."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class LoginRequired(SpstError):
    """Votre session est fermée. Ouvrez-en une nouvelle."""


class InputRefused(SpstError):
    """Un signe de votre saisie n’est pas permis. Retapez-la, puis recommencez."""
