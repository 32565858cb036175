"""Delegations of the médecin du travail: when one is in force, and what it opens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from spst.kernel.acteur import Role

REPLACING = frozenset({Role.MDT, Role.COLL, Role.INT})
"""Who may stand in for an absent médecin du travail: another, a collaborateur, a licensed interne (R. 4623-15, R. 4623-28)."""

DELEGABLE = frozenset({"S1", "S2"})
"""Only 1° and 2° of R. 4624-45-4 can be delegated (R. 4624-45-5 al. 2)."""


@dataclass(frozen=True, slots=True)
class PorteeDelegation:
    """What a delegation covers. `dossier_id` None: every travailleur that the delegate follows.

    In force from `starts_on` included to `ends_on` excluded, unless revoked before. Instants in UTC.
    """

    sections: frozenset[str]
    starts_on: datetime
    ends_on: datetime
    dossier_id: UUID | None = None
    revoked_at: datetime | None = None
    actes: frozenset[str] | None = None
    """Groups of acts that it gives (`ACTES`); None: all those of its sections."""


@dataclass(frozen=True, slots=True)
class GroupeActes:
    """Acts that are delegated together. `section`: which must be delegated; None for what stands outside of the dossier."""

    label: str
    section: str | None
    modes: frozenset[str]
    actes: frozenset[str]


ACTES = {
    "lire": GroupeActes(
        "Lire les volets délégués",
        None,
        frozenset({"consulter"}),
        frozenset({"dossier.open", "identite.consult", "exposition.consult"}),
    ),
    "identite": GroupeActes(
        "Compléter l’identité, vérifier une pièce, appeler INSi",
        "S1",
        frozenset({"remplir"}),
        frozenset({"identite.update", "identite.verify", "insi.call", "code_activation.issue"}),
    ),
    "enregistrement": GroupeActes(
        "Inscrire un salarié au registre", "S1", frozenset(), frozenset({"identite.register"})
    ),
    "parcours": GroupeActes(
        "Compléter les emplois et les expositions",
        "S2",
        frozenset({"remplir"}),
        frozenset({"emploi.add", "exposition.add", "exposition.close"}),
    ),
}
"""What a médecin may delegate, by groups of acts of the registry (R. 4624-45-5 al. 2)."""


def given_sections(delegation: PorteeDelegation, question: str) -> frozenset[str]:
    """Sections in which a delegation gives an act; or, for a mode, some act of that mode."""
    if delegation.actes is None:
        return delegation.sections
    groupes = [one for one in map(ACTES.__getitem__, delegation.actes) if question in one.actes | one.modes]
    whole = any(one.section is None for one in groupes)
    return delegation.sections if whole else delegation.sections.intersection(one.section or "" for one in groupes)


def encloses(wide: PorteeDelegation, narrow: PorteeDelegation) -> bool:
    """Whether one gives, wherever both stand, all that the other gives."""
    everything = frozenset(ACTES)
    return narrow.sections <= wide.sections and (narrow.actes or everything) <= (wide.actes or everything)


def meet(one: PorteeDelegation, other: PorteeDelegation) -> bool:
    """Whether some instant and some dossier stand under both."""
    same = one.dossier_id == other.dossier_id or None in (one.dossier_id, other.dossier_id)
    return same and one.starts_on < other.ends_on and other.starts_on < one.ends_on


def is_in_force(delegation: PorteeDelegation, at: datetime) -> bool:
    if delegation.revoked_at is not None and delegation.revoked_at <= at:
        return False
    return delegation.starts_on <= at < delegation.ends_on


def covers(delegation: PorteeDelegation, dossier_id: UUID | None) -> bool:
    """A delegation for one dossier covers that one; no dossier yet (registration) asks for a general delegation."""
    return delegation.dossier_id is None or delegation.dossier_id == dossier_id


def delegated_sections(
    delegations: Iterable[PorteeDelegation], dossier_id: UUID | None, at: datetime
) -> frozenset[str]:
    """Sections opened at an instant on a dossier by the delegations of one delegate.

    Source: C. trav. art. R. 4624-45-5 al. 2.
    """
    opened = (d.sections for d in delegations if is_in_force(d, at) and covers(d, dossier_id))
    return DELEGABLE.intersection(frozenset().union(*opened))
