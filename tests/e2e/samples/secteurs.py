"""Samples of the sectors: what is left to place, one sector, and the choice of where to."""

from collections.abc import Iterator
from datetime import date

from tests.e2e.samples.common import LONG_COMPANY, Model, Sample, frame

_NAMES = ("Chantiers de la Brière", "Résidence des Tilleuls", LONG_COMPANY, "Fournil Kerhoas & Fils")


def establishment(rank: int, **changes: object) -> Model:
    return {
        "id": f"e-{rank}",
        "nom": _NAMES[rank % 4],
        "commune": ("Saint-Nazaire", "Guérande", None)[rank % 3],
        "siret": "73282932000074",
        "salaries": (12, 1, 1204, 0)[rank % 4],
        "secteur": None,
        "depuis": None,
        **changes,
    }


def placed(rank: int) -> Model:
    return establishment(rank, secteur="Littoral" if rank % 2 else "Secteur nord", depuis=date(2024, 3, 4 + rank % 20))


def table(lines: list[Model], total: int | None = None) -> Model:
    return {
        "lignes": lines,
        "total": total or len(lines),
        "pages": {"page": 1, "nombre": 3 if total else 1, "precedente": None, "suivante": "#p2" if total else None},
        "choix_url": "/choix",
        "retour": "/secteurs",
        "tous": ",".join(str(line["id"]) for line in lines),
    }


SECTORS: list[Model] = [
    {"nom": "Littoral", "equipes": "Équipe Vasseur, Équipe Besson", "nombre": 148, "url": "secteur.html"},
    {"nom": "Secteur nord", "equipes": "Équipe Nord", "nombre": 1, "url": "secteur.html"},
    {"nom": "Chantiers de l’estuaire, rive sud", "equipes": None, "nombre": 0, "url": "secteur-vide.html"},
]


def index(titre: str, liste: Model, **changes: object) -> Model:
    return {
        "titre": titre,
        "secteurs": SECTORS,
        "recherche_url": "/recherche",
        "saisie": "",
        "q": "",
        "erreur": None,
        "tous_url": None,
        "liste": liste,
        **changes,
    }


def choice(lines: list[Model], those: str, **changes: object) -> Model:
    return {
        "action": "/rattachement",
        "titre": f"Dans quel secteur rattacher {those}\u202f?",
        "lignes": lines,
        "retour": "secteurs.html",
        "choix": [
            {
                "code": "1",
                "titre": "Littoral",
                "consequence": f"Équipe Vasseur et Équipe Besson suivront 12 salariés de {those}.",
                "ferme": None,
            },
            {
                "code": "2",
                "titre": "Secteur nord",
                "consequence": "",
                "ferme": "Cet établissement y est déjà.",
            },
            {
                "code": "3",
                "titre": "Chantiers de l’estuaire, rive sud",
                "consequence": f"Ce secteur n’a pas d’équipe\u202f: personne ne suivra 12 salariés de {those}.",
                "ferme": None,
            },
        ],
        "choisi": "1",
        "exceptionnel": {"jusqu_a": None, "url": "#exceptionnel"},
        "a_savoir": [
            f"4 salariés de {those} ont un dossier confié à une équipe\u202f: leur suivi ne change pas.",
            "Les équipes du secteur quitté cessent aussitôt de lire les dossiers qu’elles ne suivaient que par lui.",
        ],
        "erreurs": {},
        **changes,
    }


def secteurs() -> Iterator[Sample]:
    def page(name: str, template: str, cadre: Model | None = None, **model: object) -> Sample:
        return Sample(name, f"espace_pro/{template}.html", {"cadre": cadre or frame("Secteurs"), **model})

    done = frame("Secteurs", toast={"texte": "3 établissements sont rattachés (Littoral).", "annuler_url": "/a"})
    some = index("4 établissements n’ont pas de secteur", table([establishment(n) for n in range(4)]))
    yield page("secteurs", "secteurs", secteurs=some)
    many = index("120 établissements n’ont pas de secteur", table([establishment(n) for n in range(50)], 120))
    yield page("secteurs-120", "secteurs", done, secteurs=many)
    yield page("secteurs-ranges", "secteurs", secteurs=index("Tous les établissements ont un secteur", table([])))
    found = {"q": "bri", "saisie": "bri", "tous_url": "secteurs.html"}
    lines = [placed(0), placed(1), establishment(2)]
    yield page("secteurs-trouves", "secteurs", secteurs=index(some["titre"], table(lines), **found))
    nothing = index(
        some["titre"], table([]), **found, erreur="Plus de 20 établissements correspondent. Précisez le nom."
    )
    yield page("secteurs-introuvable", "secteurs", secteurs=nothing)
    none = index("Tous les établissements ont un secteur", table([]), secteurs=[])
    yield page("secteurs-aucun", "secteurs", secteurs=none)
    one: Model = {"nom": "Littoral", "equipes": "Équipe Vasseur, Équipe Besson", "retour_url": "secteurs.html"}
    yield page("secteur", "secteur", secteur={**one, "liste": table([placed(2 * n + 1) for n in range(50)], 148)})
    yield page("secteur-vide", "secteur", secteur={**one, "equipes": None, "liste": table([])})
    yield page("secteur-choix", "secteur_choix", choix=choice([placed(0)], "cet établissement"))
    refused = {"secteur": "Choisissez un secteur."}
    several = [placed(0), placed(1), establishment(2)]
    long = choice(several, "ces 3 établissements", erreurs=refused, choisi="")
    yield page("secteur-choix-refuse", "secteur_choix", choix=long)
