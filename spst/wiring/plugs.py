"""Gives lower rooms what only higher rooms know, without either importing the other."""

from spst.comptes.exercice import ExerciceFromTables
from spst.dmst.faits import FaitsFromTables
from spst.dmst.perimetre import TravailleursConfies
from spst.habilitations import services as habilitations
from spst.identite import perimetre


def plug_rooms() -> None:
    """Done once per process, before the first unit of work; doing it again changes nothing."""
    habilitations.plug_facts(FaitsFromTables(), ExerciceFromTables())
    perimetre.plug_perimetre(TravailleursConfies())
