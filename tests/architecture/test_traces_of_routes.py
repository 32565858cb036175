"""Every route, as every role: what is opened leaves one trace, what is refused leaves one refusal, and nothing else does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from spst.comptes.models import Habilitation
from spst.dmst.models import Entete
from spst.kernel.acteur import Acteur, Famille, Role
from spst.kernel.ids import new_id
from spst.traces.models import Trace
from spst.visites.models import RendezVous, Visite
from spst.web.guards import PUBLIC
from tests.factories.monde import LONG_AGO, STAFF, Monde
from tests.factories.site import ORIGIN, SCREEN, Site

ROLES = (*STAFF, Role.SAL)

WITHOUT_TRACE = {
    "GET /compte": "one's own sessions: no dossier, nobody else",
    "POST /deconnexion": "traced as session.close once the session is gone",
    "POST /compte/sessions/fermer-les-autres": "one's own sessions, of which there is no other",
    "GET /direction/comptes/nouveau": "an empty form",
}
"""Routes that open nothing of anybody: no trace is owed. Anything else owes one."""

ASKS_FIRST = {"GET /dossiers/<uuid:dossier_id>/visites/nouvelle": "visite.consult"}
"""The choice of a visit reads before it starts anything: a refusal names the reading."""

ENDS_THE_SESSION = "POST /deconnexion"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the routes are tried on: a visit under way and a closed one of the actor, an appointment, an account."""

    monde: Monde
    acteur: Acteur
    ouverte: UUID
    fermee: UUID
    rendez_vous: UUID
    habilitation: UUID


Asked = tuple[str, dict[str, str]]


def _visite(scene: Scene, name: str) -> str:
    return str(scene.fermee if name == "complements" else scene.ouverte)


QUERIES = {"/recherche": "?q=adrun", "/recherche/suggestions": "?q=adrun"}

FORMS: dict[str, Callable[[Scene], dict[str, str]]] = {
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
    "POST /direction/comptes": lambda s: {
        "civilite": "Mme",
        "prenom": "Anne",
        "nom": "Prigent",
        "email": f"{uuid4()}@essai.test",
    },
    "POST /direction/comptes/<uuid:compte_id>/roles": lambda s: {"role": "ADM"},
    "POST /direction/comptes/<uuid:compte_id>/suspension": lambda s: {"motif": "Départ"},
    "POST /direction/comptes/<uuid:compte_id>/equipes": lambda s: {"equipe": str(s.monde.a.equipe_id)},
}


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
        "slug": a.slug,
    }
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<uuid:{name}>", values.get(name, str(new_id()))).replace(
            f"<{name}>", values.get(name, "")
        )
    return path + QUERIES.get(rule.rule, "")


def named(rule: Rule, method: str) -> str:
    return f"{method} {rule.rule}"


@pytest.fixture(scope="module")
def routes(pages: Site) -> list[tuple[Rule, str, str]]:
    """(rule, method, action) of everything that is not public; reading first, log-out last."""
    found = []
    for rule in pages.app.url_map.iter_rules():
        action = getattr(pages.app.view_functions[rule.endpoint], "policy_action", PUBLIC)
        if action != PUBLIC:
            found += [(rule, method, action) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return sorted(found, key=lambda one: (named(one[0], one[1]) == ENDS_THE_SESSION, one[1], one[0].rule.count("<")))


@pytest.fixture
def scene(monde: Monde, role: Role) -> Iterator[Scene]:
    acteur = monde.a.zoe.acteur if role is Role.SAL else monde.a[role]
    author = acteur if acteur.famille is Famille.SANTE else monde.a.medecin_ailleurs
    made = Scene(monde, acteur, new_id(), new_id(), new_id(), new_id())
    of_a = {"tenant_id": monde.a.tenant_id}
    in_zoe = {"dossier_id": monde.a.zoe.dossier_id, **of_a}
    now = datetime.now(UTC)
    visit = {"type_code": "DEM_MDT", "professionnel_id": author.id, "started_at": now - timedelta(hours=1), **in_zoe}
    monde.add(
        Entete(id=made.ouverte, section="S3", **in_zoe),
        Entete(id=made.fermee, section="S3", **in_zoe),
        Visite(id=made.ouverte, **visit),
        Visite(id=made.fermee, closed_at=now, **visit),
        RendezVous(
            id=made.rendez_vous,
            travailleur_id=monde.a.zoe.travailleur_id,
            compte_id=acteur.id if role is not Role.SAL else monde.a.medecin.id,
            centre_id=monde.a.centre_id,
            starts_at=now,
            duree_min=30,
            libelle="Visite médicale",
            statut="convoque",
            updated_at=now,
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
    )
    yield made
    with monde.superuser.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE visite SET closed_at = now() WHERE closed_at IS NULL")


def since(monde: Monde, last: UUID) -> list[Trace]:
    with Session(monde.superuser) as session:
        return list(session.scalars(select(Trace).where(Trace.id > last).order_by(Trace.id)))


def ask(pages: Site, client: FlaskClient, rule: Rule, method: str, scene: Scene, token: str) -> tuple[int, str]:
    path = address(rule, scene)
    if method == "GET":
        answer = client.get(path, base_url=ORIGIN, headers=SCREEN)
    else:
        form = FORMS.get(named(rule, method), lambda _: {})(scene)
        answer = client.post(path, base_url=ORIGIN, headers=SCREEN, data={"csrf_token": token, **form})
    answer.get_data()
    return answer.status_code, str(answer.headers.get("Location", ""))


@pytest.mark.exigence("TRA-01")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_each_route_leaves_exactly_the_trace_that_it_owes(
    pages: Site, routes: list[tuple[Rule, str, str]], scene: Scene, role: Role
) -> None:
    wrong = []
    client = pages.at_work(scene.acteur)
    token = pages.token(client) if role is not Role.SAL else ""
    for rule, method, action in routes:
        last = new_id()
        status, location = ask(pages, client, rule, method, scene, token)
        found = since(scene.monde, last)
        if not owed(named(rule, method), action, role, status, location, found):
            told = [(line.decision, line.action, line.dossier_id is not None) for line in found]
            wrong.append(f"{role} {named(rule, method)} [{action}] → {status} {location}: {told}")
    assert not wrong, "\n".join(wrong)


def owed(name: str, action: str, role: Role, status: int, location: str, found: list[Trace]) -> bool:
    decisions = [line.decision for line in found]
    if urlsplit(location).path in {"/connexion", "/p/coteaux"} or status in {400, 401}:
        return not found  # another door: nobody is logged in here, or the form carries no token
    if status == 403:
        return decisions == ["refuse"] and found[0].action in {action, ASKS_FIRST.get(name)}
    if status == 404:
        return decisions == ["refuse"] and found[0].dossier_id is None
    if status in {409, 422}:
        return decisions in ([], ["permis"])
    if name in WITHOUT_TRACE:
        return decisions in ([], ["permis"])
    return status < 400 and decisions == ["permis"]


@pytest.mark.exigence("TEN-01")
@pytest.mark.parametrize("role", [Role.MDT, Role.DIR, Role.ADM], ids=str)
def test_the_same_routes_on_another_tenants_ids_answer_as_if_they_did_not_exist(
    pages: Site, routes: list[tuple[Rule, str, str]], scene: Scene, role: Role, monde: Monde
) -> None:
    """Seen from B, with the ids of A: 404, or the refusal that the role earns on any dossier; never a line of A's."""
    client = pages.at_work(monde.b[role], monde.b)
    token = pages.token(client)
    for rule, method, action in routes:
        if not {"dossier_id", "visite_id", "rendez_vous_id", "compte_id", "habilitation_id"} & set(rule.arguments):
            continue
        last = new_id()
        status, location = ask(pages, client, rule, method, scene, token)
        assert status in {403, 404, 422}, (named(rule, method), status, location)
        found = since(monde, last)
        assert {line.tenant_id for line in found} <= {monde.b.tenant_id}
        assert all(line.dossier_id is None for line in found if line.decision == "refuse"), (action, status)
