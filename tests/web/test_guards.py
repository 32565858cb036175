"""The third wall, standing alone: what a route lets through with the two others down."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from spst.habilitations import actions
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Famille, Role
from spst.web.guards import ClosedRoute, check_routes, public
from spst.wiring.guards import FamiliesByAction
from tests.factories.monde import STAFF
from tests.factories.site import Site

OPEN = {
    "visite.note": {Famille.SANTE},
    "acces.consult": {Famille.SANTE},
    "dossier.search": {Famille.SANTE, Famille.DELEGUE, Famille.ADMINISTRATIF},
    "journal.consult": {Famille.DIRECTION},
    "compte.list": {Famille.DIRECTION},
}


@pytest.fixture
def other_walls_down(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The policy engine says yes to all, and row security is off on every table."""
    monkeypatch.setattr(habilitations, "require", lambda *_, **__: None)
    with site.monde.superuser.begin() as connection:
        tables = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relrowsecurity").scalars().all()
        for table in tables:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    yield
    with site.monde.superuser.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')


@pytest.mark.usefixtures("other_walls_down")
@pytest.mark.parametrize("action", OPEN)
def test_family_that_may_not_knock_is_refused_and_traced_with_the_other_walls_down(site: Site, action: str) -> None:
    for role in STAFF:
        answer = site.get(site.at_work(site.monde.a[role]), f"/essai/action/{action}")
        expected = 200 if role.famille in OPEN[action] else 403
        assert answer.status_code == expected, role
        if expected == 403:
            trace = site.traces(action)[-1]
            assert (trace.decision, trace.role, trace.acteur_id) == ("refuse", str(role), site.monde.a[role].id)


@pytest.mark.usefixtures("other_walls_down")
@pytest.mark.parametrize("action", OPEN)
def test_nobody_passes_without_session_nor_with_one_factor(site: Site, action: str) -> None:
    assert site.get(site.client(), f"/essai/action/{action}").status_code == 303
    one_factor = site.at_work(site.monde.a.medecin, facteurs=1)
    assert site.get(one_factor, f"/essai/action/{action}").status_code == 403
    trace = site.traces(action)[-1]
    assert (trace.decision, trace.acteur_id) == ("refuse", site.monde.a.medecin.id)


@pytest.mark.usefixtures("other_walls_down")
def test_worker_reaches_the_portal_of_his_own_spst_and_no_page_of_professionals(site: Site) -> None:
    zoe = site.at_work(site.monde.a.zoe.acteur)
    assert site.get(zoe, "/p/coteaux/essai").get_json() == {"dossier": str(site.monde.a.zoe.dossier_id)}
    assert site.get(zoe, "/p/metallurgie/essai").headers["Location"] == "/p/metallurgie"
    for path in ("/essai/dossier", "/compte", "/essai/action/dossier.search"):
        assert site.get(zoe, path).status_code == 303


def test_professional_has_no_session_in_the_portal(site: Site) -> None:
    assert site.get(site.at_work(site.monde.a.medecin), "/p/coteaux/essai").status_code == 303


def test_unit_of_work_of_a_route_is_the_one_of_who_is_logged_in(site: Site) -> None:
    answer = site.get(site.at_work(site.monde.b.medecin, site.monde.b), "/essai/dossier").get_json()
    assert answer == {
        "acteur": str(site.monde.b.medecin.id),
        "motif": "suivi",
        "tenant": str(site.monde.b.tenant_id),
    }


def test_session_of_an_account_that_holds_no_such_role_opens_nothing(site: Site) -> None:
    usurper = replace(site.monde.a[Role.ADM], role=Role.MDT)
    assert site.get(site.at_work(usurper), "/essai/dossier").status_code == 303


def test_session_moved_to_another_spst_opens_nothing(site: Site) -> None:
    assert site.get(site.at_work(site.monde.a.medecin, site.monde.b), "/essai/dossier").status_code == 303


def test_process_does_not_start_with_a_route_that_names_no_action(site: Site) -> None:
    app = Flask("bare")
    app.extensions.update(site.app.extensions)
    check_routes(app)
    app.add_url_rule("/nue", "nue", lambda: "")
    with pytest.raises(ClosedRoute, match="nue"):
        check_routes(app)


def test_process_does_not_start_with_an_action_that_no_registry_holds(site: Site) -> None:
    def view() -> str:
        return ""

    app = Flask("unknown")
    app.extensions.update(site.app.extensions)
    marked: Any = public(view)
    marked.policy_action = "dossier.opne"
    app.add_url_rule("/faute", "faute", view)
    with pytest.raises(ClosedRoute, match=r"dossier\.opne"):
        check_routes(app)


def test_every_route_names_its_policy_action(site: Site) -> None:
    bare = [
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(site.app.view_functions[rule.endpoint], "policy_action")
    ]
    assert bare == []


def test_no_action_opens_a_section_to_direction_nor_to_administrative_staff() -> None:
    table = FamiliesByAction()
    for action in actions.all():
        if action.sections:
            assert not table.families(action.name) & {Famille.DIRECTION, Famille.ADMINISTRATIF, Famille.SERVICE}
