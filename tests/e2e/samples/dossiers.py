"""Samples of the open dossier, its accesses and its identity."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from spst.espace_pro.dossier import Saisie
from spst.habilitations.actions import TITRES
from spst.journal.rules import Acces
from spst.journal.services import FeuilleAcces, SceauVu
from spst.web import qr
from tests.e2e.samples.common import CLOSED, TODAY, Model, Sample, at, banner, frame, long_banner
from tests.e2e.samples.desk import result


def sections(closed: tuple[str, ...] = ()) -> Model:
    readers = {
        "S2": "Lisible aussi par Élise Caradec, IPRP, par délégation jusqu’au 30/06/2027",
        "S8": "Lisible aussi par le salarié, dans son espace",
    }
    return {
        code: {
            "mode": "ferme" if code in closed else ("lire" if code == "S8" else "remplir"),
            "motif": CLOSED if code in closed else None,
            "lecteurs": readers.get(code, "Lisible par les professionnels de santé de l’équipe"),
        }
        for code in (f"S{number}" for number in range(1, 9))
    }


def career() -> Model:
    return {
        "emplois": [
            {
                "poste": "Agente de production",
                "employeur": "Conserverie Morel",
                "debut": date(1994, 9, 1),
                "fin": date(2006, 12, 31),
            },
            {
                "poste": "Soudeuse",
                "employeur": "Ateliers Jaunet",
                "debut": date(2007, 1, 8),
                "fin": date(2019, 3, 31),
            },
            {"poste": "Soudeuse TIG", "employeur": "Chantiers de la Brière", "debut": date(2019, 5, 2), "fin": None},
        ],
        "expositions": [
            {
                "libelle": "Agents cancérogènes, mutagènes ou toxiques pour la reproduction (1A ou 1B)",
                "precision": "fumées de soudage, mesurées en 2021",
                "source": "Mesure d’atmosphère, mai 2021",
                "debut": date(2007, 1, 8),
                "fin": None,
                "cloturer_url": "/exposition",
            },
            {
                "libelle": "Bruit",
                "precision": "plus de 81 dB(A)",
                "source": "Étude de poste, 2023",
                "debut": date(1998, 3, 1),
                "fin": None,
                "cloturer_url": "/exposition",
            },
            {
                "libelle": "Travail de nuit",
                "precision": None,
                "source": "Dit par la salariée",
                "debut": date(1994, 9, 1),
                "fin": date(1999, 6, 30),
                "cloturer_url": None,
            },
        ],
        "ajouter": {
            "url": "/exposition",
            "agents": [("BRUIT", "Bruit"), ("CMR", "Agents cancérogènes")],
            "sources": [("mesure", "Mesure au poste"), ("declare", "Dit par le salarié")],
        },
    }


def visits(count: int) -> list[Model]:
    kinds = ("Examen d’aptitude périodique", "Visite intermédiaire", "Visite de reprise, accident du travail")
    return [
        {
            "le": TODAY - timedelta(days=270 * index),
            "type": kinds[index % 3],
            "auteur": ("Dr Vasseur", "M. Le Roux, infirmier")[index % 2],
            "resume": None if index % 3 == 1 else "Gêne auditive signalée au poste. Texte remis à la salariée.",
            "ouverte": index == 0,
            "depuis": at(10, 2) if index == 0 else None,
            "url": "visite.html" if index == 0 else "visite-close.html",
        }
        for index in range(count)
    ]


def dossier(**changes: object) -> Model:
    return {
        "note": "Dossier ouvert à 9:58. Cet accès est inscrit au journal et visible par Mme Adrun.",
        "saisie_url": None,
        "saisie_de": Saisie().de,
        "titres": TITRES,
        "volets": sections(),
        "identite": {
            "lignes": [
                ("Nom de naissance", "ADRUN"),
                ("Prénoms de naissance", "Zoé"),
                ("Date de naissance", "31/12/1975"),
                ("Lieu de naissance", "Clermont-Ferrand (63113)"),
                ("Sexe", "Féminin"),
                ("Dossier", "D-7F2K-901"),
            ],
            "medecin_traitant": "Dr Nadia Kerhoas",
            "medecin_traitant_url": "/medecin-traitant",
            "modifier_url": "identite-modification.html",
            "historique": [
                {"le": date(2026, 11, 3), "auteur": "Laure Guérin, accueil", "phrase": "Carte d’identité vérifiée."},
                {"le": date(2019, 5, 2), "auteur": "Fichier du personnel", "phrase": "Identité créée."},
            ],
            "activation_url": "/code",
        },
        "parcours": career(),
        "visites": {
            "lignes": visits(5),
            "total": 9,
            "abandonnees": 0,
            "toutes_url": "#toutes",
            "nouvelle_url": "visite-nouvelle.html",
        },
        "courriers": [
            {
                "le": date(2025, 10, 18),
                "titre": "Compte rendu ORL",
                "texte": "Audiogramme stable depuis 2023.",
                "auteur": "Dr Amiel",
            }
        ],
        "courrier_url": "/courrier",
        "remises": [
            {
                "le": date(2025, 9, 4),
                "auteur": "M. Le Roux, infirmier",
                "texte": "Portez vos bouchons moulés toute la journée.\nRevenez me voir si les bourdonnements durent.",
            }
        ],
        "informations": {
            "lignes": [
                {"le": date(2022, 11, 21), "auteur": "Dr Besson", "phrase": "Informée de ses droits, notice remise."}
            ],
            "noter": {"url": "/information", "supports": [("notice", "notice remise"), ("orale", "de vive voix")]},
        },
        "oppositions": {
            "lignes": [
                {
                    "le": date(2024, 2, 2),
                    "phrase": "S’oppose à l’accès du médecin praticien correspondant.",
                    "auteur": "Dr Vasseur",
                    "en_cours": True,
                    "fin": None,
                    "lever_url": "/lever",
                },
                {
                    "le": date(2021, 3, 2),
                    "phrase": "S’oppose au transfert de son dossier.",
                    "auteur": "Dr Besson",
                    "en_cours": False,
                    "fin": date(2022, 1, 5),
                    "lever_url": None,
                },
            ],
            "noter": {
                "url": "/opposition",
                "objets": [
                    {
                        "code": "equipe",
                        "titre": "Accès des professionnels placés sous l’autorité du médecin",
                        "consequence": "Infirmiers, internes et collaborateurs ne liront plus ce dossier.",
                        "ferme": None,
                    },
                    {
                        "code": "mdt",
                        "titre": "Accès du médecin du travail",
                        "consequence": "",
                        "ferme": "Fermé : nul ne peut s’opposer à l’accès du médecin du travail (R. 4624-45-8).",
                    },
                ],
            },
        },
        "acces_url": "acces.html",
        "equipe": [("Médecin", "Dr Claire Vasseur"), ("Infirmier", "Malo Le Roux"), ("IPRP", "Élise Caradec")],
        "equipe_note": {
            "phrase": "Équipe Vasseur suit ce dossier par le secteur de l’établissement.",
            "url": "secteurs.html",
        },
        "deleguer_url": "delegations.html",
        "exceptionnel": None,
        "a_savoir": [
            {
                "ton": "",
                "icone": "lock",
                "titre": "Opposition",
                "phrase": "à l’accès du médecin praticien correspondant depuis février 2024.",
            }
        ],
        **changes,
    }


def long_dossier() -> Model:
    made = dossier()
    return made | {"remises": [{**made["remises"][0], "le": date(2025 - n, 9, 4)} for n in range(5)]}


def empty_dossier() -> Model:
    return dossier(
        parcours={"emplois": [], "expositions": [], "ajouter": None},
        visites={
            "lignes": [],
            "total": 0,
            "abandonnees": 0,
            "toutes_url": None,
            "nouvelle_url": "visite-nouvelle.html",
        },
        remises=[],
        informations={"lignes": [], "noter": None},
        oppositions={"lignes": [], "noter": None},
        equipe=[],
        a_savoir=[],
    )


def dossier_of_delegate() -> Model:
    """What an IPRP with a delegation opens: S1 and S2; the rest stays in its place, hatched."""
    closed = ("S3", "S4", "S5", "S6", "S7", "S8")
    return dossier(
        volets=sections(closed),
        visites=None,
        courriers=None,
        remises=None,
        informations=None,
        oppositions=None,
        acces_url=None,
        a_savoir=[],
    )


def sheet(count: int) -> Model:
    said = (
        "Dr Claire Vasseur, médecin du travail, a ouvert votre dossier pour votre visite.",
        "Élise Caradec, intervenante en prévention des risques professionnels, a voulu ouvrir vos examens. L’accès a été refusé.",
        "Vous avez lu la liste des accès à votre dossier.",
    )
    lines = [
        Acces(
            id=UUID(int=index),
            at=at(10, 41, 52) - timedelta(hours=7 * index),
            qui="Dr Claire Vasseur",
            profession="Médecin du travail",
            acte="Ouvrir le dossier",
            phrase=said[index % 3],
            motif="Visite",
            sections=("S1", "S3"),
            decision="permis",
            is_own=index % 3 == 2,
            volets="identité, visites et santé",
        )
        for index in range(count)
    ]
    note = "traces.spst/0190f3c2\n88412\n" + "A" * 43 + "=\n\n— traces.spst/0190f3c2 " + "B" * 92 + "\n"
    seal = SceauVu(at(10, 40, 3), 88412, "A" * 43 + "=", note, "7bd7c902") if count else None
    return {
        "feuille": FeuilleAcces(tuple(lines), count * 3, count // 3, at(10, 42) - timedelta(days=365), seal),
        "qr": qr.svg(note) if count else None,
        "acces_url": "acces.html",
        "service": "Santé au travail des Deux-Rives",
    }


def accesses(count: int) -> Model:
    return {
        "depuis": date(2025, 11, 23),
        "total": 500 if count else 0,
        "pages": {"page": 1, "nombre": 10 if count else 1, "precedente": None, "suivante": "#p2"},
        "dossier_url": "dossier.html",
        "feuille_url": "acces-feuille.html",
        "lignes": [
            {
                "le": at(10, 41, 52) - timedelta(hours=7 * index),
                "personne": ("Dr Claire Vasseur", "Élise Caradec", "Malo Le Roux")[index % 3],
                "role": (
                    "Médecin du travail",
                    "Intervenante en prévention des risques professionnels",
                    "Infirmier en santé au travail",
                )[index % 3],
                "acte": ("Ouvrir le dossier", "Lire les examens", "Noter une visite")[index % 3],
                "volets": (["S1", "S2", "S3", "S4", "S5", "S6", "S7"], ["S3"], ["S3"])[index % 3],
                "decision": "refuse" if index % 3 == 1 else "permis",
                "regle": "règle 4" if index % 3 == 1 else None,
                "motif": "Suivi du salarié" if index % 3 == 0 else None,
            }
            for index in range(count)
        ],
    }


EMPLOYERS = {"etablissements": [], "contrats": [("CDI", "CDI"), ("interim", "Intérim")]}
STRICT = [("Nom de naissance", "ADRUN"), ("Prénoms de naissance", "ZOE ANNE"), ("Date de naissance", "31/12/1975")]
TYPED = {
    "nom_naissance": "Le Goff",
    "prenoms": "Zoé, Anne",
    "sexe": "F",
    "naissance": "31131975",
    "employeur": "Brière",
    "poste": "Soudeuse TIG",
}


def new_identity(**changes: object) -> Model:
    return {
        "action": "/identites",
        "retour_url": "recherche.html",
        "operation_id": "0190",
        "constitue": True,
        "refus": None,
        "valeurs": {},
        "erreurs": {},
        **EMPLOYERS,
        **changes,
    }


def refused_identity() -> Model:
    return new_identity(
        constitue=False,
        valeurs=TYPED,
        erreurs={
            "naissance": "Le mois 13 n’existe pas. Écrivez jour, mois, année.",
            "employeur": "Plusieurs établissements correspondent. Choisissez dans la liste qui suit.",
        },
        etablissements=[("1", "Chantiers de la Brière, Trignac, SIRET 73282932000074"), ("2", "Brière Énergies")],
    )


def compared(close: int) -> Model:
    someone = {"prenoms": "ZOE ANNE", "nom_utilise": "LE FLOC’H"}
    return {
        "action": "/identites",
        "champs": list(TYPED.items()),
        "traits": [
            {"libelle": "Nom de naissance", "garde": "LE GOFF", "saisi": "Le Goff"},
            {"libelle": "Prénoms de naissance", "garde": "ZOE ANNE", "saisi": "Zoé, Anne"},
            {"libelle": "Date de naissance", "garde": "31/12/1975", "saisi": None},
        ],
        "employeur": "Chantiers de la Brière, Trignac, SIRET 73282932000074",
        "poste": "Soudeuse TIG",
        "proches": [{**result(index), **someone, "url": "salarie.html"} for index in range(close)],
    }


def register_sheet(**changes: object) -> Model:
    job = {"employeur": "Chantiers de la Brière", "commune": "Trignac", "type": "CDI", "debut": date(2012, 9, 3)}
    return {
        "nom_naissance": "ADRUN",
        "prenom": "ZOE",
        "statut_ins": "provisoire",
        "traits": STRICT,
        "usage": [("Téléphone", "0612345678"), ("Adresse", None)],
        "emplois": [
            {**job, "poste": "Soudeuse TIG", "fin": None, "etat": None, "fin_url": "/fin"},
            {**job, "poste": "Aide-soudeuse", "fin": date(2019, 6, 30), "etat": "Terminé", "fin_url": None},
        ],
        "modifier_url": "identite-modification.html",
        "a_un_dossier": False,
        "dossier_url": None,
        "constituer": {"url": "/dossier", "equipes": [("1", "Équipe Vasseur")], "equipe": "1"},
        "refus": None,
        "erreurs": {},
        **changes,
    }


def register_changes() -> Model:
    return register_sheet(
        retour="Revenir au dossier",
        retour_url="dossier.html",
        contact={"action": "/modifier", "valeurs": {"telephone": "12"}, "erreurs": {"telephone": "Trop court."}},
        emploi={"action": "/emplois", "operation_id": "0190", "valeurs": {}, "erreurs": {}, **EMPLOYERS},
        fin={"url": "/fin", "valeurs": {"fin": "hier"}, "erreurs": {"fin": "Écrivez jour, mois, année."}},
    )


def dossiers() -> Iterator[Sample]:
    def page(name: str, template: str, **model: object) -> Sample:
        return Sample(name, f"espace_pro/{template}.html", {"cadre": frame("Dossiers"), "bandeau": banner(), **model})

    yield page("dossier", "dossier", dossier=dossier())
    yield page("dossier-long", "dossier", bandeau=long_banner(), dossier=long_dossier())
    yield page("dossier-vide", "dossier", dossier=empty_dossier())
    yield page("dossier-delegue", "dossier", dossier=dossier_of_delegate())
    yield page("acces", "acces", acces=accesses(50))
    yield page("acces-vide", "acces", acces=accesses(0))
    yield page("acces-feuille", "acces_feuille", acces=sheet(40))
    yield page("acces-feuille-vide", "acces_feuille", acces=sheet(0))
    yield page("identite-creation", "salarie_nouveau", nouveau=new_identity())
    yield page("identite-refusee", "salarie_nouveau", nouveau=refused_identity())
    yield page("identite-comparee", "salarie_verifier", verifier=compared(0))
    yield page("identite-proche", "salarie_verifier", verifier=compared(2))
    yield page("salarie", "salarie", fiche=register_sheet())
    article = "R. 4624-45-6, R. 4624-45-8 al. 3"
    phrase = f"Le salarié réserve son dossier au médecin du travail ({article})."
    ferme = {"phrase": phrase, "article": article, "pourquoi_url": "403-volet.html"}
    closed = register_sheet(constituer=None, a_un_dossier=True, dossier_url=None, ferme=ferme)
    yield page("salarie-ferme", "salarie", fiche=closed)
    yield page("salarie-registre", "salarie", fiche=register_sheet(constituer=None, emplois=[], usage=[]))
    yield page("identite-modification", "salarie_modifier", fiche=register_changes())
