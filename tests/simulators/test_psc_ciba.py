"""Pro Santé Connect stand-in: login by CIBA, poll mode, without a browser redirect."""

from typing import Any

import pytest
import requests

from tests.simulators.launcher import Simulator
from tests.simulators.listener import Listener
from tests.simulators.relying_party import CLIENT_ID, CLIENT_SECRET, TIMEOUT_S, Browser, RelyingParty

GRANT = "urn:openid:params:grant-type:ciba"
REQUEST = {
    "scope": "openid scope_all",
    "login_hint": "810099000019",
    "binding_message": "42",
    "acr_values": "eidas1",
    "channel": "MOBILE",
}


def post(url: str, form: dict[str, str]) -> requests.Response:
    return requests.post(url, data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=TIMEOUT_S)


def ask(client: RelyingParty, **changes: str) -> requests.Response:
    form = {name: value for name, value in {**REQUEST, **changes}.items() if value}
    return post(client.metadata["backchannel_authentication_endpoint"], form)


def poll(client: RelyingParty, asked: requests.Response) -> dict[str, Any]:
    form = {"grant_type": GRANT, "auth_req_id": asked.json()["auth_req_id"]}
    answer: dict[str, Any] = post(client.metadata["token_endpoint"], form).json()
    return answer


def test_request_waits_until_the_telephone_approves(psc: Simulator, psc_client: RelyingParty) -> None:
    asked = ask(psc_client)
    assert asked.json().keys() == {"auth_req_id", "expires_in", "interval"}
    assert asked.json()["expires_in"] == 120
    assert poll(psc_client, asked)["error"] == "authorization_pending"
    psc.admin("ciba_answer", person="PSC-01", answer="approve")
    token = poll(psc_client, asked)
    claims = psc_client.verified(token["id_token"])
    assert (claims["acr"], claims["aud"]) == ("eidas1", CLIENT_ID)
    assert psc_client.userinfo(token)["SubjectNameID"] == "810099000019"
    assert poll(psc_client, asked)["error"] == "invalid_grant"


def test_refusal_on_the_telephone_is_access_denied(psc: Simulator, psc_client: RelyingParty) -> None:
    asked = ask(psc_client)
    psc.admin("ciba_answer", auth_req_id=asked.json()["auth_req_id"], answer="deny")
    assert poll(psc_client, asked)["error"] == "access_denied"


def test_telephone_page_shows_the_number_and_takes_the_answer(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    asked = ask(psc_client, binding_message="07")
    page = requests.get(f"{psc.origin}/telephone", timeout=TIMEOUT_S)
    assert "CAMILLE ROUVIERE-TEST" in page.text
    assert '<p class="code">07</p>' in page.text
    form = {"auth_req_id": asked.json()["auth_req_id"], "answer": "approve"}
    after = requests.post(f"{psc.origin}/telephone", data=form, timeout=TIMEOUT_S)
    assert "Aucune demande en attente" in after.text
    assert poll(psc_client, asked)["access_token"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"login_hint": "899999999999"}, "unknown_user_id"),
        ({"login_hint": ""}, "invalid_request"),
        ({"binding_message": "4"}, "invalid_binding_message"),
        ({"binding_message": ""}, "invalid_binding_message"),
        ({"channel": ""}, "invalid_request"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"acr_values": ""}, "invalid_request"),
        ({"acr_values": "eidas2"}, "invalid_request"),
    ],
)
def test_request_that_pro_sante_connect_would_refuse_is_refused(
    psc_client: RelyingParty, changes: dict[str, str], error: str
) -> None:
    assert ask(psc_client, **changes).json()["error"] == error


def test_slow_down_is_said_once_when_asked_for(psc: Simulator, psc_client: RelyingParty) -> None:
    asked = ask(psc_client)
    psc.admin("break", fault="slow_down")
    assert poll(psc_client, asked)["error"] == "slow_down"
    assert poll(psc_client, asked)["error"] == "authorization_pending"


def test_poll_sooner_than_the_interval_is_slowed_down_when_the_pace_is_strict(
    psc: Simulator, psc_client: RelyingParty
) -> None:
    psc.admin("ciba_pace", strict=True)
    asked = ask(psc_client)
    assert [poll(psc_client, asked)["error"] for _ in range(2)] == ["authorization_pending", "slow_down"]


def test_interval_is_left_out_when_asked_for(psc: Simulator, psc_client: RelyingParty) -> None:
    psc.admin("ciba_pace", interval=None)
    assert ask(psc_client).json().keys() == {"auth_req_id", "expires_in"}


def test_request_too_old_is_said_expired(psc: Simulator, psc_client: RelyingParty) -> None:
    asked = ask(psc_client)
    psc.admin("ciba_answer", person="PSC-01", answer="expire")
    assert poll(psc_client, asked)["error"] == "expired_token"


def test_logout_can_be_broken(psc: Simulator, psc_client: RelyingParty) -> None:
    psc.admin("break", fault="status", endpoint="logout", status=503)
    url = psc_client.metadata["end_session_endpoint"]
    assert requests.get(url, params={"id_token_hint": "x"}, timeout=TIMEOUT_S).status_code == 503


def test_session_opened_by_ciba_is_ended_by_a_server_to_server_logout(
    psc: Simulator, psc_client: RelyingParty, listener: Listener
) -> None:
    asked = ask(psc_client)
    psc.admin("ciba_answer", person="PSC-01", answer="approve")
    token = poll(psc_client, asked)
    hint = {"id_token_hint": token["id_token"]}
    answer = requests.get(psc_client.metadata["end_session_endpoint"], params=hint, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    assert len(listener.tokens) == 1
    assert psc_client.userinfo_response(token).status_code == 401
