"""Pro Santé Connect stand-in, seen by Authlib and joserfc."""

from tests.simulators.launcher import Simulator
from tests.simulators.relying_party import Browser, RelyingParty


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
    assert "SubjectRefPro" not in claims
    assert response.headers["content-type"].startswith("application/jwt")
    assert userinfo["SubjectNameID"] == "810099000027"
    assert (token["expires_in"], token["refresh_expires_in"]) == (120, 1800)
