"""Samples of a visit: to open, open, read only, closed."""

from collections.abc import Iterator
from datetime import date

from tests.e2e.samples.common import TODAY, Model, Sample, at, banner, frame, long_banner


def rubrique(code: str, titre: str, texte: str = "", **changes: object) -> Model:
    return {
        "code": code,
        "titre": titre,
        "texte": texte,
        "revision": 3 if texte else 0,
        "enregistre_le": at(10, 42, 7) if texte else None,
        "aide": None,
        "pour_salarie": False,
        "maximum": 20000,
        "erreur": None,
        "precedent": None,
        "autres": [],
        **changes,
    }


NOTES = (
    "Gêne pour suivre une conversation à l’atelier, surtout l’après-midi. Acouphènes brefs en fin de semaine, "
    "pas de vertige. Porte ses bouchons moulés « presque toujours ». Sommeil correct. Ne fume plus depuis mars."
)


def rubriques() -> list[Model]:
    return [
        rubrique(
            "entretien",
            "Entretien",
            NOTES,
            precedent={
                "texte": "Gêne auditive au poste depuis l’été.\nPas d’acouphène. Tabac : 8 par jour.",
                "le": date(2025, 9, 4),
                "auteur": "M. Le Roux",
            },
            autres=[{"auteur": "M. Le Roux", "texte": "Tension 152 / 88 après 5 minutes de repos.", "le": at(9, 58)}],
        ),
        rubrique("poste", "Poste et expositions"),
        rubrique("examen", "Examen clinique"),
        rubrique("suites", "Suites à donner"),
        rubrique("remise", "Information remise au salarié", pour_salarie=True),
    ]


REFUSED: Model = {
    "orienter": True,
    "valeurs": {"prochaine_visite_on": "01012099"},
    "erreurs": {"prochaine_visite_on": "La prochaine visite a lieu dans les 60 mois au plus (R. 4624-16)."},
}


def visit(**changes: object) -> Model:
    return {
        "type": "Examen d’aptitude périodique",
        "le": TODAY,
        "debut": at(10, 2),
        "auteur": "Dr Claire Vasseur",
        "suivi": "Suivi renforcé, agents CMR",
        "dossier_url": "dossier.html",
        "ouverte": True,
        "close_le": None,
        "url": "visite.html",
        "abandonnee_le": None,
        "abandonner_url": "/abandon",
        "abandon_demande": False,
        "perdu": None,
        "autosave_url": "/autosave",
        "enregistrer_url": "/notes",
        "cloturer_url": "/cloture",
        "cloture": {"orienter": False, "valeurs": {}, "erreurs": {}},
        "suites": [],
        "cloture_demandee": False,
        "rubriques": rubriques(),
        "peut_remplir": True,
        "complements": [],
        "completer": None,
        "dernieres": [
            {"le": date(2025, 9, 4), "type": "Intermédiaire", "url": "visite-close.html"},
            {"le": date(2023, 3, 12), "type": "Aptitude périodique", "url": "visite-close.html"},
        ],
        **changes,
    }


def closed_visit() -> Model:
    return visit(
        ouverte=False,
        close_le=at(10, 58),
        abandonner_url=None,
        cloturer_url=None,
        suites=[("Prochaine visite avant le", "23/11/2027")],
        complements=[
            {
                "le": at(16, 5),
                "auteur": "Dr Claire Vasseur",
                "texte": "Audiogramme reçu : perte à 4\u202f000 Hz confirmée.",
            }
        ],
        completer={"url": "/complement", "texte": "", "erreur": None},
    )


def new_visit(**changes: object) -> Model:
    def kind(code: str, libelle: str, consequence: str, ferme: str | None = None) -> Model:
        return {"code": code, "libelle": libelle, "consequence": consequence, "ferme": ferme}

    reserved = "Fermé à votre rôle : réservé au médecin du travail (R. 4624-24)."
    return {
        "action": "/visites",
        "adresse": "visite-nouvelle.html",
        "operation_id": "0198c1f0-0000-7000-8000-000000000001",
        "date": "23/11/2026",
        "erreurs": {},
        "choisi": "VINT",
        "dossier_url": "dossier.html",
        "groupes": [
            {
                "titre": "Suivi initial et périodique",
                "types": [
                    kind("VIPI", "Visite d’information et de prévention initiale", "Attestation de suivi, R. 4624-10."),
                    kind("VINT", "Visite intermédiaire", "Attestation de suivi, R. 4624-28."),
                ],
            },
            {
                "titre": "Reprise",
                "types": [
                    kind("PREP", "Visite de préreprise", "Recommandations, R. 4624-29. Arrêt de plus de 30 jours."),
                    kind("REPR_AT", "Visite de reprise après accident du travail", "Attestation ou avis, R. 4624-31."),
                ],
            },
            {
                "titre": "À la demande",
                "types": [
                    kind("DEM_SAL", "Visite à la demande du travailleur", "Le motif n’est jamais dit à l’employeur."),
                    kind("DEM_EMP", "Visite à la demande de l’employeur", "R. 4624-34."),
                ],
            },
        ],
        "autres": [
            {
                "titre": "Suivi initial et périodique",
                "types": [
                    kind(
                        "VIPP_SIA",
                        "VIP périodique (suivi adapté)",
                        "Pour un autre régime\u00a0: suivi adapté. R. 4624-17.",
                    ),
                    kind("EMAI", "Examen médical d’aptitude initial", "Avis d’aptitude, R. 4624-24.", reserved),
                    kind(
                        "EMAP_A",
                        "Examen d’aptitude annuel, catégorie A, rayonnements ionisants",
                        "Avis d’aptitude, R. 4451-82.",
                        reserved,
                    ),
                ],
            },
        ],
        **changes,
    }


def visites() -> Iterator[Sample]:
    def page(name: str, template: str, **model: object) -> Sample:
        return Sample(name, f"espace_pro/{template}.html", {"cadre": frame("Dossiers"), "bandeau": banner(), **model})

    yield page("visite", "visite", visite=visit())
    yield page("visite-longue", "visite", bandeau=long_banner(), visite=visit(cloture_demandee=True, cloture=REFUSED))
    yield page("visite-lecture", "visite", visite=visit(peut_remplir=False))
    yield page("visite-close", "visite", visite=closed_visit())
    yield page("visite-a-abandonner", "visite", visite=visit(abandon_demande=True))
    abandoned = {"ouverte": False, "abandonnee_le": at(10, 12), "abandonner_url": None, "cloturer_url": None}
    yield page("visite-abandonnee", "visite", visite=visit(perdu="Porte des bouchons.", **abandoned))
    yield page("visite-nouvelle", "visite_nouvelle", nouvelle=new_visit())
    refused = {"type": "Choisissez un type de visite.", "date": "Le mois 13 n’existe pas."}
    yield page(
        "visite-nouvelle-refusee", "visite_nouvelle", nouvelle=new_visit(choisi=None, date="31132026", erreurs=refused)
    )
