"""What the tests of the dossier do before they look: open it, fill every section, register somebody."""

from datetime import date
from typing import Any
from uuid import UUID

from spst.dmst import services as dmst
from spst.expositions import services as expositions
from spst.identite import services as identite
from spst.kernel.acteur import Acteur, Role
from tests.factories.monde import Monde, Personne, Spst

LETTER: dict[str, Any] = {
    "sens": "recu",
    "date_courrier": date(2024, 5, 2),
    "correspondant": "Dr Lemoine, pneumologue",
    "objet": "Exploration fonctionnelle",
    "texte": "Canari des courriers\u00a0: VEMS à 82\u00a0%.",
}


def open_(
    monde: Monde, acteur: Acteur | None = None, personne: Personne | None = None, spst: Spst | None = None
) -> Any:
    who = personne or monde.a.zoe
    own = who.dossier_id if acteur is who.acteur else None
    with monde.work(acteur or monde.a.medecin, spst, dossier_id=own) as ctx:
        return dmst.open_dossier(ctx, who.dossier_id)


def write_everything(monde: Monde) -> None:
    dossier_id = monde.a.zoe.dossier_id
    with monde.work(monde.a.medecin) as ctx:
        identite.set_matricule(ctx, dossier_id, "275126322074974", "1.2.250.1.213.1.4.8")
        dmst.set_medecin_traitant(ctx, dossier_id, nom="Dr Anne Canari-Traitant", contact="04 78 00 00 00")
        dmst.add_courrier(ctx, dossier_id, **LETTER)
        dmst.give_information(
            ctx, dossier_id, notice_version="2026-01", canal="remise", precision="Canari de l’information"
        )
        dmst.record_opposition(ctx, dossier_id, portee="transfert", precision="Canari de l’opposition")
        expositions.add_exposition(
            ctx,
            dossier_id,
            code="AMIANTE",
            starts_on=date(2010, 1, 1),
            source="declare",
            commentaire="Canari de l’exposition",
        )


def register(monde: Monde, spst: Spst | None = None) -> UUID:
    with monde.work((spst or monde.a)[Role.ADM], spst) as ctx:
        return identite.create_travailleur(
            ctx, nom_naissance="Nouveau", prenoms="Léa", date_naissance=date(1999, 9, 9), sexe="F"
        )
