"""What the samples of every page share: the frame, the identity banner, names at their longest."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

Model = dict[str, Any]


TODAY = date(2026, 11, 23)


LONG_NAME = "DE LA TOUR D’AUVERGNE LAURAGUAIS-MONTMORENCY"


LONG_FIRST = "MARIE-ANTOINETTE JOSÉPHINE"


LONG_COMPANY = "Société coopérative d’intérêt collectif des chantiers de construction navale de l’estuaire de la Loire"


LONG_JOB = "Conductrice de ligne de conditionnement automatisé en atmosphère contrôlée"


CLOSED = {
    "phrase": "La loi réserve ce volet aux professionnels de santé de l’équipe",
    "article": "R. 4624-45-5",
    "contact": "Pour une information utile à votre étude, écrivez au Dr Vasseur.",
    "pourquoi_url": "403-volet.html",
}


@dataclass(frozen=True)
class Sample:
    """One page to render: a file name, the template, its view-model; a fragment has no frame of its own."""

    name: str
    template: str
    model: Model
    is_fragment: bool = False


def at(hour: int, minute: int, second: int = 0, *, day: date = TODAY) -> datetime:
    """An instant of that day, said in Paris winter time."""
    return datetime(day.year, day.month, day.day, hour - 1, minute, second, tzinfo=UTC)


def frame(current: str = "Ma journée", **changes: object) -> Model:
    others = [("Secteurs", "secteurs.html")] if current == "Secteurs" else []
    nav = [
        {"libelle": libelle, "url": url, "courant": libelle == current, "compte": None}
        for libelle, url in (("Ma journée", "journee.html"), ("Dossiers", "recherche.html"), *others)
    ]
    return {
        "spst": "Santé au travail des Deux-Rives",
        "accueil_url": "journee.html",
        "ici": "ici.html",
        "nav": nav,
        "recherche": {
            "url": "recherche.html",
            "suggestions_url": "/suggestions",
            "libelle": "Rechercher un dossier par nom, prénom ou date de naissance",
            "invite": "Nom ou naissance",
            "valeur": "",
        },
        "moi": {
            "nom": "Dr Claire Vasseur",
            "role": "Médecin du travail",
            "compte_url": "#compte",
            "deconnexion_url": "/deconnexion",
        },
        "session": {"url": "/session", "compte_id": "c-1", "restant_s": 1200, "connexion_url": "choix.html"},
        "messages": [],
        "toast": None,
        "liens": [{"libelle": "Accessibilité", "url": "#accessibilite"}, {"libelle": "Aide", "url": "#aide"}],
        "mention": "Données d’exemple : personnes et entreprises inventées.",
        "zone": "Europe/Paris",
        "aujourd_hui": TODAY,
        "maintenant": at(10, 42),
        **changes,
    }


def outside(**changes: object) -> Model:
    """The frame before anybody is known."""
    return {**frame(""), "spst": None, "nav": [], "recherche": None, "moi": None, "session": None, **changes}


def banner(**changes: object) -> Model:
    return {
        "nom_naissance": "ADRUN",
        "prenom": "ZOÉ",
        "nom_utilise": "LE GALL",
        "prenom_utilise": None,
        "naissance": date(1975, 12, 31),
        "sexe": "F",
        "emploi": "Soudeuse TIG",
        "employeur": "Chantiers de la Brière",
        "suivi": "Renforcé (SIR)",
        "statut_ins": "qualifiee",
        "attributs": [],
        "dossier_url": "dossier.html",
        **changes,
    }


def long_banner() -> Model:
    return banner(
        nom_naissance=LONG_NAME,
        prenom=LONG_FIRST,
        nom_utilise=LONG_NAME,
        prenom_utilise="JOSÉPHINE",
        emploi=LONG_JOB,
        employeur=LONG_COMPANY,
        statut_ins="provisoire",
        attributs=["homonyme", "douteuse", "fictive"],
    )
