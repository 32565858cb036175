"""The door of the dossier: opening it, and what is written in it outside of visits and exposures."""

from spst.dmst.actes import (
    add_courrier,
    create_dossier,
    equipes,
    give_information,
    issue_code,
    record_opposition,
    set_medecin_traitant,
    withdraw_opposition,
)
from spst.dmst.entetes import Header, add_header, header
from spst.dmst.listes import dossiers_of, droits_of, entete, titulaire
from spst.dmst.ouverture import medecins_of, open_dossier, sections
from spst.dmst.perimetre import travailleurs_confies
from spst.dmst.suivi_queries import confies_par_etablissement, equipes_du_secteur
from spst.dmst.vues import DossierVu, EnTete, EquipeVue, Fermeture, SectionLegale, SectionVue

__all__ = [
    "DossierVu",
    "EnTete",
    "EquipeVue",
    "Fermeture",
    "Header",
    "SectionLegale",
    "SectionVue",
    "add_courrier",
    "add_header",
    "confies_par_etablissement",
    "create_dossier",
    "dossiers_of",
    "droits_of",
    "entete",
    "equipes",
    "equipes_du_secteur",
    "give_information",
    "header",
    "issue_code",
    "medecins_of",
    "open_dossier",
    "record_opposition",
    "sections",
    "set_medecin_traitant",
    "titulaire",
    "travailleurs_confies",
    "withdraw_opposition",
]
