"""Samples of the direction's pages."""

from collections.abc import Iterator

from spst.habilitations import politique as politiques
from spst.habilitations.actions import TITRES
from spst.pilotage import politique
from spst.pilotage.politique import Case, LigneMatrice
from tests.e2e.samples.common import Model, Sample, at, frame

DIRECTION = ("Pilotage", "Journal des accès", "Comptes", "Politique")


def pilotage() -> Iterator[Sample]:
    yield Sample("politique", "pilotage/politique.html", {"cadre": of_direction("Politique"), "politique": policy()})
    published = policy(version="12-eadf994b", numero=12, publiee_le=at(10, 42))
    yield Sample(
        "politique-publiee", "pilotage/politique.html", {"cadre": of_direction("Politique"), "politique": published}
    )


def of_direction(current: str) -> Model:
    nav = [{"libelle": name, "url": "#", "courant": name == current, "compte": None} for name in DIRECTION]
    me = {
        "nom": "Mme Agnès Pradel-Test",
        "role": "Direction",
        "compte_url": "#compte",
        "deconnexion_url": "/deconnexion",
    }
    return frame("", nav=nav, recherche=None, moi=me)


def policy(**changes: object) -> Model:
    return {
        "version": "0-eadf994b",
        "publiee_le": None,
        "colonnes": politique.COLONNES,
        "lignes": [LigneMatrice(code, titre, tuple(_cells(rank))) for rank, (code, titre) in enumerate(TITRES.items())],
        "legales": [{"code": code, "contenu": titre, "article": "R. 4624-45-4"} for code, titre in TITRES.items()],
        "regles": politique.regles(politiques.ceiling_alone()),
        "numero": 0,
        "reglages": {"inactivite_min": 15, "motifs": []},
        "brouillon": None,
        "prepare": True,
        **changes,
    }


def _cells(rank: int) -> Iterator[Case]:
    kinds = (
        Case("remplir"),
        Case("lire", precision="sans contenu"),
        Case("ferme", article="R-001"),
        Case("loi", article="R. 4624-45-5"),
    )
    for column, (role, _, _) in enumerate(politique.COLONNES):
        case = kinds[(rank + column) % len(kinds)]
        yield Case(case.etat, case.article, case.precision, role.label)
