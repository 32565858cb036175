"""Samples of the day list and of the search."""

from collections.abc import Iterator
from datetime import date, time

from tests.e2e.samples.common import LONG_COMPANY, LONG_FIRST, LONG_JOB, LONG_NAME, TODAY, Model, Sample, at, frame

OPPOSED = {
    "phrase": "Le salarié s’oppose à l’accès des professionnels placés sous l’autorité du médecin du travail"
    " (R. 4624-45-6, L. 4624-8).",
    "article": "R. 4624-45-6, L. 4624-8",
    "pourquoi_url": "403-volet.html",
}
NOT_FOLLOWED = {
    "phrase": "Vous ne suivez pas ce salarié. Seule son équipe de suivi ouvre son dossier (L. 1110-4 I CSP, R. 4624-45-5).",
    "article": "L. 1110-4 I CSP, R. 4624-45-5",
    "pourquoi_url": "403-volet.html",
}
PORTEE = "Seuls les salariés qui vous sont confiés sont cherchés, hors suivi renforcé (L. 4624-8 al. 3, R. 4623-43)."


def appointment(hour: int, minute: int, etat: str, nom: str, prenom: str, **changes: object) -> Model:
    return {
        "debut": time(hour, minute),
        "duree_min": 30,
        "etat": etat,
        "heure_etat": None,
        "maintenant": False,
        "nom_naissance": nom,
        "prenom": prenom,
        "nom_utilise": None,
        "sexe": "M",
        "age": 52,
        "poste": "cariste",
        "employeur": "Logistique du Sillon",
        "libelle": "Visite à la demande du salarié",
        "avec": None,
        "suivi": "SIA",
        "alertes": [],
        "dossier_url": "dossier.html",
        "ferme": None,
        "visite_url": None,
        "arrivee_url": None,
        "etats": [],
        **changes,
    }


def day(rendez_vous: list[Model], a_traiter: list[Model], **changes: object) -> Model:
    return {
        "jour": TODAY,
        "est_aujourd_hui": True,
        "lieu": "Centre Rive-Sud, cabinet 2",
        "resume": "Deux visites terminées, une personne attend depuis 10:20.",
        "precedent": {"url": "#veille", "jour": date(2026, 11, 20)},
        "suivant": {"url": "#lendemain", "jour": date(2026, 11, 24)},
        "aujourd_hui_url": "journee.html",
        "rendez_vous": rendez_vous,
        "a_traiter": a_traiter,
        **changes,
    }


def ordinary_day() -> Model:
    return day(
        [
            appointment(8, 30, "recu", "LE BRAS", "Yannick"),
            appointment(9, 0, "recu", "OUEDRAOGO", "Aminata", sexe="F", age=34, poste="aide-soignante"),
            appointment(9, 30, "absent", "MARCHETTI", "Luca", age=28, suivi="SIR", libelle="Examen d’aptitude initial"),
            appointment(
                10,
                0,
                "en_examen",
                "ADRUN",
                "Zoé",
                nom_utilise="LE GALL",
                sexe="F",
                age=50,
                duree_min=40,
                maintenant=True,
                poste="soudeuse",
                employeur="Chantiers de la Brière",
                libelle="Examen d’aptitude périodique",
                suivi="SIR",
                visite_url="visite.html",
            ),
            appointment(
                10,
                40,
                "arrive",
                "DURAND",
                "Jean",
                heure_etat=at(10, 20),
                libelle="Visite de reprise, accident du travail",
                suivi="SIS",
                alertes=[{"texte": "Identité à vérifier", "icone": "card"}],
            ),
            appointment(
                11,
                10,
                "convoque",
                "TRAORÉ",
                "Ibrahim",
                arrivee_url="/arrivee",
                etats=[{"libelle": "Absent", "url": "/a"}],
            ),
            appointment(14, 0, "excuse", "NGUYEN", "Thi Mai", sexe="F"),
            appointment(
                14,
                30,
                "convoque",
                "KERVELLA",
                "Maëlys",
                sexe="F",
                suivi=None,
                dossier_url=None,
                ferme=OPPOSED,
                arrivee_url="/arrivee",
                etats=[{"libelle": "Absent", "url": "/a"}],
            ),
        ],
        [
            {"nombre": 1, "titre": "Visite à terminer", "precision": "ouverte vendredi", "url": "visite.html"},
            {"nombre": 2, "titre": "Identités à vérifier", "precision": "pièce à demander", "url": "recherche.html"},
        ],
    )


def long_day() -> Model:
    rows = [
        appointment(
            8 + index // 2,
            30 * (index % 2),
            "convoque",
            LONG_NAME,
            LONG_FIRST,
            nom_utilise=LONG_NAME,
            poste=LONG_JOB,
            employeur=LONG_COMPANY,
            libelle="Examen d’aptitude annuel, catégorie A, rayonnements ionisants",
            alertes=[{"texte": "Identité à vérifier", "icone": "card"}],
            arrivee_url="/arrivee",
        )
        for index in range(16)
    ]
    return day(rows, [], est_aujourd_hui=False, resume=None)


def register_day() -> Model:
    """What an administrative role sees: a person, a slot, a label; no dossier, no reason."""
    rows = [
        appointment(9, 0, "convoque", "LE BRAS", "Yannick", libelle="Visite", suivi=None, dossier_url=None),
        appointment(
            9, 30, "convoque", "TRAORÉ", "Ibrahim", libelle="Visite", suivi=None, dossier_url=None, arrivee_url="/a"
        ),
    ]
    return day(rows, [], resume=None)


def result(index: int, **changes: object) -> Model:
    return {
        "nom_naissance": ("MARTIN", "BERNARD", "LE GOFF", "D’ARTAGNAN DE L’HÉRAULT", LONG_NAME)[index % 5],
        "prenom": ("Camille", "Pierre-Alain", "Zoé", "Ibrahim", LONG_FIRST)[index % 5],
        "nom_utilise": "LE GALL" if index % 3 == 0 else None,
        "sexe": "FM"[index % 2],
        "naissance": date(1961 + index % 40, 1 + index % 12, 1 + index % 28),
        "employeur": (None, "Chantiers de la Brière", LONG_COMPANY)[index % 3],
        "poste": ("Soudeuse TIG", None, LONG_JOB)[index % 3],
        "suivi": ("SIS", "SIA", "SIR", None)[index % 4],
        "statut_ins": ("provisoire", "recuperee", "validee", "qualifiee")[index % 4],
        "attributs": ["homonyme"] if index % 7 == 0 else [],
        "url": "dossier.html",
        "a_un_dossier": True,
        "constituer_url": None,
        "ferme": None,
        **changes,
    }


def search(count: int, total: int, **changes: object) -> Model:
    return {
        "action": "recherche.html",
        "q": "martin",
        "naissance": "",
        "cherche": True,
        "erreur": None,
        "total": total,
        "pages": {"page": 2, "nombre": 10 if total > count else 1, "precedente": "#p1", "suivante": "#p3"},
        "resultats": [result(index) for index in range(count)],
        "portee": None,
        "creer_url": "identite-creation.html",
        **changes,
    }


def desk() -> Iterator[Sample]:
    def page(name: str, template: str, current: str, **model: object) -> Sample:
        return Sample(name, f"espace_pro/{template}.html", {"cadre": frame(current), **model})

    done = frame("Ma journée", toast={"texte": "M. Traoré est arrivé.", "annuler_url": "/annuler"})
    yield page("journee", "journee", "Ma journée", journee=ordinary_day())
    yield page("journee-longue", "journee", "Ma journée", journee=long_day(), cadre=done)
    yield page("journee-vide", "journee", "Ma journée", journee=day([], [], resume=None))
    yield page("journee-registre", "journee", "Ma journée", journee=register_day())
    yield page("recherche", "recherche", "Dossiers", recherche=search(0, 0, q="", cherche=False))
    yield page("recherche-500", "recherche", "Dossiers", recherche=search(50, 500))
    yield page("recherche-vide", "recherche", "Dossiers", recherche=search(0, 0, q="GUILOUX"))
    closed = [
        result(0),
        *(result(i, ferme=OPPOSED if i < 3 else NOT_FOLLOWED, url="salarie.html") for i in range(1, 6)),
    ]
    yield page("recherche-fermes", "recherche", "Dossiers", recherche=search(6, 6, resultats=closed))
    entrusted = search(0, 0, q="GUILOUX", portee=PORTEE, creer_url=None)
    yield page("recherche-confies", "recherche", "Dossiers", recherche=entrusted)
    suggestions = {"q": "mar", "total": 132, "portee": None, "resultats": [result(i) for i in range(6)] + closed[2:4]}
    yield Sample("_suggestions", "espace_pro/_suggestions.html", {"suggestions": suggestions}, is_fragment=True)
    nothing = {"q": "guiloux", "total": 0, "portee": PORTEE, "resultats": []}
    yield Sample("_suggestions-vide", "espace_pro/_suggestions.html", {"suggestions": nothing}, is_fragment=True)
