"""The door of the portal: who enters, and the one answer for everybody else."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from spst.portail.rules import TRIES_A_DAY
from spst.web.cookies import hash_of
from tests.factories.site import query_of
from tests.portail.conftest import Portail, fresh_name

COOKIE = "spst-portail-8000"
AUT_05 = pytest.mark.exigence("AUT-05", partielle="FranceConnect+ alone; no appli carte Vitale, no dated switch")


@AUT_05
def test_request_asks_for_level_substantial_and_the_pivot_alone(portail: Portail) -> None:
    asked = query_of(str(portail.get(portail.client(), "/p/coteaux/connexion").headers["Location"]))
    assert (asked["scope"], asked["acr_values"]) == ("openid identite_pivot", "eidas2")
    assert asked["claims"] == '{"id_token":{"amr":{"essential":true}}}'
    assert min(len(asked["state"]), len(asked["nonce"])) >= 43


@AUT_05
def test_worker_enters_by_five_traits_and_code_then_without_code(portail: Portail) -> None:
    zoe = portail.monde.a.zoe
    client = portail.entered(portail.monde.a, zoe, "FC-01")
    page = portail.get(client, "/p/coteaux/accueil")
    assert page.status_code == 200
    assert "Bonjour Zoe" in page.text
    again = portail.client()
    assert portail.log_in(again, "FC-01").headers["Location"] == "/p/coteaux/accueil"
    assert portail.get(again, "/p/coteaux/accueil").status_code == 200
    assert [t.action for t in portail.traces(zoe)][:3] == [
        "code_activation.issue",
        "portail.activate",
        "portail.dossier",
    ]
    assert {t.acteur_id for t in portail.traces(zoe) if t.action == "portail.activate"} == {zoe.travailleur_id}


@AUT_05
def test_two_spsts_have_each_their_own_code_link_and_session(portail: Portail) -> None:
    name = fresh_name()
    here = portail.follow(portail.monde.a, nom=name)
    there = portail.follow(portail.monde.b, nom=name)
    person = portail.at_franceconnect(name)
    code_b = portail.code(portail.monde.b, there)
    client = portail.entered(portail.monde.a, here, person)
    assert portail.get(client, "/p/metallurgie/accueil").headers["Location"] == "/p/metallurgie"
    assert portail.log_in(client, person, "metallurgie").headers["Location"] == "/p/metallurgie/activation"
    assert portail.give_code(client, code_b, "metallurgie").headers["Location"] == "/p/metallurgie/accueil"
    assert portail.get(client, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"


@AUT_05
def test_answer_of_franceconnect_sent_several_times_at_once_enters_once(portail: Portail) -> None:
    name = fresh_name()
    person = portail.at_franceconnect(name)
    portail.entered(portail.monde.a, portail.follow(portail.monde.a, nom=name), person)
    client = portail.client()
    path, cookie = portail.callback(client, person), client.get_cookie(COOKIE, domain="127.0.0.1")
    assert cookie is not None
    start = threading.Barrier(5)

    def send() -> TestResponse:
        window = portail.client()
        window.set_cookie(COOKIE, cookie.value, domain="127.0.0.1")
        start.wait(10)
        return portail.get(window, path)

    with ThreadPoolExecutor(5) as pool:
        answers = [future.result() for future in [pool.submit(send) for _ in range(5)]]
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404, 404]
    assert [answer.status_code for answer in answers if "Set-Cookie" in answer.headers] == [303]


MATCHES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "accents": ({"prenoms": "HELOISE EVE"}, {"given_name": "Héloïse Ève"}),
    "hyphen": ({"prenoms": "ANNE-LISE"}, {"given_name": "Anne Lise"}),
    "ligature": ({"prenoms": "COEUR"}, {"given_name": "Cœur"}),
    "born abroad": ({"lieu_naissance": "99122"}, {"birthplace": "", "birthcountry": "99122"}),
    "corsica": ({"lieu_naissance": "2A004"}, {"birthplace": "2A004"}),
    "man": ({"sexe": "M"}, {"gender": "male"}),
    "sixteen today": ({}, {}),
}


@AUT_05
@pytest.mark.parametrize("case", MATCHES)
def test_spelling_apart_the_same_traits_open(portail: Portail, case: str) -> None:
    held, claims = MATCHES[case]
    if case == "sixteen today":
        born = _years_ago(16)
        held, claims = {"date_naissance": born}, {"birthdate": born.isoformat()}
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name, **held)
    portail.entered(portail.monde.a, personne, portail.at_franceconnect(name, **claims))


def _years_ago(years: int, days: int = 0) -> date:
    today = date.today()  # noqa: DTZ011 - the day of the machine, at which the portal's own clock stands
    return today.replace(year=today.year - years) + timedelta(days=days)


@dataclass
class Case:
    """Somebody who does not enter: what the SPST holds, what FranceConnect+ says, and which code is typed."""

    event: str
    held: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    twin: bool = False
    later: dict[str, Any] = field(default_factory=dict)
    typed: Callable[[Portail, str], str] = lambda _, code: code
    followed: bool = True


def _expired(portail: Portail, code: str) -> str:
    portail.expire_codes()
    return code


NEUTRAL: dict[str, Case] = {
    "unknown": Case("portail_aucun", followed=False),
    "homonym": Case("portail_plusieurs", twin=True),
    "other first name": Case("portail_aucun", claims={"given_name": "Louise"}),
    "second first name missing": Case("portail_aucun", held={"prenoms": "LOU ANNE"}),
    "other birth date": Case("portail_aucun", claims={"birthdate": "1984-05-18"}),
    "other sex": Case("portail_aucun", claims={"gender": "male"}),
    "other birthplace": Case("portail_aucun", claims={"birthplace": "63113"}),
    "presumed birth date": Case("portail_traits_incomplets", claims={"birthdate": "1984-00-00"}),
    "not qualified": Case("portail_non_qualifiee", later={"statut_ins": "validee"}),
    "deceased": Case("portail_decede", later={"decede_on": date(2026, 1, 2)}),
    "wrong code": Case("portail_code_refuse", typed=lambda *_: "7K2M-9QX4-D3TN-5WZ8"),
    "expired code": Case("portail_code_refuse", typed=_expired),
}


def _refused(portail: Portail, case: Case) -> tuple[FlaskClient, TestResponse]:
    name = fresh_name()
    code = "0000-0000-0000-0000"
    if case.followed:
        personne = portail.follow(portail.monde.a, nom=name, **case.held)
        code = portail.code(portail.monde.a, personne)
        portail.change(personne, **case.later)
        if case.twin:
            portail.follow(portail.monde.a, nom=name, **case.held)
    client = portail.client()
    typed = case.typed(portail, code)
    answer = portail.log_in(client, portail.at_franceconnect(name, **case.claims))
    assert answer.headers["Location"] == "/p/coteaux/activation"
    return client, portail.give_code(client, typed)


def bare(page: str) -> str:
    """A page without what differs at each request: tokens, nonces, the minute at which it would be printed."""
    page = re.sub(r'(name="csrf-token" content=|name="csrf_token" value=)"[^"]*"', r'\1""', page)
    return re.sub(r'nonce="[^"]*"|Imprimé le [^<]*', "", page)


def _headers(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name not in {"Date", "Set-Cookie", "Content-Length"}}


@AUT_05
@pytest.mark.parametrize("case", NEUTRAL)
def test_whoever_does_not_enter_reads_the_same_page(portail: Portail, case: str) -> None:
    _, reference = _refused(portail, Case("portail_code_refuse", typed=lambda *_: "ZZZZ-ZZZZ-ZZZZ-ZZZZ"))
    client, answer = _refused(portail, NEUTRAL[case])
    assert (answer.status_code, reference.status_code) == (403, 403)
    assert bare(answer.text) == bare(reference.text)
    assert _headers(answer) == _headers(reference)
    assert portail.events(portail.monde.a)[-1][0] == NEUTRAL[case].event
    assert portail.technical()[-1].evenement == "portail.entree_refusee"
    assert portail.technical()[-1].faits["motif"] == "activation"
    assert portail.get(client, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"


@AUT_05
def test_child_under_sixteen_reads_the_same_page(portail: Portail) -> None:
    born = _years_ago(16, days=2)
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    code = portail.code(portail.monde.a, personne)
    portail.change(personne, date_naissance=born)
    client = portail.client()
    portail.log_in(client, portail.at_franceconnect(name, birthdate=born.isoformat()))
    assert portail.give_code(client, code).status_code == 403
    assert portail.events(portail.monde.a)[-1] == ("portail_moins_de_16_ans", personne.travailleur_id)


@AUT_05
def test_code_serves_once(portail: Portail) -> None:
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    code = portail.code(portail.monde.a, personne)
    first = portail.client()
    portail.log_in(first, portail.at_franceconnect(name))
    assert portail.give_code(first, code).status_code == 303
    second = portail.client()
    portail.log_in(second, portail.at_franceconnect(name))
    assert portail.give_code(second, code).status_code == 403


@AUT_05
def test_code_of_another_spst_opens_nothing(portail: Portail) -> None:
    name = fresh_name()
    portail.follow(portail.monde.a, nom=name)
    code = portail.code(portail.monde.b, portail.follow(portail.monde.b, nom=name))
    client = portail.client()
    portail.log_in(client, portail.at_franceconnect(name))
    assert portail.give_code(client, code).status_code == 403
    assert portail.events(portail.monde.a)[-1][0] == "portail_code_refuse"


@AUT_05
def test_code_of_somebody_else_opens_nothing(portail: Portail) -> None:
    mine, other = fresh_name(), fresh_name()
    portail.follow(portail.monde.a, nom=mine)
    code = portail.code(portail.monde.a, portail.follow(portail.monde.a, nom=other))
    client = portail.client()
    portail.log_in(client, portail.at_franceconnect(mine))
    assert portail.give_code(client, code).status_code == 403


@AUT_05
@pytest.mark.parametrize("is_known", [True, False])
def test_sixth_try_of_the_day_is_told_to_wait_known_or_not(portail: Portail, is_known: bool) -> None:
    name = fresh_name()
    if is_known:
        portail.follow(portail.monde.a, nom=name)
    client = portail.client()
    portail.log_in(client, portail.at_franceconnect(name))
    answers = [portail.give_code(client, "ZZZZ-ZZZZ-ZZZZ-ZZZZ").status_code for _ in range(TRIES_A_DAY)]
    last = portail.give_code(client, "ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    assert answers == [403] * TRIES_A_DAY
    assert last.status_code == 429
    assert "Vous avez fait cinq essais aujourd’hui" in last.text
    assert portail.technical()[-1].faits["motif"] == "essais_epuises"


@AUT_05
@pytest.mark.parametrize("typed", ["", "7K2M", "7K2M-9QX4-D3TN-5WZ", "7K2M-9QX4-D3TN-5WZ8-1"])
def test_code_that_is_not_whole_is_said_so_and_costs_no_try(portail: Portail, typed: str) -> None:
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    client = portail.client()
    portail.log_in(client, portail.at_franceconnect(name))
    for _ in range(TRIES_A_DAY + 1):
        answer = portail.give_code(client, typed)
        assert answer.status_code == 422
        assert "Un code compte 16 lettres et chiffres" in answer.text
    assert portail.give_code(client, portail.code(portail.monde.a, personne)).status_code == 303


LIES = (
    {"fault": "acr"},
    {"fault": "amr"},
    {"fault": "amr", "value": ["pwd"]},
    {"fault": "nonce"},
    {"fault": "iss"},
    {"fault": "aud"},
    {"fault": "expired"},
    {"fault": "alg_none"},
    {"fault": "alg_hs256"},
    {"fault": "id_token_signature"},
    {"fault": "userinfo_signature"},
    {"fault": "userinfo_sub"},
    {"fault": "status", "endpoint": "token", "status": 400},
)


@AUT_05
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: "-".join(map(str, lie.values())))
def test_proof_that_lies_or_is_too_weak_opens_nothing(portail: Portail, lie: dict[str, Any]) -> None:
    client = portail.client()
    portail.fc.admin("break", **lie)
    answer = portail.log_in(client, "FC-01")
    assert answer.status_code == 403, answer.text
    assert "FranceConnect+ n’a pas confirmé votre identité" in answer.text
    assert portail.technical()[-1].evenement == "portail.preuve_refusee"
    assert portail.get(client, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"


@AUT_05
def test_return_is_used_once_and_by_the_browser_that_left(portail: Portail) -> None:
    client = portail.client()
    path = portail.callback(client, "FC-01")
    stolen = portail.get(portail.client(), path)
    assert stolen.status_code == 404
    assert portail.get(client, path).status_code == 303
    assert portail.get(client, path).status_code == 404
    assert portail.get(client, "/connexion/franceconnect/retour?error=access_denied").status_code == 404


@AUT_05
def test_identity_that_was_corrected_suspends_the_link_and_ends_its_sessions(portail: Portail) -> None:
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    person = portail.at_franceconnect(name)
    client = portail.entered(portail.monde.a, personne, person)
    portail.fc.admin("change_person", person=person, set={"family_name": f"{name} EPOUSE"})
    other = portail.client()
    answer = portail.log_in(other, person)
    assert answer.headers["Location"] == "/p/coteaux/activation"
    page = portail.get(other, "/p/coteaux/activation").text
    assert "Une information de votre identité a changé" in page
    assert portail.events(portail.monde.a)[-1] == ("portail_traits_changes", personne.travailleur_id)
    assert portail.get(client, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"


ENDINGS: dict[str, str] = {
    "link suspended": "UPDATE lien_portail SET suspended_at = now(), suspended_why = 'essai'"
    " WHERE tenant_id = :tenant AND travailleur_id = :travailleur",
    "link of somebody else": "UPDATE lien_portail SET travailleur_id = :autre"
    " WHERE tenant_id = :tenant AND travailleur_id = :travailleur",
    "deceased": "UPDATE travailleur SET decede_on = current_date WHERE tenant_id = :tenant AND id = :travailleur",
    "no longer qualifiée": "UPDATE travailleur SET statut_ins = 'validee' WHERE tenant_id = :tenant AND id = :travailleur",
}


@AUT_05
@pytest.mark.parametrize("ending", ENDINGS)
def test_open_session_ends_at_the_next_request_when_its_link_no_longer_stands(portail: Portail, ending: str) -> None:
    """In this SPST alone: the same person's session in another one, under a link of its own, goes on."""
    name, a, b = fresh_name(), portail.monde.a, portail.monde.b
    here, there = portail.follow(a, nom=name), portail.follow(b, nom=name)
    person = portail.at_franceconnect(name)
    client, elsewhere = portail.entered(a, here, person), portail.entered(b, there, person)
    assert portail.get(client, f"/p/{a.slug}/accueil").status_code == 200
    with portail.monde.superuser.begin() as connection:
        values = {"tenant": a.tenant_id, "travailleur": here.travailleur_id, "autre": a.pierre.travailleur_id}
        wanted = {name: value for name, value in values.items() if f":{name}" in ENDINGS[ending]}
        assert connection.execute(text(ENDINGS[ending]), wanted).rowcount == 1
    cookie = client.get_cookie(COOKIE, domain="127.0.0.1")
    assert portail.get(client, f"/p/{a.slug}/accueil").headers["Location"] == f"/p/{a.slug}"
    assert cookie is not None
    with portail.monde.superuser.connect() as connection:
        left = text("SELECT count(*) FROM session WHERE id_hash = :mine")
        assert connection.execute(left, {"mine": hash_of(cookie.value)}).scalar_one() == 0
    assert portail.get(elsewhere, f"/p/{b.slug}/accueil").status_code == 200


@AUT_05
def test_unlinked_and_suspended_read_the_same_activation_page(portail: Portail) -> None:
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    person = portail.at_franceconnect(name)
    portail.entered(portail.monde.a, personne, person)
    portail.change(personne, prenoms="LOUISE")
    suspended, stranger = portail.client(), portail.client()
    assert portail.log_in(suspended, person).status_code == portail.log_in(stranger, "FC-21").status_code
    pages = [portail.get(client, "/p/coteaux/activation") for client in (suspended, stranger)]
    assert bare(pages[0].text) == bare(pages[1].text)
    code = portail.code(portail.monde.a, personne)
    assert portail.give_code(suspended, code).status_code == 403, "the traits still differ"
    portail.change(personne, prenoms="LOU")
    assert portail.give_code(suspended, code).status_code == 303, "a new code opens the link again"


def test_session_lives_ten_minutes_idle_and_one_hour_at_most(portail: Portail) -> None:
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    client = portail.entered(portail.monde.a, personne, portail.at_franceconnect(name))
    portail.clock.move(minutes=9)
    assert portail.get(client, "/p/coteaux/accueil").status_code == 200
    portail.clock.move(minutes=10, seconds=1)
    assert portail.get(client, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"
    portail.clock.ahead = timedelta()
    again = portail.entered(portail.monde.a, personne, portail.at_franceconnect(name))
    for _ in range(6):
        portail.clock.move(minutes=9, seconds=30)
        assert portail.get(again, "/p/coteaux/accueil").status_code == 200
    portail.clock.move(minutes=4)
    assert portail.get(again, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"


def test_log_out_ends_both_sessions_and_clears_the_browser(portail: Portail) -> None:
    name = fresh_name()
    personne = portail.follow(portail.monde.a, nom=name)
    client = portail.entered(portail.monde.a, personne, portail.at_franceconnect(name))
    cookie = client.get_cookie("spst-portail-8000", domain="127.0.0.1")
    assert cookie is not None
    answer = portail.post(client, "/p/coteaux/deconnexion", {}, "/p/coteaux/accueil")
    target = str(answer.headers["Location"])
    assert target.startswith(f"{portail.fc.url}/session/end?id_token_hint=")
    assert query_of(target)["state"].startswith("coteaux.")
    assert '"storage"' in answer.headers["Clear-Site-Data"]
    assert (
        portail.get(client, "/connexion/franceconnect/fin?state=coteaux.fin").headers["Location"]
        == "/p/coteaux/au-revoir"
    )
    assert portail.get(client, "/p/coteaux/au-revoir").status_code == 200
    client.set_cookie("spst-portail-8000", cookie.value, domain="127.0.0.1")
    assert portail.get(client, "/p/coteaux/accueil").headers["Location"] == "/p/coteaux"


def test_session_row_holds_no_trait_while_the_code_is_awaited(portail: Portail) -> None:
    name = fresh_name()
    client = portail.client()
    portail.log_in(client, portail.at_franceconnect(name, given_name="Philomène"))
    with portail.monde.superuser.connect() as connection:
        rows = connection.exec_driver_sql("SELECT data::text FROM session").scalars().all()
    assert not any(word in row for row in rows for word in (name, "Philomène", "Philom", "1984-05-17"))


@pytest.mark.parametrize("path", ["/p/personne", "/p/personne/connexion", "/p/coteaux/rien", "/p/coteaux/visites/12"])
def test_address_of_nothing_is_not_found_in_the_same_words(portail: Portail, path: str) -> None:
    answer = portail.get(portail.client(), path)
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in answer.text
    assert f'class="btn btn-main" href="{path}"' not in answer.text, "no way back to the same page"


@pytest.mark.parametrize("state", ["", "personne.fin", "//evil.example", "https://evil.example.fin"])
def test_return_of_log_out_leads_nowhere_else(portail: Portail, state: str) -> None:
    answer = portail.get(portail.client(), f"/connexion/franceconnect/fin?state={state}")
    assert answer.status_code == 404
