"""What an action of the registry is, and the words that every entry is made of: sections, domains, modes."""

from dataclasses import dataclass
from enum import StrEnum

SECTIONS = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8")
"""Sections of the DMST: R. 4624-45-4 1° to 7°, then its traces (R. 4624-45-5 al. 4)."""

TITRES = {
    "S1": "Identité",
    "S2": "Emplois et expositions",
    "S3": "Visites et santé",
    "S4": "Courriers",
    "S5": "Remis au salarié",
    "S6": "Information sur les droits",
    "S7": "Oppositions et consentements",
    "S8": "Journal des accès",
}
"""Names of the sections on every screen: the dossier, the policy, the journal, the worker's list."""

INSPECTION = SECTIONS[:5]
"""What the médecin inspecteur du travail may be sent (L. 4624-8 al. 1)."""

DOMAINES = ("registre", "comptes", "journal", "pilotage", "protocoles", "portail", "systeme")
"""What lies outside of the DMST."""


class Mode(StrEnum):
    CONSULTER = "consulter"
    REMPLIR = "remplir"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody may do.

    `label`: as the journal writes it. `sentence`: as the worker reads it, after the name of whoever did it (for the acts of
    the portal, after "Vous"); `attempt`: after "a voulu", when it was refused. `each`: sections are decided one by one, and
    the act is open as soon as one of them is.
    `facts`: names of the counts and kinds that its trace may carry beside ids.
    """

    name: str
    mode: Mode
    label: str
    sentence: str
    attempt: str = ""
    sections: tuple[str, ...] = ()
    domaine: str | None = None
    each: bool = False
    facts: frozenset[str] = frozenset()

    @property
    def targets(self) -> tuple[str, ...]:
        """What the policies are asked about: sections of the dossier, or the one domain."""
        return self.sections if self.domaine is None else (self.domaine,)
