"""The door of visits: the day, a visit from its start to its addenda, the timeline of a dossier."""

from spst.visites.agenda import agenda, dossier_of_rendez_vous, is_expected, update_rendez_vous
from spst.visites.cloture import abandon_visite, add_addendum, close_visite
from spst.visites.lecture import bandeau, historique, types_open_to, visite, visites_for_worker
from spst.visites.saisie import save_note, start_visite

__all__ = [
    "abandon_visite",
    "add_addendum",
    "agenda",
    "bandeau",
    "close_visite",
    "dossier_of_rendez_vous",
    "historique",
    "is_expected",
    "save_note",
    "start_visite",
    "types_open_to",
    "update_rendez_vous",
    "visite",
    "visites_for_worker",
]
