"""Pro Santé Connect stand-in: logout asked by the application, by the door, and told by the back channel."""

import pytest
import requests
from authlib.integrations.base_client import OAuthError

from tests.simulators.launcher import Simulator
from tests.simulators.listener import Listener
from tests.simulators.relying_party import AFTER_LOGOUT, CLIENT_ID, Browser, RelyingParty


def logout_url(client: RelyingParty, token: dict[str, str], target: str = AFTER_LOGOUT) -> str:
    query = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": target, "state": "xyz"}
    return requests.Request("GET", client.metadata["end_session_endpoint"], params=query).prepare().url or ""


def assert_signed_out(client: RelyingParty, browser: Browser, token: dict[str, str]) -> None:
    assert browser.open(client.authorization_url()).status_code == 200
    assert client.userinfo_response(token).status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.oauth.refresh_token(client.metadata["token_endpoint"], refresh_token=token["refresh_token"])


def test_logout_returns_to_the_registered_address_and_ends_session_and_tokens(
    psc_client: RelyingParty, browser: Browser
) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    back = browser.open(logout_url(psc_client, token))
    assert back.headers["location"] == f"{AFTER_LOGOUT}?state=xyz"
    assert_signed_out(psc_client, browser, token)


def test_logout_to_an_unregistered_address_is_refused_and_ends_nothing(
    psc_client: RelyingParty, browser: Browser
) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    answer = browser.open(logout_url(psc_client, token, target="http://127.0.0.1:9/other"))
    assert answer.status_code == 400
    assert psc_client.userinfo_response(token).status_code == 200


def test_logout_with_a_forged_hint_is_refused(psc_client: RelyingParty, browser: Browser) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    header, payload, signature = token["id_token"].split(".")
    forged = {**token, "id_token": f"{header}.{payload}.{signature[::-1]}"}
    assert browser.open(logout_url(psc_client, forged)).status_code == 400
    assert psc_client.userinfo_response(token).status_code == 200


def test_logout_without_hint_asks_the_person_first(
    psc: Simulator, psc_client: RelyingParty, browser: Browser, listener: Listener
) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    page = browser.open(psc_client.metadata["end_session_endpoint"])
    assert "Voulez-vous vous déconnecter" in page.text
    xsrf = page.text.split('name="xsrf" value="')[1].split('"')[0]
    done = browser.submit(page, {"xsrf": xsrf, "logout": "yes"})
    assert "Vous êtes déconnecté" in done.text
    assert len(listener.tokens) == 1
    assert_signed_out(psc_client, browser, token)


def test_logout_tells_the_application_by_a_signed_logout_token_with_the_sid(
    psc: Simulator, psc_client: RelyingParty, browser: Browser, listener: Listener
) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    identity = psc_client.id_claims(token)
    browser.open(logout_url(psc_client, token))
    (logout_token,) = listener.tokens
    claims = psc_client.verified(logout_token)
    assert (claims["iss"], claims["aud"]) == (psc.url, CLIENT_ID)
    assert (claims["sub"], claims["sid"]) == (identity["sub"], identity["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert claims["jti"]


def test_session_ended_by_the_door_is_told_and_written_down(
    psc: Simulator, psc_client: RelyingParty, browser: Browser, listener: Listener
) -> None:
    token = psc_client.sign_in(browser, "PSC-02")
    sid = psc_client.id_claims(token)["sid"]
    told = psc.admin("end_session", person="810099000027")
    assert [call["outcome"] for call in told["backchannel"]] == ["accepted"]
    assert psc_client.verified(listener.tokens[0])["sid"] == sid
    assert [(entry["by"], entry["sid"]) for entry in psc.admin("received")["logouts"]] == [("admin", sid)]
    assert_signed_out(psc_client, browser, token)


def test_application_that_refuses_the_call_is_signed_out_all_the_same(
    psc: Simulator, psc_client: RelyingParty, browser: Browser, listener: Listener
) -> None:
    listener.status = 400
    token = psc_client.sign_in(browser, "PSC-02")
    told = psc.admin("end_session", person="PSC-02")
    assert [(call["outcome"], call["status"]) for call in told["backchannel"]] == [("refused", 400)]
    assert_signed_out(psc_client, browser, token)


def test_ending_one_person_leaves_the_other_signed_in(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    with Browser() as other_browser:
        kept = psc_client.sign_in(other_browser, "PSC-01")
    ended = psc_client.sign_in(browser, "PSC-02")
    psc.admin("end_session", person="PSC-02")
    assert psc_client.userinfo_response(kept).status_code == 200
    assert psc_client.userinfo_response(ended).status_code == 401


def test_two_browsers_of_one_person_have_two_sids(psc_client: RelyingParty, browser: Browser) -> None:
    first = psc_client.id_claims(psc_client.sign_in(browser, "PSC-01"))
    with Browser() as other_browser:
        second = psc_client.id_claims(psc_client.sign_in(other_browser, "PSC-01"))
    assert first["sid"] != second["sid"]


def test_another_person_in_the_same_browser_ends_the_session_of_the_first(
    psc_client: RelyingParty, browser: Browser, listener: Listener
) -> None:
    first = psc_client.sign_in(browser, "PSC-01")
    second = psc_client.sign_in(browser, "PSC-02", prompt="login")
    assert psc_client.userinfo(second)["SubjectNameID"] == "810099000027"
    assert psc_client.userinfo_response(first).status_code == 401
    assert psc_client.verified(listener.tokens[0])["sub"].endswith("810099000019")


def test_same_person_asked_again_keeps_the_session(psc_client: RelyingParty, browser: Browser) -> None:
    first = psc_client.sign_in(browser, "PSC-01")
    again = psc_client.sign_in(browser, "PSC-01", prompt="login")
    assert again["session_state"] == first["session_state"]
    assert psc_client.userinfo_response(first).status_code == 200
