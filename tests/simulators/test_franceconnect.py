"""FranceConnect+ stand-in, seen by Authlib and joserfc."""

import json

import pytest
import requests
from authlib.integrations.base_client import OAuthError

from tests.simulators.launcher import Simulator
from tests.simulators.relying_party import (
    AFTER_LOGOUT,
    CLIENT_ID,
    CLIENT_SECRET,
    TIMEOUT_S,
    Browser,
    RelyingParty,
    query_of,
)

AMR = json.dumps({"id_token": {"amr": {"essential": True}}})


def test_code_flow_gives_the_identite_pivot_in_a_signed_userinfo(
    franceconnect: Simulator, franceconnect_client: RelyingParty, browser: Browser
) -> None:
    token = franceconnect_client.sign_in(browser, "FC-12")
    claims = franceconnect_client.id_claims(token)
    userinfo = franceconnect_client.userinfo(token)
    assert claims["acr"] == "eidas2"
    assert claims["sub"] == userinfo["sub"]
    assert (token["expires_in"], claims["exp"] - claims["iat"]) == (60, 60)
    assert "refresh_token" not in token
    assert {name: userinfo[name] for name in ("family_name", "given_name", "birthdate", "gender")} == {
        "family_name": "NESSI",
        "given_name": "Ruth Isabelle",
        "birthdate": "1977-07-14",
        "gender": "female",
    }
    assert (userinfo["birthplace"], userinfo["birthcountry"]) == ("63220", "99100")
    assert userinfo["preferred_username"] == "DECOURCY"


def test_paths_are_those_of_the_second_version(franceconnect: Simulator, franceconnect_client: RelyingParty) -> None:
    metadata, base = franceconnect_client.metadata, franceconnect.url
    assert base.endswith("/api/v2")
    assert [
        metadata[name] for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    ] == [
        f"{base}/authorize",
        f"{base}/token",
        f"{base}/userinfo",
        f"{base}/jwks",
    ]
    assert metadata["end_session_endpoint"] == f"{base}/session/end"


def test_sub_is_pairwise_and_stays_the_same_from_one_login_to_the_next(
    franceconnect_client: RelyingParty, browser: Browser
) -> None:
    first = franceconnect_client.id_claims(franceconnect_client.sign_in(browser, "FC-01"))["sub"]
    with Browser() as other_browser:
        second = franceconnect_client.id_claims(franceconnect_client.sign_in(other_browser, "FC-01"))["sub"]
    with Browser() as third_browser:
        another = franceconnect_client.id_claims(franceconnect_client.sign_in(third_browser, "FC-03"))["sub"]
    assert first == second != another
    assert len(first) == 66


def test_amr_is_given_when_the_claims_parameter_asks(franceconnect_client: RelyingParty, browser: Browser) -> None:
    asked = franceconnect_client.sign_in(browser, "FC-01", claims=AMR)
    assert "mfa" in franceconnect_client.id_claims(asked)["amr"]


def test_amr_is_left_out_when_nobody_asks(franceconnect_client: RelyingParty, browser: Browser) -> None:
    token = franceconnect_client.sign_in(browser, "FC-01")
    assert "amr" not in franceconnect_client.id_claims(token)


def test_person_born_abroad_has_no_birthplace(franceconnect_client: RelyingParty, browser: Browser) -> None:
    userinfo = franceconnect_client.userinfo(franceconnect_client.sign_in(browser, "FC-21"))
    assert (userinfo["birthplace"], userinfo["birthcountry"]) == ("", "99122")


def test_scopes_limit_what_userinfo_says(franceconnect_client: RelyingParty, browser: Browser) -> None:
    token = franceconnect_client.sign_in(browser, "FC-01", scope="openid birth")
    userinfo = franceconnect_client.userinfo(token)
    assert userinfo.keys() == {"sub", "birthplace", "birthcountry", "iss", "aud", "iat", "exp"}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "x" * 21},
        {"nonce": "x" * 21},
        {"nonce": ""},
        {"acr_values": ""},
        {"acr_values": "eidas1"},
    ],
    ids=["short state", "short nonce", "no nonce", "no level", "level of FranceConnect"],
)
def test_request_that_is_not_strict_enough_is_refused_on_the_spot(
    franceconnect_client: RelyingParty, browser: Browser, changes: dict[str, str]
) -> None:
    answer = browser.open(franceconnect_client.authorization_url(**changes))
    assert answer.status_code == 400
    assert "invalid_request" in answer.text


def test_scope_that_is_not_allowed_is_refused(franceconnect_client: RelyingParty, browser: Browser) -> None:
    answer = browser.open(franceconnect_client.authorization_url(scope="openid address"))
    assert query_of(answer.headers["location"])["error"] == "invalid_scope"


def test_unregistered_redirect_uri_is_refused_without_a_redirect(
    franceconnect_client: RelyingParty, browser: Browser
) -> None:
    answer = browser.open(franceconnect_client.authorization_url(redirect_uri="http://127.0.0.1:9/other"))
    assert answer.status_code == 400


def test_secret_in_the_header_instead_of_the_form_is_refused(
    franceconnect_client: RelyingParty, browser: Browser
) -> None:
    code = query_of(franceconnect_client.login(browser, "FC-01"))["code"]
    form = {"grant_type": "authorization_code", "code": code}
    endpoint = franceconnect_client.metadata["token_endpoint"]
    answer = requests.post(endpoint, data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_code_replayed_is_refused(franceconnect_client: RelyingParty, browser: Browser) -> None:
    callback = franceconnect_client.login(browser, "FC-01")
    franceconnect_client.exchange(callback)
    with pytest.raises(OAuthError, match="invalid_grant"):
        franceconnect_client.exchange(callback)


def test_cancel_sends_the_browser_back_with_access_denied(franceconnect_client: RelyingParty, browser: Browser) -> None:
    page = browser.open(franceconnect_client.authorization_url())
    back = browser.submit(page, {"annuler": "oui"})
    assert query_of(back.headers["location"])["error"] == "access_denied"


def test_logout_returns_with_the_state_and_ends_the_session(
    franceconnect_client: RelyingParty, browser: Browser
) -> None:
    token = franceconnect_client.sign_in(browser, "FC-01")
    endpoint = franceconnect_client.metadata["end_session_endpoint"]
    query = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": AFTER_LOGOUT, "state": "xyz"}
    back = browser.open(f"{endpoint}?{requests.compat.urlencode(query)}")
    assert back.headers["location"] == f"{AFTER_LOGOUT}?state=xyz"
    assert browser.open(franceconnect_client.authorization_url()).status_code == 200


def test_traits_corrected_at_the_source_show_at_the_next_login(
    franceconnect: Simulator, franceconnect_client: RelyingParty, browser: Browser
) -> None:
    franceconnect.admin("change_person", person="FC-01", set={"given_name": "Zoe Anne"}, remove=["email"])
    userinfo = franceconnect_client.userinfo(franceconnect_client.sign_in(browser, "FC-01"))
    assert userinfo["given_name"] == "Zoe Anne"
    assert "email" not in userinfo


def test_login_without_a_second_factor_can_be_played(
    franceconnect: Simulator, franceconnect_client: RelyingParty, browser: Browser
) -> None:
    franceconnect.admin("break", fault="amr", value=["pwd"])
    token = franceconnect_client.sign_in(browser, "FC-01", claims=AMR)
    assert franceconnect_client.id_claims(token)["amr"] == ["pwd"]


def test_session_ended_by_the_door_is_told_to_nobody(
    franceconnect: Simulator, franceconnect_client: RelyingParty, browser: Browser
) -> None:
    franceconnect_client.sign_in(browser, "FC-01")
    told = franceconnect.admin("end_session", person="FC-01")
    assert (len(told["ended"]), told["backchannel"]) == (1, [])
    assert browser.open(franceconnect_client.authorization_url()).status_code == 200
