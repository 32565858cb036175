"""What a proof of Pro Santé Connect supports, and how long a session lives. Pure functions.

Pro Santé Connect says who somebody is and what he is registered for; the SPST says what he does there. A log-in opens a role
only where both stand. Sources: identity_security 1.5 and 1.6 (codes), C. trav. L. 4624-8 and R. 4623-25 to R. 4623-44 (roles).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from spst.kernel.acteur import Role

MEDECIN, INFIRMIER = "10", "60"
ASSISTANT_SOCIAL, PSYCHOLOGUE, PSYCHOTHERAPEUTE, ERGOTHERAPEUTE = "41", "93", "72", "94"
PAR_SON_ROLE = "99"
"""« Acteur caractérisé par son rôle »: registered by his employer (RPPS+), without a regulated profession."""

ETUDIANT = "E"
MEDECINE_DU_TRAVAIL = frozenset({"SM25", "SCH35", "C41", "CAPA11"})
"""Spécialité, concours hospitalier, compétence, capacité (TRE_R38); never SM26, general medicine."""
FONCTION_MEDECIN_DU_TRAVAIL, FONCTION_INTERNE = "FON-29", "FON-48"

_BY_PROFESSION = {
    Role.INF: frozenset({INFIRMIER}),
    # TO CONFIRM (ANS): no public code tells an infirmier en pratique avancée apart in the proof; the SPST's grant does.
    Role.IPA: frozenset({INFIRMIER}),
    Role.IPRP: frozenset({PAR_SON_ROLE}),
    Role.ASST: frozenset({PAR_SON_ROLE}),
    Role.ADM: frozenset({PAR_SON_ROLE}),
    Role.ASS: frozenset({ASSISTANT_SOCIAL}),
    Role.PRO: frozenset({PSYCHOLOGUE, PSYCHOTHERAPEUTE, ERGOTHERAPEUTE, PAR_SON_ROLE}),
}
_ATTESTABLE = {
    Role.IPRP: frozenset({ASSISTANT_SOCIAL, PSYCHOLOGUE, PSYCHOTHERAPEUTE, ERGOTHERAPEUTE, PAR_SON_ROLE}),
    Role.ASST: frozenset({ASSISTANT_SOCIAL, PAR_SON_ROLE}),
}
_WITHOUT_PROFESSION = frozenset({Role.DIR, Role.DPO, Role.AUD})
LOCAL_PATH = _WITHOUT_PROFESSION | {Role.IPRP, Role.ASST, Role.ADM, Role.ASS, Role.PRO}
"""Roles that the second path may open; a health professional comes by Pro Santé Connect alone (R. 4624-45-5)."""


@dataclass(frozen=True, slots=True)
class Activite:
    """A situation d'exercice: where somebody works. Identifiers are empty when unknown."""

    siret: str = ""
    siren: str = ""
    finess: str = ""
    secteur: str = ""
    fonction: str = ""
    libelle: str = ""

    @property
    def cle(self) -> str:
        """What the choice is remembered by, and what traces carry."""
        return self.siret or self.finess or self.siren


@dataclass(frozen=True, slots=True)
class Exercice:
    """A profession and savoir-faire, with the activities declared under it."""

    profession: str
    categorie: str = ""
    savoir_faire: str = ""
    activites: tuple[Activite, ...] = ()


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a proof says of a professional; it holds no name."""

    exercices: tuple[Exercice, ...] = ()

    @property
    def activites(self) -> tuple[Activite, ...]:
        """Each once: the same activity may be repeated under several exercices."""
        return tuple(dict.fromkeys(a for exercice in self.exercices for a in exercice.activites))


@dataclass(frozen=True, slots=True)
class Structures:
    """How the establishments of an SPST are known outside of it."""

    siren: str
    sirets: frozenset[str] = frozenset()
    finess: frozenset[str] = frozenset()

    def include(self, activite: Activite) -> bool:
        return (
            activite.siret in self.sirets
            or (activite.siren or activite.siret[:9]) == self.siren
            or (bool(activite.finess) and activite.finess in self.finess)
        )


@dataclass(frozen=True, slots=True)
class Octroi:
    """A role as the SPST granted it. `hors_structure`: it vouches for somebody declared elsewhere, or late.

    `atteste`: it recorded the legal route by which the role stands though the proof alone does not show it.
    """

    role: Role
    hors_structure: bool = False
    atteste: bool = False


def situations(attestation: Attestation, octroi: Octroi, structures: Structures) -> tuple[Activite | None, ...]:
    """The situations d'exercice under which a proof supports a granted role, each once; empty when it supports it nowhere.

    None stands for the exception `hors_structure`, when no declared activity is in the SPST.
    """
    found = tuple(dict.fromkeys(_supported(attestation, octroi, structures)))
    if found or not octroi.hors_structure:
        return found
    bare = Activite()
    return (None,) if any(_supports(octroi, exercice, bare) for exercice in attestation.exercices) else ()


def _supported(attestation: Attestation, octroi: Octroi, structures: Structures) -> Iterator[Activite]:
    for exercice in attestation.exercices:
        for activite in exercice.activites:
            if structures.include(activite) and _supports(octroi, exercice, activite):
                yield activite


def _supports(octroi: Octroi, exercice: Exercice, activite: Activite) -> bool:
    if octroi.role in _WITHOUT_PROFESSION:
        return True
    if exercice.profession == MEDECIN:
        return _supports_medecin(octroi, exercice, activite)
    accepted = _BY_PROFESSION.get(octroi.role, frozenset())
    if octroi.atteste:
        accepted |= _ATTESTABLE.get(octroi.role, frozenset())
    return exercice.profession in accepted


def _supports_medecin(octroi: Octroi, exercice: Exercice, activite: Activite) -> bool:
    in_training = exercice.categorie == ETUDIANT or activite.fonction == FONCTION_INTERNE
    if octroi.role is Role.INT:
        return in_training
    if in_training:
        return False
    if octroi.role is Role.MDT:
        qualified = exercice.savoir_faire in MEDECINE_DU_TRAVAIL or activite.fonction == FONCTION_MEDECIN_DU_TRAVAIL
        return qualified or octroi.atteste
    return octroi.role in {Role.COLL, Role.MPC}


def is_in_force(starts_at: datetime, ends_at: datetime | None, revoked_at: datetime | None, now: datetime) -> bool:
    """Whether a grant stands at an instant: from its start included to its end excluded, unless revoked."""
    return starts_at <= now and (ends_at is None or now < ends_at) and (revoked_at is None or now < revoked_at)


@dataclass(frozen=True, slots=True)
class LimitesSession:
    """`inactivite`: without an act of the user. `absolue`: since the log-in, whatever is done."""

    inactivite: timedelta
    absolue: timedelta


LIMITES = {
    "pro": LimitesSession(timedelta(minutes=15), timedelta(hours=4)),
    "portail": LimitesSession(timedelta(minutes=10), timedelta(hours=1)),
}
"""PSC keeps its own session four hours at most; posts are shared (identity_security 1.4, 2.4 rule 8)."""
AVANT_CONNEXION = timedelta(minutes=30)
"""A session of nobody: a log-in under way."""
MARQUE = timedelta(minutes=1)
"""The last act is written down at most this often."""


def ends_at(espace: str, last_seen_at: datetime, expires_at: datetime, inactivite_min: int | None = None) -> datetime:
    """When a session ends if nothing more is done. `inactivite_min`: the limit of the SPST, instead of the product's."""
    idle = LIMITES[espace].inactivite if inactivite_min is None else timedelta(minutes=inactivite_min)
    return min(last_seen_at + idle, expires_at)


def earliest(instants: Iterable[datetime | None]) -> datetime:
    return min(instant for instant in instants if instant is not None)
