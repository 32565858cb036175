"""Every route, as every role: what is opened leaves one trace, what is refused leaves one refusal, and nothing else does."""

from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from spst.habilitations import actions
from spst.kernel.acteur import Role
from spst.kernel.ids import new_id
from spst.traces.models import Trace
from tests.architecture.scene import Route, Scene, address, ask, closed_routes, named, set_scene
from tests.factories.monde import STAFF, Monde
from tests.factories.site import Site

ROLES = (*STAFF, Role.SAL)

WITHOUT_TRACE = {
    "GET /compte": "one's own sessions: no dossier, nobody else",
    "GET /compte/cles": "one's own passkeys: the same",
    "POST /compte/cles": "one's own passkey: the technical journal says that it was added, as it says an enrolment",
    "POST /compte/cles/defi": "a question to one's own device",
    "POST /compte/cles/retrait": "one's own passkey: the technical journal says that it was removed",
    "POST /deconnexion": "traced as session.close once the session is gone",
    "POST /compte/sessions/fermer-les-autres": "one's own sessions, of which there is no other",
    "GET /direction/comptes/nouveau": "an empty form",
    "GET /salaries/nouveau": "an empty form",
    "GET /recherche": "an empty form, as long as its address names no search",
    "POST /recherche": "typed and kept; the page that this leads to searches and is traced",
    "POST /dossiers/<uuid:dossier_id>/motif": "a reason is kept; the opening that follows is traced with it",
    "GET /dossiers/<uuid:dossier_id>/acces-exceptionnel": "an empty form; a refusal is traced",
    "GET /dossiers/<uuid:dossier_id>/pourquoi": "a rule and whom to ask: nothing of the dossier",
    "GET /dossiers/<uuid:dossier_id>/volets/<volet>/pourquoi": "the same",
    "GET /secteurs": "names of companies and counts: nobody's datum",
    "GET /secteurs/<uuid:secteur_id>": "the same",
    "POST /secteurs/choix": "the same; nothing moves yet",
    "POST /secteurs/recherche": "typed and kept",
    "POST /direction/comptes/recherche": "typed and kept; the list that this leads to is traced",
}
"""Routes that open nothing of anybody: no trace is owed. Anything else owes one."""

REGISTER = {"dossier.search", "registre.update", "rendez_vous.update", "dossier.create"}
"""Acts on somebody of the register: an MPC is refused whoever is not entrusted to him as he is refused his identity (HAB-09)."""


@pytest.fixture(scope="module")
def routes(pages: Site) -> list[Route]:
    return closed_routes(pages.app)


@pytest.fixture
def scene(monde: Monde, role: Role) -> Scene:
    return set_scene(monde, monde.a.zoe.acteur if role is Role.SAL else monde.a[role])


def since(monde: Monde, last: UUID) -> list[Trace]:
    with Session(monde.superuser) as session:
        return list(session.scalars(select(Trace).where(Trace.id > last).order_by(Trace.id)))


@pytest.mark.exigence("TRA-01")
@pytest.mark.parametrize("role", ROLES, ids=str)
def test_each_route_leaves_exactly_the_trace_that_it_owes(
    pages: Site, routes: list[Route], scene: Scene, role: Role
) -> None:
    wrong = []
    client = pages.at_work(scene.acteur)
    token = pages.token(client) if role is not Role.SAL else ""
    for rule, method, action in routes:
        last = new_id()
        answer = ask(client, rule, method, scene, token)
        status, location = answer.status_code, answer.headers.get("Location", "")
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
        outside = {"identite.consult"} if role is Role.MPC and action in REGISTER else set()
        return decisions == ["refuse"] and found[0].action in {action} | outside
    if status == 404:
        return decisions == ["refuse"] and found[0].dossier_id is None and found[0].action == action
    if status in {409, 422}:
        return decisions in ([], ["permis"])
    if name in WITHOUT_TRACE:
        return decisions in ([], ["permis"])
    return status < 400 and decisions == ["permis"]


@pytest.mark.exigence("TEN-01")
@pytest.mark.parametrize("role", [Role.MDT, Role.DIR, Role.ADM], ids=str)
def test_the_same_routes_on_another_tenants_ids_answer_as_if_they_did_not_exist(
    pages: Site, routes: list[Route], scene: Scene, role: Role, monde: Monde
) -> None:
    """Seen from B, with the ids of A: 404, or the refusal that the role earns on any dossier; never a line of A's."""
    client = pages.at_work(monde.b[role], monde.b)
    token = pages.token(client)
    for rule, method, action in routes:
        if not {
            "dossier_id",
            "visite_id",
            "rendez_vous_id",
            "compte_id",
            "habilitation_id",
            "demande_id",
            "travailleur_id",
            "secteur_id",
            "centre_id",
            "equipe_id",
        } & set(rule.arguments):
            continue
        last = new_id()
        answer = ask(client, rule, method, scene, token)
        status, location = answer.status_code, answer.headers.get("Location", "")
        assert status in {403, 404, 422}, (named(rule, method), status, location)
        found = since(monde, last)
        assert {line.tenant_id for line in found} <= {monde.b.tenant_id}
        assert all(line.dossier_id is None for line in found if line.decision == "refuse"), (action, status)


@pytest.mark.exigence("TRA-01", partielle="refus à la porte des adresses")
@pytest.mark.exigence("TRA-04", partielle="les refus")
@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.ADM, Role.PRO, Role.ASS], ids=str)
def test_a_refusal_at_the_door_names_the_dossier_and_what_was_asked_of_it(
    pages: Site, routes: list[Route], scene: Scene, role: Role
) -> None:
    """So the worker reads that somebody tried, though no service was reached."""
    client = pages.at_work(scene.acteur)
    token = pages.token(client)
    asked = [(rule, method, actions.get(action)) for rule, method, action in routes if actions.get(action).sections]
    on_dossier = [one for one in asked if {"dossier_id", "visite_id"} & set(one[0].arguments)]
    assert len(on_dossier) > 15
    for rule, method, action in on_dossier:
        last = new_id()
        assert ask(client, rule, method, scene, token).status_code == 403
        [line] = since(scene.monde, last)
        whose = scene.monde.a.pierre if str(scene.par_erreur) in address(rule, scene) else scene.monde.a.zoe
        assert (line.dossier_id, set(line.sections)) == (whose.dossier_id, set(action.sections)), rule


@pytest.mark.parametrize("role", [Role.ADM], ids=str)
def test_with_one_factor_an_appointment_is_refused_under_the_dossier_of_who_is_expected(
    pages: Site, scene: Scene
) -> None:
    client = pages.at_work(scene.acteur, facteurs=1)
    form = {"csrf_token": pages.token(client), "statut": "arrive"}
    last = new_id()
    assert pages.post(client, f"/rendez-vous/{scene.rendez_vous}/statut", form).status_code == 403
    assert [line.dossier_id for line in since(scene.monde, last)] == [scene.monde.a.zoe.dossier_id]


@pytest.mark.parametrize("role", [Role.DIR], ids=str)
def test_a_refusal_at_an_address_that_nothing_stands_behind_names_nobody(pages: Site, scene: Scene) -> None:
    client = pages.at_work(scene.acteur)
    last = new_id()
    for path in (f"/dossiers/{new_id()}", f"/visites/{new_id()}", f"/dossiers/{scene.monde.b.zoe.dossier_id}"):
        assert pages.get(client, path).status_code == 403
    found = since(scene.monde, last)
    assert [(line.dossier_id, line.sections) for line in found] == [(None, [])] * 3
