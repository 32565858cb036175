"""Each fault of the admin door does what it says, on both stand-ins, and does it once."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import RSAKey

from tests.simulators.launcher import Simulator, SimulatorError
from tests.simulators.relying_party import CLIENT_SECRET, TIMEOUT_S, Browser, RelyingParty

PERSON = {"psc": "PSC-01", "franceconnect": "FC-01"}


@pytest.fixture(params=["psc", "franceconnect"])
def peer(request: pytest.FixtureRequest) -> tuple[Simulator, RelyingParty, str]:
    name = request.param
    return request.getfixturevalue(name), request.getfixturevalue(f"{name}_client"), PERSON[name]


Peer = tuple[Simulator, RelyingParty, str]


def header_of(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("nonce", InvalidClaimError),
        ("iss", InvalidClaimError),
        ("aud", InvalidClaimError),
        ("expired", ExpiredTokenError),
        ("alg_none", UnsupportedAlgorithmError),
        ("alg_hs256", UnsupportedAlgorithmError),
        ("id_token_signature", BadSignatureError),
    ],
)
def test_id_token_spoilt_is_refused_by_a_stock_client_and_the_next_one_is_sound(
    peer: Peer, browser: Browser, fault: str, error: type[Exception]
) -> None:
    simulator, client, person = peer
    simulator.admin("break", fault=fault)
    spoilt = client.sign_in(browser, person)
    with pytest.raises(error):
        client.id_claims(spoilt)
    assert client.id_claims(client.sign_in(browser, person))


def test_lower_acr_is_signed_like_the_truth(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    simulator.admin("break", fault="acr")
    lower = {"psc": "0", "franceconnect": "eidas1"}[simulator.name]
    assert client.id_claims(client.sign_in(browser, person))["acr"] == lower


def test_any_claim_of_the_id_token_can_be_replaced(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    simulator.admin("break", fault="id_token_claim", claim="auth_time", value=1)
    assert client.id_claims(client.sign_in(browser, person))["auth_time"] == 1


def test_hs256_is_made_with_the_public_key_or_with_the_secret(
    psc: Simulator, psc_client: RelyingParty, browser: Browser
) -> None:
    (published,) = psc_client.keys().keys
    assert isinstance(published, RSAKey)
    pem = published.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for chosen, secret in (("public_key", pem), ("client_secret", CLIENT_SECRET.encode())):
        psc.admin("break", fault="alg_hs256", **{"with": chosen})
        token = psc_client.sign_in(browser, "PSC-01")["id_token"]
        signed, _, signature = token.rpartition(".")
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert header_of(token)["alg"] == "HS256"
        assert base64.urlsafe_b64encode(mac).rstrip(b"=").decode() == signature


def test_alg_none_has_no_signature(psc: Simulator, psc_client: RelyingParty, browser: Browser) -> None:
    psc.admin("break", fault="alg_none")
    token = psc_client.sign_in(browser, "PSC-01")["id_token"]
    assert header_of(token)["alg"] == "none"
    assert token.endswith(".")


def test_userinfo_with_a_tampered_signature_is_refused_once(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    token = client.sign_in(browser, person)
    simulator.admin("break", fault="userinfo_signature")
    response = client.userinfo_response(token)
    assert response.headers["content-type"].startswith("application/jwt")
    with pytest.raises(BadSignatureError):
        client.verified(response.text)
    assert client.userinfo(token)


def test_userinfo_of_another_sub_is_well_signed(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    token = client.sign_in(browser, person)
    simulator.admin("break", fault="userinfo_sub", value="somebody-else")
    assert client.userinfo(token)["sub"] == "somebody-else"


def test_any_claim_of_userinfo_can_be_replaced(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    token = client.sign_in(browser, person)
    simulator.admin("break", fault="userinfo_claim", claim="family_name", value="AUTRE-TEST")
    assert client.userinfo(token)["family_name"] == "AUTRE-TEST"


@pytest.mark.parametrize("endpoint", ["token", "userinfo", "jwks_uri"])
def test_endpoint_answers_500_the_number_of_times_asked(peer: Peer, endpoint: str) -> None:
    simulator, client, _ = peer
    name = endpoint.removesuffix("_uri")
    url = client.metadata.get(f"{name}_endpoint") or client.metadata["jwks_uri"]
    simulator.admin("break", fault="status", endpoint=name, times=2)
    method = "POST" if name == "token" else "GET"
    seen = [requests.request(method, url, timeout=TIMEOUT_S).status_code for _ in range(3)]
    assert seen[:2] == [500, 500]
    assert seen[2] != 500


def test_status_can_be_chosen(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    simulator.admin("break", fault="status", status=503)
    callback = client.login(browser, person)
    with pytest.raises((OAuthError, requests.HTTPError)):
        client.exchange(callback)


def test_connection_is_cut_in_the_face_of_the_client(peer: Peer) -> None:
    simulator, _, _ = peer
    simulator.admin("break", fault="cut", endpoint="discovery")
    url = f"{simulator.url}/.well-known/openid-configuration"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=TIMEOUT_S)
    assert requests.get(url, timeout=TIMEOUT_S).ok


def test_slow_answer_is_held_until_released(peer: Peer) -> None:
    simulator, client, _ = peer
    simulator.admin("break", fault="slow", endpoint="jwks")
    with pytest.raises(requests.ReadTimeout):
        requests.get(client.metadata["jwks_uri"], timeout=0.2)
    assert simulator.admin("release") == {"released": 1}
    assert requests.get(client.metadata["jwks_uri"], timeout=TIMEOUT_S).ok


def test_slow_answer_of_a_given_length_comes_in_the_end(peer: Peer) -> None:
    simulator, client, _ = peer
    simulator.admin("break", fault="slow", endpoint="jwks", ms=1)
    assert requests.get(client.metadata["jwks_uri"], timeout=TIMEOUT_S).ok
    assert simulator.admin("faults")["pending"] == []


def test_rotated_key_signs_at_once_and_the_old_one_stays_published(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    before = client.sign_in(browser, person)
    kid = simulator.admin("rotate_key")["kid"]
    after = client.sign_in(browser, person)
    assert header_of(after["id_token"])["kid"] == kid != header_of(before["id_token"])["kid"]
    assert client.verified(before["id_token"])
    assert client.id_claims(after)
    assert client.userinfo(before)


def test_key_rotated_without_keeping_the_old_one_leaves_earlier_tokens_unverifiable(
    peer: Peer, browser: Browser
) -> None:
    simulator, client, person = peer
    before = client.sign_in(browser, person)
    simulator.admin("rotate_key", keep_old=False)
    with pytest.raises(InvalidKeyIdError):
        client.verified(before["id_token"])
    assert client.id_claims(client.sign_in(browser, person))


def test_door_remembers_requests_without_the_secret(peer: Peer, browser: Browser) -> None:
    simulator, client, person = peer
    client.userinfo(client.sign_in(browser, person))
    received = simulator.admin("received")["requests"]
    seen = [(entry["endpoint"], entry["status"]) for entry in received]
    assert ("token", 200) in seen
    assert ("userinfo", 200) in seen
    (exchange,) = [entry for entry in received if entry["endpoint"] == "token"]
    assert exchange["client_auth"] == {"psc": "basic", "franceconnect": "post"}[simulator.name]
    assert exchange["params"]["grant_type"] == "authorization_code"
    assert CLIENT_SECRET not in json.dumps(received)


def test_door_refuses_what_a_page_in_the_same_browser_could_send(peer: Peer) -> None:
    simulator, _, _ = peer
    url = f"{simulator.origin}/admin/reset"
    form = requests.post(url, data={"a": "b"}, timeout=TIMEOUT_S)
    rebound = requests.post(url, json={}, headers={"Host": "evil.example"}, timeout=TIMEOUT_S)
    read = requests.get(url, timeout=TIMEOUT_S)
    assert [form.status_code, rebound.status_code, read.status_code] == [415, 403, 405]


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("unknown", {}),
        ("break", {"fault": "unknown"}),
        ("break", {"fault": "status", "endpoint": "unknown"}),
        ("break", {"fault": "userinfo_claim"}),
        ("change_person", {"person": "unknown"}),
        ("end_session", {"person": "unknown"}),
        ("add_person", {"person": {"id": "X"}}),
    ],
)
def test_door_refuses_what_it_does_not_know(peer: Peer, verb: str, options: dict[str, Any]) -> None:
    simulator, _, _ = peer
    with pytest.raises(SimulatorError):
        simulator.admin(verb, **options)
