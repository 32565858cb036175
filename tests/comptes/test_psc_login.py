"""Log-in by Pro Santé Connect: what is asked, what is compared, and every lie that is refused."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from spst.kernel.acteur import Role
from tests.comptes.test_psc_samples import RPPS
from tests.factories.site import ORIGIN, PSC_SECRET, Site, path_of, query_of
from tests.simulators.relying_party import Browser

COOKIE = "spst-pro-8000"
LIES: list[dict[str, Any]] = [
    {"fault": "nonce"},
    {"fault": "acr"},
    {"fault": "expired"},
    {"fault": "iss"},
    {"fault": "aud"},
    {"fault": "id_token_claim", "claim": "aud", "value": ["spst-demonstration", "another-client"]},
    {"fault": "id_token_claim", "claim": "azp", "value": "another-client"},
    {"fault": "id_token_claim", "claim": "sub", "value": "f:550dc1c8:810099000027"},
    {"fault": "id_token_claim", "claim": "iat", "value": 1},
    {"fault": "alg_none"},
    {"fault": "alg_hs256"},
    {"fault": "alg_hs256", "with": "client_secret"},
    {"fault": "id_token_signature"},
    {"fault": "userinfo_sub"},
    {"fault": "userinfo_claim", "claim": "aud", "value": "another-client"},
    {"fault": "userinfo_claim", "claim": "iss", "value": "https://issuer.invalid"},
    {"fault": "userinfo_signature"},
]


@pytest.fixture(scope="module", autouse=True)
def _invited(site_of_module: Site) -> None:
    site_of_module.invite(site_of_module.monde.a, RPPS["PSC-02"], Role.INF)
    for spst in (site_of_module.monde.a, site_of_module.monde.b):
        site_of_module.invite(spst, RPPS["PSC-01"], Role.MDT)


@pytest.mark.exigence("AUT-01")
def test_authorization_request_asks_for_what_the_referentiel_wants(site: Site) -> None:
    asked = query_of(site.depart(site.client()))
    assert asked["scope"] == "openid scope_all"
    assert (asked["response_type"], asked["acr_values"], asked["code_challenge_method"]) == ("code", "eidas1", "S256")
    assert asked["redirect_uri"] == f"{ORIGIN}/connexion/psc/retour"
    assert min(len(asked["state"]), len(asked["nonce"]), len(asked["code_challenge"])) >= 43


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: "-".join(map(str, lie.values())))
def test_answer_that_lies_opens_nothing(site: Site, lie: dict[str, Any]) -> None:
    site.psc.admin("break", **lie)
    client = site.client()
    answer = site.log_in(client, "PSC-02")
    assert answer.status_code == 400
    assert "La session ne s’est pas ouverte" in answer.text
    assert site.get(client, "/compte").status_code == 303
    assert site.refusals()[-1].evenement == "connexion_psc.refusee"


@pytest.mark.parametrize("endpoint", ["token", "userinfo"])
def test_provider_that_fails_is_said_unavailable_and_nothing_opens(site: Site, endpoint: str) -> None:
    site.psc.admin("break", fault="status", endpoint=endpoint, status=502)
    client = site.client()
    answer = site.log_in(client, "PSC-02")
    assert answer.status_code == 503
    assert "Pro Santé Connect ne répond pas" in answer.text
    assert site.get(client, "/compte").status_code == 303


def test_connection_cut_by_the_provider_is_no_500(site: Site) -> None:
    site.psc.admin("break", fault="cut", endpoint="token")
    assert site.log_in(site.client(), "PSC-02").status_code == 503


@pytest.mark.exigence("AUT-01")
def test_forged_state_is_refused(site: Site) -> None:
    client = site.client()
    callback = site.callback(client, "PSC-02")
    assert site.get(client, re.sub(r"state=[^&]+", "state=forged", callback)).status_code == 400


@pytest.mark.exigence("AUT-01")
def test_callback_played_in_another_browser_is_refused(site: Site) -> None:
    callback = site.callback(site.client(), "PSC-02")
    other = site.client()
    assert site.get(other, callback).status_code == 400
    assert site.get(other, "/compte").status_code == 303


@pytest.mark.exigence("AUT-01")
def test_callback_played_twice_is_refused_the_second_time(site: Site) -> None:
    client = site.client()
    callback = site.callback(client, "PSC-02")
    assert site.get(client, callback).status_code == 303
    assert site.get(client, callback).status_code == 400


def sent_at_once(site: Site, client: FlaskClient, path: str, times: int = 6) -> list[TestResponse]:
    """The same request of one browser, several times at the same instant."""
    start = threading.Barrier(times)
    kept = client.get_cookie(COOKIE, domain="127.0.0.1")
    assert kept is not None

    def send() -> TestResponse:
        window = site.client()
        window.set_cookie(COOKIE, kept.value, domain="127.0.0.1")
        start.wait(10)
        return site.get(window, path)

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(send) for _ in range(times)]]


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize("choices", [1, 2])
def test_callback_sent_several_times_at_once_enters_once_and_the_others_undo_nothing(site: Site, choices: int) -> None:
    """Going straight in, and by the choice of an SPST."""
    person = "PSC-02" if choices == 1 else "PSC-01"
    client = site.client()
    answers = sent_at_once(site, client, site.callback(client, person))
    entered = [answer for answer in answers if answer.status_code == 303]
    refused = [answer for answer in answers if answer.status_code == 400]
    assert (len(entered), len(refused)) == (1, len(answers) - 1)
    assert all("Set-Cookie" not in answer.headers for answer in refused)
    assert all("connexion" in answer.text for answer in refused)
    value = re.search(rf"{COOKIE}=([\w-]+);", str(entered[0].headers))
    assert value
    client.set_cookie(COOKIE, value[1], domain="127.0.0.1")
    page = "/compte" if choices == 1 else "/connexion/choix"
    assert entered[0].headers["Location"] == ("/" if choices == 1 else page)
    assert site.get(client, page).status_code == 200


@pytest.mark.exigence("AUT-01")
def test_callback_that_comes_again_after_the_log_in_takes_no_cookie_away(site: Site) -> None:
    """With the cookie of before the log-in: the browser sent it before it had the new one."""
    client = site.client()
    callback = site.callback(client, "PSC-02")
    late = site.client()
    before = client.get_cookie(COOKIE, domain="127.0.0.1")
    assert before is not None
    late.set_cookie(COOKIE, before.value, domain="127.0.0.1")
    assert site.get(client, callback).headers["Location"] == "/"
    answer = site.get(late, callback)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False)
    assert site.get(client, "/compte").status_code == 200


@pytest.mark.exigence("AUT-01")
def test_state_of_one_window_outlives_the_log_in_refused_in_another(site: Site) -> None:
    """What is taken is one state: the others that the session keeps stay, and the one taken never comes back."""
    client = site.client()
    first, second = site.callback(client, "PSC-02"), site.callback(client, "PSC-02")
    assert site.get(client, re.sub(r"code=[^&]+", "code=forged", first)).status_code == 400
    assert site.get(client, first).status_code == 400
    assert site.get(client, second).headers["Location"] == "/"


def test_answer_that_names_another_issuer_is_refused(site: Site) -> None:
    client = site.client()
    callback = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fother.invalid", site.callback(client, "PSC-02"))
    assert site.get(client, callback).status_code == 400


def test_log_in_cancelled_at_the_provider_is_said_plainly(site: Site) -> None:
    client = site.client()
    state = query_of(site.depart(client))["state"]
    answer = site.get(client, f"/connexion/psc/retour?state={state}&error=access_denied")
    assert "annulée" in site.get(client, answer.headers["Location"]).text


@pytest.mark.exigence("AUT-01")
def test_somebody_else_who_comes_with_a_bound_rpps_is_refused(site: Site) -> None:
    site.entered("PSC-02")
    site.psc.admin("change_person", person="PSC-02", set={"sub": "f:another-store:810099000027"})
    assert site.log_in(site.client(), "PSC-02").status_code == 403
    assert site.refusals()[-1].faits["motif"] == "identite_discordante"


@pytest.mark.exigence("AUT-01")
def test_profession_that_does_not_support_the_role_granted_is_refused(site: Site) -> None:
    site.invite(site.monde.b, RPPS["PSC-04"], Role.MDT)
    assert site.log_in(site.client(), "PSC-04").status_code == 403


def test_key_rotated_by_the_provider_is_fetched_once_and_log_in_goes_on(site: Site) -> None:
    site.entered("PSC-02")
    site.psc.admin("rotate_key", keep_old=False)
    site.clock.move(seconds=61)
    site.entered("PSC-02")


@pytest.mark.parametrize(
    ("suite", "expected"),
    [("/compte", "/compte"), ("https://evil.test/", "/"), ("//evil.test", "/"), ("/\\evil.test", "/")],
)
def test_page_asked_before_the_log_in_is_shown_after_it_and_no_other_site_is(
    site: Site, suite: str, expected: str
) -> None:
    client = site.client()
    with Browser(ours=(ORIGIN,)) as browser:
        url = site.back_from(browser, site.depart(client, f"/connexion/psc?suite={suite}"), "PSC-02")
    assert site.get(client, path_of(url)).headers["Location"] == expected


@pytest.mark.exigence("AUT-01")
def test_neither_secret_nor_token_reaches_the_browser_or_the_store_in_clear(site: Site) -> None:
    client = site.client()
    answer = site.log_in(client, "PSC-02")
    seen = [answer.text, str(answer.headers), site.get(client, "/compte").text, site.get(client, "/connexion").text]
    for said in seen:
        assert PSC_SECRET not in said
        assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", said)
    kept = site.sessions()
    assert all(b"eyJ" not in (one.idp_sealed or b"") and "eyJ" not in str(one.data) for one in kept)


@pytest.mark.exigence("AUT-06")
def test_log_in_is_written_down_on_its_account_alone_and_outlives_the_session(site: Site) -> None:
    query = text("SELECT c.last_login_at FROM compte c WHERE c.rpps = :rpps")
    with site.monde.superuser.begin() as connection:
        connection.execute(text("UPDATE compte SET last_login_at = NULL"))
    site.entered("PSC-02")
    with site.monde.superuser.begin() as connection:
        connection.execute(text("DELETE FROM session"))
        assert connection.scalar(query, {"rpps": RPPS["PSC-02"]}) is not None
        assert connection.scalar(text("SELECT count(*) FROM compte WHERE last_login_at IS NOT NULL")) == 1
