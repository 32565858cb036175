"""Pro Santé Connect stand-in: login, refusals, refresh, people, seen by Authlib and joserfc."""

import re
from html import unescape

import pytest
import requests
from authlib.integrations.base_client import OAuthError

from tests.simulators.launcher import Simulator
from tests.simulators.relying_party import CLIENT_ID, CLIENT_SECRET, TIMEOUT_S, Browser, RelyingParty, query_of


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=TIMEOUT_S)


def test_code_flow_with_pkce_gives_an_id_token_and_a_signed_userinfo(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    token = psc_client.sign_in(browser, "PSC-02")
    claims = psc_client.id_claims(token)
    response = psc_client.userinfo_response(token)
    userinfo = psc_client.verified(response.text)
    assert claims["acr"] == "eidas1"
    assert claims["sub"] == userinfo["sub"]
    assert claims["sid"] == token["session_state"]
    assert claims["auth_time"]
    assert "SubjectRefPro" not in claims
    assert response.headers["content-type"].startswith("application/jwt")
    assert userinfo["SubjectNameID"] == "810099000027"
    assert (token["expires_in"], token["refresh_expires_in"]) == (120, 1800)


def test_discovery_is_served_under_the_name_of_the_wallet_and_the_standard_one_only(psc: Simulator) -> None:
    wallet = get(f"{psc.url}/.well-known/wallet-openid-configuration")
    standard = get(f"{psc.url}/.well-known/openid-configuration")
    elsewhere = get(f"{psc.origin}/.well-known/openid-configuration")
    assert wallet.json() == standard.json()
    assert elsewhere.status_code == 404


def test_paths_are_those_of_the_wallet_and_of_keycloak(psc: Simulator, psc_client: RelyingParty) -> None:
    protocol = f"{psc.url}/protocol/openid-connect"
    metadata = psc_client.metadata
    assert psc.url.endswith("/auth/realms/esante-wallet")
    assert metadata["issuer"] == psc.url
    assert metadata["authorization_endpoint"] == f"{psc.origin}/auth"
    assert metadata["token_endpoint"] == f"{protocol}/token"
    assert metadata["userinfo_endpoint"] == f"{protocol}/userinfo"
    assert metadata["jwks_uri"] == f"{protocol}/certs"
    assert metadata["end_session_endpoint"] == f"{protocol}/logout"
    assert metadata["introspection_endpoint"] == f"{protocol}/token/introspect"
    assert metadata["backchannel_authentication_endpoint"] == f"{protocol}/ext/ciba/auth"


def test_callback_names_the_issuer_and_returns_the_state(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    callback = query_of(psc_client.login(browser, "PSC-01"))
    assert callback["iss"] == psc.url
    assert callback["state"] == psc_client.state


def test_login_page_has_a_button_with_the_name_of_each_person(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    page = browser.open(psc_client.authorization_url()).text
    names = [unescape(name) for name in re.findall(r"<button[^>]*>\s*<strong>([^<]+)</strong>", page)]
    assert names == [person["nom"] for person in psc.admin("people")["people"]]
    assert "CAMILLE ROUVIERE-TEST" in names
    assert '<html lang="fr">' in page
    assert "Simulateur de Pro Santé Connect — aucune vraie carte ici" in page
    assert not re.search(r"(src|href)=", page)


def test_cancel_sends_the_browser_back_with_access_denied(psc_client: RelyingParty, browser: Browser) -> None:
    page = browser.open(psc_client.authorization_url())
    back = browser.submit(page, {"annuler": "oui"})
    assert query_of(back.headers["location"])["error"] == "access_denied"


def test_unregistered_redirect_uri_is_refused_without_a_redirect(psc_client: RelyingParty, browser: Browser) -> None:
    answer = browser.open(psc_client.authorization_url(redirect_uri="http://127.0.0.1:9/other"))
    assert answer.status_code == 400
    assert "invalid_redirect_uri" in answer.text


@pytest.mark.parametrize("scope", ["openid", "openid profile", "openid scope_all rpps"])
def test_any_scope_but_openid_scope_all_is_refused(psc_client: RelyingParty, browser: Browser, scope: str) -> None:
    answer = browser.open(psc_client.authorization_url(scope=scope))
    assert query_of(answer.headers["location"])["error"] == "invalid_scope"


def test_request_without_nonce_is_refused(psc_client: RelyingParty, browser: Browser) -> None:
    answer = browser.open(psc_client.authorization_url(nonce=""))
    assert query_of(answer.headers["location"])["error"] == "invalid_request"


def test_secret_in_the_form_instead_of_the_header_is_refused(psc_client: RelyingParty, browser: Browser) -> None:
    callback = psc_client.login(browser, "PSC-01")
    form = {
        "grant_type": "authorization_code",
        "code": query_of(callback)["code"],
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    answer = requests.post(psc_client.metadata["token_endpoint"], data=form, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_code_with_another_pkce_verifier_is_refused(psc_client: RelyingParty, browser: Browser) -> None:
    callback = psc_client.login(browser, "PSC-01")
    with pytest.raises(OAuthError, match="invalid_grant"):
        psc_client.exchange(callback, verifier="v" * 48)


def test_code_replayed_is_refused_and_takes_the_tokens_down(psc_client: RelyingParty, browser: Browser) -> None:
    callback = psc_client.login(browser, "PSC-01")
    token = psc_client.exchange(callback)
    with pytest.raises(OAuthError, match="invalid_grant"):
        psc_client.exchange(callback)
    assert psc_client.userinfo_response(token).status_code == 401


def test_refresh_gives_new_tokens_and_uses_up_the_old_one(psc_client: RelyingParty, browser: Browser) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    endpoint = psc_client.metadata["token_endpoint"]
    fresh = psc_client.oauth.refresh_token(endpoint, refresh_token=token["refresh_token"])
    assert psc_client.userinfo(fresh)["SubjectNameID"] == "810099000019"
    with pytest.raises(OAuthError, match="invalid_grant"):
        psc_client.oauth.refresh_token(endpoint, refresh_token=token["refresh_token"])


def test_introspection_tells_a_live_token_from_a_dead_one(psc_client: RelyingParty, browser: Browser) -> None:
    token = psc_client.sign_in(browser, "PSC-01")
    endpoint = psc_client.metadata["introspection_endpoint"]
    live = psc_client.oauth.introspect_token(endpoint, token=token["access_token"])
    dead = psc_client.oauth.introspect_token(endpoint, token="unknown")
    assert (live.json()["active"], dead.json()["active"]) == (True, False)


def test_live_session_answers_without_the_page_unless_login_is_asked(
    psc_client: RelyingParty, browser: Browser
) -> None:
    psc_client.sign_in(browser, "PSC-01")
    silent = browser.open(psc_client.authorization_url())
    asked = browser.open(psc_client.authorization_url(prompt="login"))
    assert "code" in query_of(silent.headers["location"])
    assert asked.status_code == 200


def test_person_of_two_spst_has_an_activity_in_both(psc_client: RelyingParty, browser: Browser) -> None:
    userinfo = psc_client.userinfo(psc_client.sign_in(browser, "PSC-01"))
    activities = userinfo["SubjectRefPro"]["exercices"][0]["activities"]
    assert {activity["numeroSirenSite"] for activity in activities} == {"900000118", "900000225"}
    assert (userinfo["SubjectOrganization"], userinfo["Secteur_Activite"]) == ("", "")


def test_activities_withdrawn_and_name_changed_show_at_once(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    token = psc_client.sign_in(browser, "PSC-02")
    psc.admin("change_person", person="PSC-02", activities=[], set={"family_name": "AUTRE-TEST"})
    userinfo = psc_client.userinfo(token)
    assert userinfo["SubjectRefPro"]["exercices"][0]["activities"] == []
    assert (userinfo["SubjectOrganizationID"], userinfo["family_name"]) == ("", "AUTRE-TEST")


def test_person_added_can_sign_in_and_reset_forgets_her(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    claims = {"sub": "f:550dc1c8:810099000142", "SubjectNameID": "810099000142", "family_name": "NOUVELLE-TEST"}
    psc.admin("add_person", person={"id": "NEUVE", "nom": "ANNE NOUVELLE-TEST", "claims": claims})
    userinfo = psc_client.userinfo(psc_client.sign_in(browser, "NEUVE"))
    assert userinfo["family_name"] == "NOUVELLE-TEST"
    psc.admin("reset")
    assert "NEUVE" not in {person["id"] for person in psc.admin("people")["people"]}


def test_every_rpps_has_a_valid_luhn_key(psc: Simulator) -> None:
    def luhn_sum(digits: str) -> int:
        doubled = (int(digit) * (1 + rank % 2) for rank, digit in enumerate(reversed(digits)))
        return sum(value - 9 if value > 9 else value for value in doubled)

    identifiers = [person["claims"]["SubjectNameID"] for person in psc.admin("people")["people"]]
    assert len(set(identifiers)) == len(identifiers)
    for identifier in identifiers:
        assert len(identifier) == 12
        assert luhn_sum(identifier[1:]) % 10 == 0
