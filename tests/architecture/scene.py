"""What the walks over every route share: a scene in SPST A, the addresses and the forms of the routes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from spst.comptes.models import Habilitation, RoleDemande
from spst.dmst.models import Entete
from spst.habilitations import choix as choices
from spst.habilitations.choix import Choix
from spst.habilitations.models import PolitiqueBrouillon
from spst.journal import rules as journal
from spst.kernel.acteur import Acteur, Famille, Role
from spst.kernel.ids import new_id
from spst.tenants.models import Secteur
from spst.visites.models import RendezVous, Visite
from spst.web.guards import PUBLIC
from tests.factories.monde import LONG_AGO, Monde
from tests.factories.site import ORIGIN, SCREEN

LOG_OUT = "POST /deconnexion"

Route = tuple[Rule, str, str]
"""Rule, method, action."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the routes are tried on: a visit under way and a closed one of the actor, an appointment, an account."""

    monde: Monde
    acteur: Acteur
    ouverte: UUID
    fermee: UUID
    par_erreur: UUID
    rendez_vous: UUID
    habilitation: UUID
    demande: UUID
    voisin: UUID
    """A sector that nobody follows."""


Asked = tuple[str, dict[str, str]]


def _visite(scene: Scene, name: str) -> str:
    return str({"complements": scene.fermee, "abandon": scene.par_erreur}.get(name, scene.ouverte))


IDENTITE = {
    "nom_naissance": "Kerbrat",
    "prenoms": "Maëlys Anne",
    "naissance": "14/07/1990",
    "sexe": "F",
    "lieu": "29019",
    "employeur": "73282932000074",
    "poste": "Magasinière",
    "type": "CDI",
    "debut": "01/09/2026",
}

MOYEN = {"nature": "cpe", "reference": "8012", "service": "Accueil", "porteur": "", "echeance": ""}

FORMS: dict[str, Callable[[Scene], dict[str, str]]] = {
    "POST /recherche": lambda s: {"q": "adrun"},
    "POST /recherche/suggestions": lambda s: {"q": "adrun"},
    "POST /dossiers/<uuid:dossier_id>/visites": lambda s: {
        "type": "DEM_MDT",
        "date": _today(),
        "operation_id": str(uuid4()),
    },
    "POST /visites/<uuid:visite_id>/notes": lambda s: {
        "texte.information": "Portez vos bouchons moulés.",
        "revision.information": "0",
    },
    "POST /visites/<uuid:visite_id>/cloture": lambda s: {"confirme": "oui"},
    "POST /visites/<uuid:visite_id>/complements": lambda s: {"texte": "Résultat reçu ce jour."},
    "POST /rendez-vous/<uuid:rendez_vous_id>/statut": lambda s: {"statut": "arrive"},
    "POST /dossiers/<uuid:dossier_id>/medecin-traitant": lambda s: {"nom": "Dr Kerhoas", "contact": "02 40 00 00 00"},
    "POST /dossiers/<uuid:dossier_id>/courriers": lambda s: {
        "sens": "recu",
        "date_courrier": _today(),
        "correspondant": "Dr Amiel",
        "objet": "Avis ORL",
        "texte": "Cher confrère",
    },
    "POST /dossiers/<uuid:dossier_id>/informations": lambda s: {"support": "remise"},
    "POST /dossiers/<uuid:dossier_id>/oppositions": lambda s: {"objet": "transfert"},
    "POST /dossiers/<uuid:dossier_id>/expositions": lambda s: {
        "agent": "BRUIT",
        "debut": "01/01/2020",
        "source": "declare",
    },
    "POST /dossiers/<uuid:dossier_id>/expositions/<uuid:exposition_id>/fin": lambda s: {"fin": _today()},
    "POST /salaries/nouveau": lambda s: IDENTITE | {"operation_id": str(new_id()), "etape": "creer"},
    "POST /salaries/<uuid:travailleur_id>/modifier": lambda s: {
        **dict.fromkeys(("nom_utilise", "prenom_utilise", "email", "adresse"), ""),
        "telephone": "0612345678",
    },
    "POST /salaries/<uuid:travailleur_id>/emplois": lambda s: {
        "employeur": "Chantiers de la Brière",
        "poste": "Cariste",
        "type": "CDD",
        "debut": _today(),
        "operation_id": str(new_id()),
    },
    "POST /salaries/<uuid:travailleur_id>/emplois/<uuid:contrat_id>/fin": lambda s: {"fin": _today()},
    "POST /salaries/<uuid:travailleur_id>/dossier": lambda s: {"equipe": str(s.monde.a.equipe_id)},
    "POST /secteurs/recherche": lambda s: {"q": "briere"},
    "POST /secteurs/choix": lambda s: {"etablissement": str(s.monde.a.etablissement_id)},
    "POST /secteurs/rattachement": lambda s: {
        "etablissement": str(s.monde.a.etablissement_id),
        "secteur": str(s.voisin),
    },
    "POST /direction/comptes": lambda s: {
        "civilite": "Mme",
        "prenom": "Anne",
        "nom": "Prigent",
        "email": f"{uuid4()}@essai.test",
    },
    "POST /direction/comptes/<uuid:compte_id>/roles": lambda s: {"role": "ADM"},
    "POST /direction/equipes/secteur": lambda s: {"nom": str(new_id())},
    "POST /direction/equipes/centre": lambda s: {
        "nom": str(new_id()),
        "commune": "Lyon",
        "structure": str(s.monde.a.structure_id),
    },
    "POST /direction/equipes/equipe": lambda s: {
        "nom": str(new_id()),
        "secteur": str(s.monde.a.secteur_id),
        "centre": str(s.monde.a.centre_id),
    },
    "POST /direction/equipes/secteur/<uuid:secteur_id>/nom": lambda s: {"nom": str(new_id())},
    "POST /direction/equipes/centre/<uuid:centre_id>/nom": lambda s: {"nom": str(new_id())},
    "POST /direction/equipes/equipe/<uuid:equipe_id>/nom": lambda s: {"nom": str(new_id())},
    "POST /direction/comptes/<uuid:compte_id>/nom": lambda s: {"civilite": "Mme", "prenom": "Aude", "nom": "Neuf"},
    "POST /direction/comptes/<uuid:compte_id>/suspension": lambda s: {"motif": "Départ"},
    "POST /direction/politique/brouillon/cellule": lambda s: {"case": "INF:S4:lire"},
    "POST /direction/politique/brouillon/reglages": lambda s: {"inactivite": "10"},
    "POST /direction/politique/brouillon/avis": lambda s: {
        "revision": "1",
        "avis": "favorable",
        "rendu_le": "01/09/2026",
    },
    "POST /direction/politique/brouillon/proposition": lambda s: {
        "revision": "1",
        "avis": "favorable",
        "rendu_le": "01/09/2026",
        "motif": "Essai",
    },
    "POST /direction/politique/brouillon/renvoi": lambda s: {"pourquoi": "Essai"},
    "POST /direction/politique/brouillon/confirmation": lambda s: {"revision": "1"},
    "POST /direction/politique/question": lambda s: {"compte": str(s.monde.a.medecin.id), "volet": "S3"},
    "POST /dossiers/<uuid:dossier_id>/motif": lambda s: {"motif": "suivi"},
    "POST /dossiers/<uuid:dossier_id>/acces-exceptionnel": lambda s: {"raison": "urgence", "texte": "Malaise au poste"},
    "POST /acces-exceptionnels/<uuid:acces_id>/relecture": lambda s: {"avis": "justifie"},
    "POST /direction/acces-a-examiner/signalements/<uuid:cas_id>/cloture": lambda s: {
        "issue": "justifie",
        "reponse": "Essai",
    },
    "POST /direction/acces-a-examiner/inhabituels/<uuid:alerte_id>/cloture": lambda s: {
        "issue": "erreur",
        "motif": "Essai",
        "vu": "2026-11-24T10:00:00+00:00",
    },
    "POST /p/<slug>/acces/signaler": lambda s: {"ligne": "", "raison": "autre", "texte": ""},
    "POST /direction/reidentifications": lambda s: {
        "dossier": _reference(s),
        "raison": "controle",
        "texte": "Accès à vingt-trois heures",
    },
    "POST /reidentifications/<uuid:reidentification_id>/reponse": lambda s: {"accord": "oui"},
    "POST /delegations/delegation": lambda s: {
        "personne": str(s.monde.a[Role.ASST].id),
        "S1": "oui",
        "fin": _next_year(),
        "reference": "Essai",
    },
    "POST /delegations/protocole": lambda s: {
        "personne": str(s.monde.a[Role.COLL].id),
        "fin": _next_year(),
        "reference": "Essai",
    },
    "POST /delegations/remplacement": lambda s: {
        "medecin": str(s.monde.a.medecin.id),
        "personne": str(s.monde.a[Role.COLL].id),
        "fin": _next_year(),
    },
    "POST /direction/comptes/<uuid:compte_id>/depart": lambda s: {"dernier_jour": "31/12/2098"},
    "POST /direction/comptes/<uuid:compte_id>/nominatives": lambda s: {"code": "mssante"},
    "POST /direction/moyens": lambda s: (
        MOYEN | {"responsable": str(s.monde.a.directrice.id), "reference": str(new_id())}
    ),
    "POST /direction/moyens/<uuid:moyen_id>": lambda s: MOYEN | {"responsable": str(s.monde.a.directrice.id)},
    "POST /direction/moyens/<uuid:moyen_id>/retrait": lambda s: {"pourquoi": "Rendue"},
    "POST /direction/revues/reglages": lambda s: {"revue_mois": "3", "inusage_jours": "90"},
    "POST /direction/revues/lignes/<uuid:ligne_id>": lambda s: {"decision": "garder"},
    "POST /p/<slug>/courriel": lambda s: {"adresse": "zoe@example.test"},
    "POST /p/<slug>/courriel/code": lambda s: {"code": "123456"},
    "POST /direction/comptes/<uuid:compte_id>/equipes": lambda s: {"equipe": str(s.monde.a.equipe_id)},
}


def _reference(scene: Scene) -> str:
    a = scene.monde.a
    return journal.reference(scene.monde.runtime.keyring.reference(a.tenant_id, a.zoe.dossier_id))


def _next_year() -> str:
    return (datetime.now(UTC) + timedelta(days=365)).strftime("%d/%m/%Y")


def _today() -> str:
    return datetime.now(UTC).strftime("%d/%m/%Y")


def address(rule: Rule, scene: Scene) -> str:
    a = scene.monde.a
    values = {
        "dossier_id": str(a.zoe.dossier_id),
        "visite_id": _visite(scene, rule.rule.rsplit("/", 1)[-1]),
        "rendez_vous_id": str(scene.rendez_vous),
        "compte_id": str(a[Role.PRO].id),
        "habilitation_id": str(scene.habilitation),
        "demande_id": str(scene.demande),
        "travailleur_id": str(a.zoe.travailleur_id),
        "secteur_id": str(a.secteur_id),
        "centre_id": str(a.centre_id),
        "equipe_id": str(a.equipe_id),
        "slug": a.slug,
        "volet": "S8",
    }
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<uuid:{name}>", values.get(name, str(new_id()))).replace(
            f"<{name}>", values.get(name, "")
        )
        path = path.replace(f"<int:{name}>", "0")
    return path


def named(rule: Rule, method: str) -> str:
    return f"{method} {rule.rule}"


def closed_routes(app: Flask) -> list[Route]:
    """Everything that is not public; reading first, log-out last."""
    found = []
    for rule in app.url_map.iter_rules():
        action = getattr(app.view_functions[rule.endpoint], "policy_action", PUBLIC)
        if action != PUBLIC:
            found += [(rule, method, action) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return sorted(found, key=lambda one: (named(one[0], one[1]) == LOG_OUT, one[1], one[0].rule.count("<")))


def set_scene(monde: Monde, acteur: Acteur) -> Scene:
    """A visit under way and a closed one, with Zoé, one opened by mistake with Pierre; an appointment of the actor.

    The visits are his when he may conduct one.
    """
    with monde.superuser.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE visite SET closed_at = now() WHERE closed_at IS NULL AND abandoned_at IS NULL"
        )
        connection.exec_driver_sql("DELETE FROM politique_brouillon")
        connection.exec_driver_sql("UPDATE habilitation SET demande_id = NULL")
        connection.exec_driver_sql("DELETE FROM role_demande")
    author = acteur if acteur.famille is Famille.SANTE else monde.a.medecin_ailleurs
    made = Scene(monde, acteur, *(new_id() for _ in range(7)))
    of_a = {"tenant_id": monde.a.tenant_id}
    in_zoe = {"dossier_id": monde.a.zoe.dossier_id, **of_a}
    now = datetime.now(UTC)
    visit = {"type_code": "DEM_MDT", "professionnel_id": author.id, "started_at": now - timedelta(hours=1), **in_zoe}
    monde.add(
        Secteur(id=made.voisin, nom="Secteur voisin", **of_a),
        Entete(id=made.ouverte, section="S3", **in_zoe),
        Entete(id=made.fermee, section="S3", **in_zoe),
        Entete(id=made.par_erreur, section="S3", **{**in_zoe, "dossier_id": monde.a.pierre.dossier_id}),
        Visite(id=made.par_erreur, **{**visit, "dossier_id": monde.a.pierre.dossier_id}),
        Visite(id=made.ouverte, **visit),
        Visite(id=made.fermee, closed_at=now, **visit),
        RendezVous(
            id=made.rendez_vous,
            travailleur_id=monde.a.zoe.travailleur_id,
            compte_id=monde.a.medecin.id if acteur.role is Role.SAL else acteur.id,
            centre_id=monde.a.centre_id,
            starts_at=now,
            duree_min=30,
            libelle="Visite médicale",
            statut="convoque",
            updated_at=now,
            **of_a,
        ),
        PolitiqueBrouillon(
            id=new_id(),
            base=0,
            choix=choices.to_json(Choix()),
            historique=[],
            revision=1,
            created_at=now,
            created_by=monde.a.directrice.id,
            saved_at=now,
            saved_by=monde.a.directrice.id,
            **of_a,
        ),
        Habilitation(
            id=made.habilitation,
            compte_id=monde.a[Role.AUD].id,
            role="DPO",
            starts_at=LONG_AGO,
            granted_by=monde.a[Role.AUD].id,
            granted_at=LONG_AGO,
            **of_a,
        ),
        RoleDemande(
            id=made.demande,
            compte_id=monde.a[Role.PRO].id,
            role="IPA",
            starts_at=LONG_AGO,
            hors_structure=False,
            asked_at=LONG_AGO,
            asked_by=monde.a[Role.AUD].id,
            **of_a,
        ),
    )
    return made


def ask(client: FlaskClient, rule: Rule, method: str, scene: Scene, token: str) -> TestResponse:
    path = address(rule, scene)
    if method == "GET":
        answer = client.get(path, base_url=ORIGIN, headers=SCREEN)
    else:
        form = FORMS.get(named(rule, method), lambda _: {})(scene)
        answer = client.post(path, base_url=ORIGIN, headers=SCREEN, data={"csrf_token": token, **form})
    answer.get_data()
    return answer
