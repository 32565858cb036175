"""Log-in by e-CPS without leaving the workstation, against the stand-in: what is asked, at what pace, and what never opens."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from spst.adapters.psc.client import ProSanteConnect
from spst.comptes.models import Compte
from spst.comptes.ports import Preuve, PreuveRefused
from spst.comptes.ports_ecps import ReponseEcps
from spst.comptes.postes import Poste
from spst.kernel.acteur import Role
from spst.kernel.errors import ServiceUnavailable
from tests.comptes.test_psc_samples import RPPS
from tests.factories.site import ORIGIN, PSC_SECRET, Site, config_for

START, WAITING, STOP = "/connexion/e-cps", "/connexion/e-cps/attente", "/connexion/e-cps/arret"
SESSION, POSTE = "spst-pro-8000", "spst-poste-8000"
SCRIPT = {"Accept": "application/json", "X-Requested-With": "fetch", "X-Presence": "1"}
CIBA = "urn:openid:params:grant-type:ciba"

pytestmark = pytest.mark.exigence("AUT-03")


@pytest.fixture(scope="module")
def infirmier(site_of_module: Site) -> Compte:
    monde = site_of_module.monde
    for spst in (monde.a, monde.b):
        site_of_module.invite(spst, RPPS["PSC-01"], Role.MDT)
    return site_of_module.invite(monde.a, RPPS["PSC-02"], Role.INF)


@pytest.fixture(autouse=True)
def _nothing_counted(site: Site, infirmier: Compte) -> None:
    with site.monde.superuser.begin() as connection:
        connection.execute(text("DELETE FROM compteur"))


def enrolled(site: Site, *people: str) -> FlaskClient:
    """A browser from which these people entered by the provider's page, some time ago."""
    poste = Poste.read("")
    for person in people:
        poste = poste.with_login(site.monde.runtime.keyring, RPPS[person], site.clock.now())
    client = site.client()
    client.set_cookie(POSTE, str(poste), domain="127.0.0.1")
    return client


def ask(site: Site, client: FlaskClient, person: str) -> TestResponse:
    return site.post(client, START, {"rpps": RPPS[person]})


def waiting(site: Site, person: str = "PSC-02") -> FlaskClient:
    """A browser whose request waits, its first turn come."""
    client = enrolled(site, person)
    assert ask(site, client, person).headers["Location"] == WAITING
    site.clock.move(seconds=2)
    return client


def poll(site: Site, client: FlaskClient, token: str | None = None) -> dict[str, Any]:
    """As the page's script does. `token`: of the page that was read; another page is looked at for one otherwise."""
    answer = site.post(client, WAITING, {"csrf_token": token} if token else None, **SCRIPT)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.get_json()
    return read


def answered(site: Site, client: FlaskClient, said: str, person: str = "PSC-02") -> dict[str, Any]:
    site.psc.admin("ciba_answer", person=person, answer=said)
    return poll(site, client)


def received(site: Site, endpoint: str) -> list[dict[str, Any]]:
    return [one for one in site.psc.admin("received")["requests"] if one["endpoint"] == endpoint]


def polls(site: Site) -> int:
    return len([one for one in received(site, "token") if one["params"].get("grant_type") == CIBA])


def cookie(client: FlaskClient, name: str = SESSION) -> str:
    found = client.get_cookie(name, domain="127.0.0.1")
    assert found is not None
    return found.value


def given(client: FlaskClient, name: str, value: str) -> FlaskClient:
    client.set_cookie(name, value, domain="127.0.0.1")
    return client


# ──── What is asked, and what it opens


def test_request_has_every_parameter_of_the_reference_and_the_digits_of_the_page(site: Site) -> None:
    client = waiting(site)
    page = site.get(client, WAITING).text
    asked = received(site, "ciba")[-1]
    shown = re.search(r"Nombre à comparer\s: (\d\d)", page)
    assert shown
    assert (asked["client_auth"], asked["status"]) == ("basic", 200)
    assert {name: value for name, value in asked["params"].items() if name != "client_id"} == {
        "scope": "openid scope_all",
        "login_hint": f"8{RPPS['PSC-02']}",
        "binding_message": shown[1],
        "acr_values": "eidas1",
        "channel": "MOBILE",
    }


def test_digits_change_with_each_request(site: Site) -> None:
    client = enrolled(site, "PSC-02", "PSC-06", "PSC-01")
    for person in ("PSC-02", "PSC-06", "PSC-01") * 3:
        ask(site, client, person)
    assert len({one["params"]["binding_message"] for one in received(site, "ciba")}) > 1


def test_confirmation_opens_the_session_under_another_identifier_and_its_trace_says_how(site: Site) -> None:
    client = waiting(site)
    before = cookie(client)
    assert poll(site, client)["panne"] is None
    site.clock.move(seconds=2)
    assert answered(site, client, "approve") == {"url": "/"}
    assert cookie(client) != before
    assert site.get(client, "/compte").status_code == 200
    assert site.traces("session.open")[-1].details == {"moyen": "e-cps", "situation": "90000011800019"}
    assert site.get(given(site.client(), SESSION, before), "/compte").status_code == 303


def test_page_asked_before_is_shown_after(site: Site) -> None:
    client = enrolled(site, "PSC-02")
    site.post(client, f"{START}?suite=/compte", {"rpps": f" {RPPS['PSC-02'][:5]} {RPPS['PSC-02'][5:]} "})
    site.clock.move(seconds=2)
    assert answered(site, client, "approve") == {"url": "/compte"}


def test_without_script_the_button_does_the_same(site: Site) -> None:
    client = waiting(site)
    early = site.post(client, WAITING)
    assert "pas encore arrivée" in site.get(client, early.headers["Location"]).text
    site.clock.move(seconds=2)
    site.psc.admin("ciba_answer", person="PSC-02", answer="approve")
    assert site.post(client, WAITING).headers["Location"] == "/"
    assert site.get(client, "/compte").status_code == 200


def test_professional_of_two_spsts_chooses_and_the_moyen_follows(site: Site) -> None:
    client = waiting(site, "PSC-01")
    assert answered(site, client, "approve", "PSC-01") == {"url": "/connexion/choix"}
    page = site.get(client, "/connexion/choix").text
    assert "Dans quel service travaillez-vous" in page
    choice = re.search(r'name="tenant_id" value="([^"]+)"', page)
    assert choice
    assert site.post(client, "/connexion/choix", {"tenant_id": choice[1]}).headers["Location"] == "/"
    details = site.traces("session.open")[-1].details
    assert details is not None
    assert details["moyen"] == "e-cps"


def test_loss_of_the_situation_closes_the_account_as_by_the_page_of_the_provider(site: Site) -> None:
    lost = site.invite(site.monde.a, RPPS["PSC-03"], Role.INT)
    assert site.log_in(site.client(), "PSC-03").status_code == 303
    site.psc.admin("change_person", person="PSC-03", activities=[])
    client = waiting(site, "PSC-03")
    assert answered(site, client, "approve", "PSC-03") == {"url": f"{START}?fin=fermee"}
    assert site.account(lost).suspended_at is not None
    assert site.get(client, "/compte").status_code == 303
    assert site.psc.admin("received")["logouts"], "nothing stays open there"


# ──── Pace


def test_provider_is_asked_once_per_interval_whatever_the_browser_does(site: Site) -> None:
    site.psc.admin("ciba_pace", interval=4)
    client = enrolled(site, "PSC-02")
    ask(site, client, "PSC-02")
    assert (poll(site, client)["suite_s"], polls(site)) == (4, 0)
    site.clock.move(seconds=4)
    assert [poll(site, client)["suite_s"] for _ in range(3)] == [4, 4, 4]
    assert polls(site) == 1


def test_interval_is_five_seconds_when_the_provider_says_none(site: Site) -> None:
    site.psc.admin("ciba_pace", interval=None)
    client = enrolled(site, "PSC-02")
    ask(site, client, "PSC-02")
    assert poll(site, client)["suite_s"] == 5


def test_slow_down_adds_five_seconds_for_good(site: Site) -> None:
    client = waiting(site)
    site.psc.admin("break", fault="slow_down")
    assert poll(site, client)["suite_s"] == 6
    site.clock.move(seconds=5)
    assert (poll(site, client)["suite_s"], polls(site)) == (1, 0)
    site.clock.move(seconds=1)
    assert (poll(site, client)["suite_s"], polls(site)) == (6, 1)


def test_polls_leave_no_trace_and_do_not_touch_the_session(site: Site) -> None:
    client = waiting(site)
    token = site.token(client)
    before = {one.id_hash: (one.last_seen_at, one.sceau) for one in site.sessions()}
    traces, notes = len(site.traces("session.open")), len(site.refusals())
    for seconds in (70, 2, 2):
        site.clock.move(seconds=seconds)
        poll(site, client, token)
    assert {one.id_hash: (one.last_seen_at, one.sceau) for one in site.sessions()} == before
    assert (len(site.traces("session.open")), len(site.refusals())) == (traces, notes)


# ──── What ends it


@pytest.mark.parametrize(
    ("said", "fin", "sentence"),
    [
        ("deny", "refusee", "La demande a été refusée sur le téléphone"),
        ("expire", "expiree", "La demande a expiré sans réponse"),
    ],
)
def test_each_end_says_what_to_do_and_opens_nothing(site: Site, said: str, fin: str, sentence: str) -> None:
    client = waiting(site)
    if said == "deny":
        end = answered(site, client, said)
    else:
        site.psc.admin("ciba_answer", person="PSC-02", answer=said)
        end = poll(site, client)
    assert end == {"url": f"{START}?fin={fin}"}
    assert sentence in site.get(client, end["url"]).text
    assert poll(site, client) == {"url": START}
    assert site.get(client, "/compte").status_code == 303


def test_refusal_on_the_telephone_is_in_the_technical_journal(site: Site) -> None:
    answered(site, waiting(site), "deny")
    last = site.refusals()[-1]
    assert (last.evenement, last.niveau, last.faits) == ("connexion_ecps.refusee", 2, {"motif": "ciba.refus"})


def test_request_stops_at_its_end_without_asking_the_provider(site: Site) -> None:
    client = waiting(site)
    site.clock.move(seconds=120)
    assert poll(site, client) == {"url": f"{START}?fin=expiree"}
    assert polls(site) == 0


@pytest.mark.parametrize("status", [502, 503, 504, 500])
def test_provider_that_fails_refuses_nothing_and_the_request_goes_on(site: Site, status: int) -> None:
    client = waiting(site)
    site.psc.admin("break", fault="status", endpoint="token", status=status)
    assert "Pro Santé Connect ne répond pas" in poll(site, client)["panne"]
    site.clock.move(seconds=2)
    assert answered(site, client, "approve") == {"url": "/"}


def test_network_that_fails_refuses_nothing_and_the_page_says_it_without_script(site: Site) -> None:
    client = waiting(site)
    site.psc.admin("break", fault="cut", endpoint="token")
    page = site.get(client, site.post(client, WAITING).headers["Location"])
    assert "Pro Santé Connect ne répond pas" in page.text


@pytest.mark.parametrize("fault", [{"fault": "status", "status": 502}, {"fault": "cut"}])
def test_provider_down_at_the_start_is_said_and_nothing_waits(site: Site, fault: dict[str, Any]) -> None:
    client = enrolled(site, "PSC-02")
    site.psc.admin("break", endpoint="ciba", **fault)
    answer = ask(site, client, "PSC-02")
    assert (answer.status_code, "Pro Santé Connect ne répond pas" in answer.text) == (503, True)
    assert site.get(client, WAITING).headers["Location"] == START


def test_provider_silent_after_the_confirmation_is_no_refusal_either(site: Site) -> None:
    client = waiting(site)
    site.psc.admin("break", fault="status", endpoint="userinfo", status=503)
    end = answered(site, client, "approve")
    assert "Pro Santé Connect a reçu votre confirmation, puis n’a plus répondu" in site.get(client, end["url"]).text


def test_number_that_the_provider_does_not_know_is_refused_and_noted(site: Site) -> None:
    stranger = "10099009994"
    client = site.client()
    poste = Poste.read("").with_login(site.monde.runtime.keyring, stranger, site.clock.now())
    given(client, POSTE, str(poste))
    assert site.post(client, START, {"rpps": stranger}).status_code == 403
    assert site.refusals()[-1].faits["motif"] == "ciba.unknown_user_id"


def test_request_that_is_stopped_opens_nothing_even_when_the_telephone_confirms_after(site: Site) -> None:
    client = waiting(site)
    own = cookie(client)
    late = given(site.client(), SESSION, own)
    assert site.post(client, STOP).headers["Location"] == f"{START}?fin=arretee"
    site.psc.admin("ciba_answer", person="PSC-02", answer="approve")
    assert poll(site, late) == {"url": START}
    assert poll(site, client) == {"url": START}
    assert polls(site) == 0


# ──── Lies


@pytest.mark.parametrize(
    "lie",
    [
        {"fault": "acr"},
        {"fault": "aud"},
        {"fault": "iss"},
        {"fault": "expired"},
        {"fault": "id_token_signature"},
        {"fault": "alg_none"},
        {"fault": "userinfo_sub"},
        {"fault": "userinfo_signature"},
        {"fault": "userinfo_claim", "claim": "SubjectNameID", "value": "810099000019"},
    ],
    ids=lambda lie: "-".join(map(str, lie.values())),
)
def test_answer_that_lies_opens_nothing(site: Site, lie: dict[str, Any]) -> None:
    client = waiting(site)
    site.psc.admin("break", **lie)
    assert answered(site, client, "approve") == {"url": f"{START}?fin=fermee"}
    assert site.get(client, "/compte").status_code == 303
    last = site.refusals()[-1]
    assert (last.evenement, last.niveau) == ("connexion_ecps.refusee", 3)


def test_proof_of_somebody_else_than_who_was_asked_for_opens_nothing(site: Site) -> None:
    """Both tokens agree, and are about another professional who has an account here."""
    client = waiting(site)
    other = {"sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:810099000068", "SubjectNameID": "810099000068"}
    site.psc.admin("break", fault="id_token_claim", claim="sub", value=other["sub"])
    site.psc.admin("break", fault="userinfo_claim", claim="sub", value=other["sub"])
    site.psc.admin("break", fault="userinfo_claim", claim="SubjectNameID", value=other["SubjectNameID"])
    assert answered(site, client, "approve") == {"url": f"{START}?fin=fermee"}
    assert site.refusals()[-1].faits["motif"] == "ciba.autre_personne"


def test_auth_req_id_serves_once_there_and_here(site: Site) -> None:
    peer = ProSanteConnect(config_for(site.psc.url), site.clock)
    asked = peer.ask(RPPS["PSC-02"], "42")
    assert peer.poll(asked.auth_req_id, RPPS["PSC-02"]) is ReponseEcps.ATTENDUE
    site.psc.admin("ciba_answer", person="PSC-02", answer="approve")
    assert isinstance(peer.poll(asked.auth_req_id, RPPS["PSC-02"]), Preuve)
    with pytest.raises(PreuveRefused) as replay:
        peer.poll(asked.auth_req_id, RPPS["PSC-02"])
    assert replay.value.motif == "ciba.invalid_grant"


def test_request_cannot_be_finished_in_another_browser(site: Site) -> None:
    client = waiting(site)
    site.psc.admin("ciba_answer", person="PSC-02", answer="approve")
    other = enrolled(site, "PSC-02")
    assert poll(site, other) == {"url": START}
    stolen = given(site.client(), SESSION, cookie(client))
    headers = {**SCRIPT, "User-Agent": "Un autre navigateur"}
    form = {"csrf_token": site.token(client)}
    assert site.post(stolen, WAITING, form, **headers).status_code in {200, 400}
    assert site.get(stolen, "/compte").status_code == 303
    assert polls(site) == 0


def test_request_finished_twice_with_the_same_cookie_opens_one_session(site: Site) -> None:
    client = waiting(site)
    twin = given(site.client(), SESSION, cookie(client))
    opened = len(site.traces("session.open"))
    assert answered(site, client, "approve") == {"url": "/"}
    assert poll(site, twin) == {"url": START}
    assert len(site.traces("session.open")) == opened + 1


def test_confirmation_read_by_several_windows_at_once_opens_one_session_and_asks_once(site: Site) -> None:
    client = waiting(site)
    token, own, start = site.token(client), cookie(client), threading.Barrier(5)
    site.psc.admin("ciba_answer", person="PSC-02", answer="approve")
    opened = len(site.traces("session.open"))

    def read() -> dict[str, Any]:
        window = given(site.client(), SESSION, own)
        start.wait(10)
        return poll(site, window, token)

    with ThreadPoolExecutor(5) as pool:
        answers = [future.result() for future in [pool.submit(read) for _ in range(5)]]
    assert answers.count({"url": "/"}) == 1
    assert all("suite_s" in one or one["url"] in {"/", START} for one in answers)
    assert (polls(site), len(site.traces("session.open"))) == (1, opened + 1)


def test_neither_token_nor_number_nor_request_reaches_the_browser_or_the_store_in_clear(site: Site) -> None:
    client = waiting(site)
    issued = site.psc.admin("ciba")["pending"][0]["auth_req_id"]
    seen = [site.get(client, WAITING).text, str(poll(site, client)), *map(str, client._cookies or {})]
    kept = str([one.data for one in site.sessions()])
    for secret in (issued, PSC_SECRET, "eyJ", RPPS["PSC-02"]):
        assert all(secret not in text for text in seen)
        assert secret not in kept


# ──── Who may make a telephone ring


def test_browser_that_nobody_entered_from_has_no_form_and_says_why(site: Site) -> None:
    page = site.get(site.client(), START).text
    assert 'name="rpps"' not in page
    assert "Un numéro RPPS est public" in page
    assert 'href="/connexion/psc"' in page


@pytest.mark.parametrize("poste", ["", "x", "A" * 22, f"{'A' * 22}.739000-{'0' * 64}"])
def test_unenrolled_browser_makes_no_telephone_ring(site: Site, poste: str) -> None:
    client = given(site.client(), POSTE, poste)
    answer = ask(site, client, "PSC-02")
    assert (answer.status_code, received(site, "ciba")) == (403, [])
    assert "passez une première fois par la page de Pro Santé Connect" in answer.text


def test_enrolment_of_one_professional_is_not_that_of_another(site: Site) -> None:
    answer = ask(site, enrolled(site, "PSC-06"), "PSC-02")
    assert (answer.status_code, received(site, "ciba")) == (403, [])


def test_log_in_by_the_page_of_the_provider_enrols_this_browser_for_half_a_year(site: Site) -> None:
    client = site.client()
    entered = site.log_in(client, "PSC-02")
    said = next(one for one in entered.headers.getlist("Set-Cookie") if one.startswith(POSTE))
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert f"Max-Age={180 * 86400}" in said
    assert RPPS["PSC-02"] not in said
    client.delete_cookie(SESSION, domain="127.0.0.1")
    assert ask(site, client, "PSC-02").headers["Location"] == WAITING
    site.clock.move(days=181)
    assert ask(site, client, "PSC-02").status_code == 403


def test_enrolment_copied_to_another_number_of_browser_is_worth_nothing(site: Site) -> None:
    own = cookie(enrolled(site, "PSC-02"), POSTE)
    forged = "B" * 22 + own[22:]
    assert ask(site, given(site.client(), POSTE, forged), "PSC-02").status_code == 403


@pytest.mark.parametrize("typed", ["", "1009900002", "10099000028", "1009900002a", "١٠٠٩٩٠٠٠٠٢٧"])
def test_number_that_is_no_rpps_is_said_beside_the_field(site: Site, typed: str) -> None:
    answer = site.post(enrolled(site, "PSC-02"), START, {"rpps": typed})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert received(site, "ciba") == []


def test_fourth_start_in_five_minutes_waits_while_another_number_goes_on(site: Site) -> None:
    client = enrolled(site, "PSC-02", "PSC-06")
    for _ in range(3):
        assert ask(site, client, "PSC-02").status_code == 303
        site.clock.move(seconds=60)
    refused = ask(site, client, "PSC-02")
    assert refused.status_code == 429
    assert 110 <= int(refused.headers["Retry-After"]) <= 120
    assert "Trop d’essais" in refused.text
    assert ask(site, client, "PSC-06").status_code == 303
    elsewhere = enrolled(site, "PSC-02")
    assert ask(site, elsewhere, "PSC-02").status_code == 429, "the number is counted, wherever it is typed"
    site.clock.move(seconds=int(refused.headers["Retry-After"]))
    assert ask(site, client, "PSC-02").status_code == 303


def test_starts_are_bounded_by_browser_and_by_address_too(site: Site) -> None:
    people = [person for person in RPPS if person != "PSC-02"][:5]
    client = enrolled(site, *people, "PSC-02")
    codes = [ask(site, client, person).status_code for person in people * 3]
    assert codes.count(429) == 3
    assert ask(site, client, "PSC-02").status_code == 429
    assert [site.post(site.client(), START, {"rpps": "x"}).status_code for _ in range(60)].count(429) == 16


# ──── Leaving


def entered(site: Site) -> FlaskClient:
    client = waiting(site)
    assert answered(site, client, "approve") == {"url": "/"}
    return client


def test_leaving_ends_the_session_of_the_provider_from_server_to_server(site: Site) -> None:
    client = entered(site)
    assert "Quitter Pro Santé Connect" not in site.get(client, "/compte").text
    answer = site.post(client, "/deconnexion")
    assert answer.headers["Location"] == "/connexion/fermee"
    told = received(site, "logout")[-1]
    assert (told["method"], told["status"], told["params"].keys()) == ("GET", 200, {"id_token_hint"})
    assert len(site.psc.admin("received")["logouts"]) == 1
    assert site.get(client, "/compte").status_code == 303


@pytest.mark.parametrize("fault", [{"fault": "status", "status": 502}, {"fault": "cut"}])
def test_provider_that_does_not_hear_the_end_is_noted_without_a_trait(site: Site, fault: dict[str, Any]) -> None:
    client = entered(site)
    site.psc.admin("break", endpoint="logout", **fault)
    assert site.post(client, "/deconnexion").headers["Location"] == "/connexion/fermee"
    last = site.refusals()[-1]
    assert (last.evenement, last.faits) == ("deconnexion_psc.echec", {"motif": "fournisseur_muet"})
    assert site.get(client, "/compte").status_code == 303


def test_end_of_the_session_at_the_provider_ends_ours(site: Site) -> None:
    client = entered(site)
    site.psc.admin("end_session", person="PSC-02")
    token = site.told.tokens[-1]
    server = site.client()
    answer = server.post("/connexion/psc/fin-de-session", base_url=ORIGIN, data={"logout_token": token})
    assert answer.status_code == 200
    assert site.get(client, "/compte").status_code == 303


def test_provider_without_ciba_does_not_answer(site: Site) -> None:
    peer = ProSanteConnect(config_for(site.psc.url), site.clock)
    known = dict(peer._client.metadata)
    del known["backchannel_authentication_endpoint"]
    peer._client.__dict__["metadata"] = known
    with pytest.raises(ServiceUnavailable):
        peer.ask(RPPS["PSC-02"], "42")
