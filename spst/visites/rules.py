"""What may be done with a type of visit, an appointment, a note, the end of a visit. Pure functions on values."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, add_months
from spst.kernel.texte import visible
from spst.visites.errors import (
    ClotureNotAllowed,
    DateNotAllowed,
    InformationRequired,
    OrientationNotAllowed,
    RendezVousNotAllowed,
    RubriqueUnknown,
    TexteRefused,
    TexteTooLong,
    TypeNotAllowed,
    VisiteAbandoned,
    VisiteAlreadyClosed,
)

TEXTE_MAX = 20_000
"""Characters of one note, of one addendum."""
EDITING_PERIOD = timedelta(minutes=10)
RATTRAPAGE_JOURS = 31
"""A visit is written at the latest a month after it took place."""
CORRECTION_JOURS = 7
"""The register's states are corrected for a week: a late excuse, somebody marked absent by mistake."""
INTERVAL_MAX_MOIS = 60
"""No regime lets more than five years pass between two visits (R. 4624-16)."""


# ──── Types of visit


@dataclass(frozen=True, slots=True)
class TypeLegal:
    """A type of visit as the text in force on a day knows it."""

    code: str
    libelle: str
    libelle_agenda: str
    regimes: tuple[str, ...]
    praticiens: tuple[str, ...]
    interval_max_mois: int | None
    article: str


def may_conduct(type_: TypeLegal, role: Role) -> bool:
    """Whether a role may conduct a visit of this type.

    Source: R. 4623-14 II (infirmier), R. 4623-25-1 (collaborateur), R. 4623-28 (interne), L. 4623-1 IV (MPC).
    """
    # TO CONFIRM (L. 4624-2-2 II, R. 4623-14 II): the text names the IPA for the mi-carrière visit alone; elsewhere he may do
    # what an infirmier does.
    roles = {role, Role.INF} if role is Role.IPA else {role}
    return not roles.isdisjoint(type_.praticiens)


def closed_because(type_: TypeLegal, role: Role) -> str | None:
    """The sentence that closes a type to a role, with its article; None when it is open."""
    if may_conduct(type_, role):
        return None
    labels = [label[:1].lower() + label[1:] for label in (Role(code).label for code in type_.praticiens)]
    who = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} ou {labels[-1]}"
    return f"Visite menée par\u00a0: {who} ({type_.article.replace('; ', ', ')})."


def check_may_conduct(type_: TypeLegal, role: Role) -> None:
    """Raises: TypeNotAllowed."""
    reason = closed_because(type_, role)
    if reason:
        raise TypeNotAllowed(f"Votre rôle ne mène pas cette visite. {reason}", type=type_.code, role=str(role))


def started_at(on: date, now: datetime) -> datetime:
    """When a visit began: now, or for a visit written afterwards the first instant of its day, in UTC.

    Raises: DateNotAllowed.
    """
    today = now.astimezone(PARIS).date()
    if on > today:
        raise DateNotAllowed("Cette date est dans l’avenir. Une visite s’ouvre le jour où elle a lieu.")
    if on < today - timedelta(days=RATTRAPAGE_JOURS):
        raise DateNotAllowed("Cette date est trop ancienne\u00a0: une visite s’écrit dans le mois où elle a eu lieu.")
    return now if on == today else datetime.combine(on, time(), PARIS).astimezone(now.tzinfo)


def has_hour(started: datetime) -> bool:
    """False for a visit written afterwards: its day is known, not its hour."""
    return started.astimezone(PARIS).timetz().replace(tzinfo=None) != time()


# ──── Appointments


class StatutRdv(StrEnum):
    CONVOQUE = "convoque"
    ARRIVE = "arrive"
    EN_COURS = "en_cours"
    RECU = "recu"
    ABSENT = "absent"
    EXCUSE = "excuse"


_BY_HAND = {
    StatutRdv.CONVOQUE: {StatutRdv.ARRIVE, StatutRdv.ABSENT, StatutRdv.EXCUSE},
    StatutRdv.ARRIVE: {StatutRdv.CONVOQUE, StatutRdv.ABSENT},
    StatutRdv.ABSENT: {StatutRdv.CONVOQUE, StatutRdv.ARRIVE, StatutRdv.EXCUSE},
    StatutRdv.EXCUSE: {StatutRdv.CONVOQUE, StatutRdv.ABSENT, StatutRdv.ARRIVE},
}
OPEN_TO_A_VISITE = frozenset({StatutRdv.CONVOQUE, StatutRdv.ARRIVE, StatutRdv.ABSENT})


def statut_before_visite(arrived_at: datetime | None, began_at: datetime) -> StatutRdv:
    """Where an appointment was before its visit began, at `began_at`: the beginning notes the arrival that nobody noted."""
    return StatutRdv.ARRIVE if arrived_at is not None and arrived_at < began_at else StatutRdv.CONVOQUE


def check_statut(current: StatutRdv, wanted: StatutRdv, starts_at: datetime, now: datetime) -> None:
    """Whether somebody may set this state by hand. A visit alone sets "en cours" and "reçu", and nobody undoes them.

    Raises: RendezVousNotAllowed.
    """
    if wanted not in _BY_HAND.get(current, set()):
        raise RendezVousNotAllowed(statut=str(current), wanted=str(wanted))
    day, today = starts_at.astimezone(PARIS).date(), now.astimezone(PARIS).date()
    if today > day + timedelta(days=CORRECTION_JOURS):
        raise RendezVousNotAllowed("Ce rendez-vous est passé depuis plus d’une semaine\u00a0: son état ne change plus.")
    if wanted is StatutRdv.ARRIVE and today != day:
        raise RendezVousNotAllowed("L’arrivée se note le jour du rendez-vous.")
    if wanted is StatutRdv.ABSENT and now < starts_at:
        raise RendezVousNotAllowed("L’absence se note après l’heure du rendez-vous.")


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """First instant of a day of the SPST, and of the day after."""
    return datetime.combine(day, time(), PARIS), datetime.combine(day + timedelta(days=1), time(), PARIS)


# ──── Notes


@dataclass(frozen=True, slots=True)
class Rubrique:
    """A part of the visit page. `pour_salarie`: what is written there is handed over when the visit closes (S5)."""

    code: str
    titre: str
    aide: str | None = None
    pour_salarie: bool = False


INFORMATION = "information"
RUBRIQUES = (
    Rubrique("entretien", "Entretien", "Ce que le salarié dit de sa santé et de son travail."),
    Rubrique("poste", "Poste et expositions", "Poste, expositions et protections vus avec le salarié."),
    Rubrique("examen", "Examen et constats cliniques"),
    Rubrique("suites", "Conseils et suites", "Prévention, orientation, examens demandés, ce qui reste à faire."),
    Rubrique(INFORMATION, "Information remise au salarié", pour_salarie=True),
)
_CODES = frozenset(rubrique.code for rubrique in RUBRIQUES)

_CONTROLS = dict.fromkeys(code for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\t\n")


def check_rubrique(code: str) -> None:
    """Raises: RubriqueUnknown."""
    if code not in _CODES:
        raise RubriqueUnknown


def clean_texte(texte: str) -> str:
    """The text as it is kept: line ends as "\\n", without signs that hide, turn the reading or control a terminal.

    Raises: TexteRefused, for a NUL or half a character: what arrived is not what was typed. TexteTooLong.
    """
    if "\x00" in texte or any(0xD800 <= ord(sign) < 0xE000 for sign in texte):
        raise TexteRefused
    kept = visible(texte.replace("\r\n", "\n").replace("\r", "\n")).translate(_CONTROLS)
    if len(kept) > TEXTE_MAX:
        raise TexteTooLong(signes=len(kept))
    return kept


class Suite(StrEnum):
    """What becomes of a save."""

    WRITE = "write"
    KEPT = "kept"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class NoteStored:
    """A note as the server holds it. `operation_id`: the save that made this revision."""

    revision: int
    operation_id: UUID
    texte: str


def outcome(stored: NoteStored | None, texte: str, revision: int, operation_id: UUID) -> Suite:
    """What to do with a save that was typed over `revision`.

    A text that is already there is acknowledged as it stands, whether it comes by a replay, a second click or another window. An
    operation carries one text: under an id already used, another text is never acknowledged nor written.
    """
    if stored is None:
        return Suite.WRITE
    if stored.texte == texte:
        return Suite.KEPT
    if stored.operation_id == operation_id or stored.revision != revision:
        return Suite.CONFLICT
    return Suite.WRITE


def leaves_trace(traced_at: datetime | None, traced_session: str | None, session: str | None, now: datetime) -> bool:
    """Whether a save opens an editing period. Without session (a command), each save does.

    Source: the product's rule on what makes one trace; closing always leaves its own.
    """
    if traced_at is None or session is None or traced_session != session:
        return True
    return not timedelta() <= now - traced_at < EDITING_PERIOD


# ──── The end of a visit


def check_is_open(closed_at: datetime | None, abandoned_at: datetime | None) -> None:
    """Raises: VisiteAlreadyClosed, VisiteAbandoned."""
    if abandoned_at is not None:
        raise VisiteAbandoned
    if closed_at is not None:
        raise VisiteAlreadyClosed


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the end of a visit fixes. `information`: the text for the worker; None takes it from the notes of its rubrique."""

    information: str | None = None
    orientation_medecin: bool = False
    prochaine_visite_on: date | None = None


def check_may_close(type_: TypeLegal, role: Role, *, is_conductor: bool) -> None:
    """The one who conducts the visit closes it; the médecin du travail may do it for somebody who left.

    Raises: ClotureNotAllowed, TypeNotAllowed.
    """
    if not is_conductor and role is not Role.MDT:
        raise ClotureNotAllowed
    check_may_conduct(type_, role)


def check_conclusion(type_: TypeLegal, role: Role, conclusion: Conclusion, information: str, closed_on: date) -> None:
    """Raises: InformationRequired, OrientationNotAllowed, DateNotAllowed."""
    if not information.strip():
        raise InformationRequired
    if conclusion.orientation_medecin and not may_refer(role):
        raise OrientationNotAllowed
    if conclusion.prochaine_visite_on is not None:
        _check_prochaine(conclusion.prochaine_visite_on, closed_on, type_)


def may_refer(role: Role) -> bool:
    """A visit that the médecin du travail did not conduct may lead to him (R. 4624-13)."""
    return role is not Role.MDT


def _check_prochaine(on: date, closed_on: date, type_: TypeLegal) -> None:
    """A médecin or an infirmier may set a nearer date than the law's, never a later one."""
    # TO CONFIRM (R. 4624-17, R. 4624-28): the longest interval also depends on the regime; until due dates are computed from
    # it, the type's own maximum holds, and five years where the type has none.
    months = type_.interval_max_mois or INTERVAL_MAX_MOIS
    if on <= closed_on:
        raise DateNotAllowed("La prochaine visite vient après celle-ci.")
    if on > add_months(closed_on, months):
        raise DateNotAllowed(f"La prochaine visite a lieu dans les {months} mois au plus ({type_.article}).")


def joined(texts: list[str]) -> str:
    """What several professionals wrote for the worker, as he will read it."""
    return "\n\n".join(text.strip() for text in texts if text.strip())
