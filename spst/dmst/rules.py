"""Rules of the dossier: pure functions on values."""

from datetime import date

from spst.dmst.errors import DateNotAllowed, OppositionNotAllowed
from spst.kernel.acteur import Famille

PORTEES = ("mpc", "professionnels", "transfert")
CANAUX = ("remise", "courrier", "portail")
SENS = ("recu", "envoye")
READ_ON_OPENING = ("S1", "S4", "S6", "S7")
"""Sections that this room reads; S2, S3 and S5 belong to the rooms above, S8 to the journal."""


def check_portee(portee: str) -> str:
    """What may be opposed: the médecin praticien correspondant, the professionals under the médecin's authority, a transfer.

    Never one's médecin du travail, nor the constitution of the dossier.
    Source: C. trav. art. R. 4624-45-6, R. 4624-45-8 al. 3.
    Raises: OppositionNotAllowed.
    """
    if portee not in PORTEES:
        raise OppositionNotAllowed
    return portee


def check_past(day: date, today: date) -> date:
    """What is recorded has happened. Raises: DateNotAllowed."""
    if day > today:
        raise DateNotAllowed
    return day


def opens_dossiers(famille: Famille) -> bool:
    """Whether a dossier may open at all to this family of the SPST, so that its lists lead to dossiers and say which are closed.

    Source: C. trav. art. R. 4624-45-5.
    """
    return famille in {Famille.SANTE, Famille.DELEGUE}


def shows_free_text(famille: Famille) -> bool:
    """Whether the free text of professionals is shown as it stands.

    The travailleur is given what is communicable to him: free text may hold information about third parties, and nobody has yet
    looked for it (CSP art. L. 1111-7, R. 4127-45; C. trav. art. R. 4624-45-8).
    """
    # TO CONFIRM (CSP art. L. 1111-7): letters are communicable to him; they wait here until a professional can release each.
    return famille is not Famille.TRAVAILLEUR
