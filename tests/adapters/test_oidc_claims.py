"""What is compared in the tokens of a provider, one claim at a time, and how its keys are fetched."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from spst.adapters.oidc.claims import check_id_token, check_logout_claims, check_userinfo
from spst.adapters.oidc.jwks import Keys, TokenRefused
from spst.kernel.config import OidcPeer
from tests.factories.site import MovableClock

PEER = OidcPeer("https://issuer.test/realm", "https://issuer.test/metadata", "client", "secret")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSTANT = int(NOW.timestamp())
ID_TOKEN: dict[str, Any] = {
    "iss": PEER.issuer,
    "aud": "client",
    "sub": "f:store:810099000019",
    "nonce": "n" * 43,
    "acr": "eidas1",
    "iat": INSTANT,
    "exp": INSTANT + 120,
    "auth_time": INSTANT - 30,
}
LOGOUT: dict[str, Any] = {
    "iss": PEER.issuer,
    "aud": "client",
    "iat": INSTANT,
    "jti": "once",
    "sid": "s",
    "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
}
TYP = {"typ": "logout+jwt"}


def without(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in names}


def check(claims: dict[str, Any], levels: tuple[str, ...] = ("eidas1", "eidas2")) -> None:
    check_id_token(claims, PEER, "n" * 43, levels, NOW)


def test_id_token_for_this_log_in_is_accepted_within_a_minute_of_skew() -> None:
    check(ID_TOKEN)
    check({**ID_TOKEN, "aud": ["client"], "azp": "client"})
    check({**ID_TOKEN, "iat": INSTANT + 60})
    check({**ID_TOKEN, "iat": INSTANT - 180, "exp": INSTANT - 59})


@pytest.mark.exigence("AUT-01")
@pytest.mark.parametrize(
    "claims",
    [
        *(without(ID_TOKEN, name) for name in ("iss", "aud", "sub", "nonce", "acr", "iat", "exp")),
        {**ID_TOKEN, "iss": "https://issuer.test"},
        {**ID_TOKEN, "aud": "other"},
        {**ID_TOKEN, "aud": ["client", "other"]},
        {**ID_TOKEN, "aud": []},
        {**ID_TOKEN, "azp": "other"},
        {**ID_TOKEN, "nonce": "m" * 43},
        {**ID_TOKEN, "acr": "0"},
        {**ID_TOKEN, "sub": 3},
        {**ID_TOKEN, "exp": INSTANT - 61},
        {**ID_TOKEN, "iat": INSTANT + 61},
        {**ID_TOKEN, "iat": INSTANT - 700},
        {**ID_TOKEN, "iat": "now"},
        {**ID_TOKEN, "nbf": INSTANT + 300},
        {**ID_TOKEN, "auth_time": "soon"},
    ],
    ids=lambda claims: ",".join(f"{k}={claims.get(k)}" for k in ID_TOKEN if claims.get(k) != ID_TOKEN[k]) or "extra",
)
def test_id_token_with_one_claim_wrong_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        check(claims)


@pytest.mark.exigence("AUT-01")
def test_level_below_the_one_asked_is_refused() -> None:
    with pytest.raises(TokenRefused, match="acr"):
        check(ID_TOKEN, levels=("eidas2", "eidas3"))


@pytest.mark.parametrize("claims", [{"sub": "b"}, {}, {"sub": "a", "iss": "other"}, {"sub": "a", "aud": "other"}])
def test_userinfo_of_somebody_or_something_else_is_refused(claims: dict[str, Any]) -> None:
    check_userinfo({"sub": "a", "iss": PEER.issuer, "aud": "client"}, PEER, "a")
    with pytest.raises(TokenRefused):
        check_userinfo(claims, PEER, "a")


@pytest.mark.exigence("AUT-02")
@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, LOGOUT),
        ({"typ": "JWT"}, LOGOUT),
        *((TYP, without(LOGOUT, name)) for name in ("iss", "aud", "iat", "jti", "sid", "events")),
        (TYP, {**LOGOUT, "aud": "other"}),
        (TYP, {**LOGOUT, "iss": "https://other"}),
        (TYP, {**LOGOUT, "nonce": "n"}),
        (TYP, {**LOGOUT, "events": {"http://other": {}}}),
        (TYP, {**LOGOUT, "events": "http://schemas.openid.net/event/backchannel-logout"}),
        (TYP, {**LOGOUT, "iat": INSTANT - 700}),
        (TYP, {**LOGOUT, "jti": 1}),
        (TYP, {**LOGOUT, "exp": INSTANT - 61}),
    ],
)
def test_logout_token_with_one_thing_wrong_is_refused(header: dict[str, Any], claims: dict[str, Any]) -> None:
    check_logout_claims(TYP, LOGOUT, PEER, NOW)
    with pytest.raises(TokenRefused):
        check_logout_claims(header, claims, PEER, NOW)


@dataclass
class Published:
    """The keys that a provider publishes, and how often they were fetched."""

    keys: list[Any] = field(default_factory=list)
    fetched: int = 0

    def __call__(self) -> dict[str, Any]:
        self.fetched += 1
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


@pytest.fixture(scope="module")
def make_key() -> Callable[[str], RSAKey]:
    return lambda kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def signed(key: Any, kid: str, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": kid}, {"sub": "a", "iat": int(time.time())}, key)


def test_flood_of_unknown_keys_fetches_at_most_once_a_minute(make_key: Callable[[str], RSAKey]) -> None:
    clock, known, stranger = MovableClock(), make_key("known"), make_key("stranger")
    published = Published([known])
    keys = Keys(published, ("RS256",), clock)
    keys.verify(signed(known, "known"))
    for n in range(50):
        with pytest.raises(TokenRefused):
            keys.verify(signed(stranger, f"stranger-{n}"))
    assert published.fetched == 1
    clock.ahead += timedelta(seconds=61)
    with pytest.raises(TokenRefused):
        keys.verify(signed(stranger, "stranger"))
    assert published.fetched == 2


def test_known_key_is_never_fetched_again(make_key: Callable[[str], RSAKey]) -> None:
    clock, known = MovableClock(), make_key("known")
    published = Published([known])
    keys = Keys(published, ("RS256",), clock)
    for _ in range(3):
        keys.verify(signed(known, "known"))
        clock.move(hours=1)
    assert published.fetched == 1


@pytest.mark.exigence("AUT-01")
def test_algorithm_outside_the_list_is_refused_before_any_key_is_asked(make_key: Callable[[str], RSAKey]) -> None:
    published = Published([make_key("known")])
    other = ECKey.generate_key("P-256", {"kid": "known", "use": "sig"})
    keys = Keys(published, ("RS256",), MovableClock())
    for token in (signed(other, "known", "ES256"), "a.b.c", "", "e30.e30.", signed(make_key("x"), "")):
        with pytest.raises(TokenRefused):
            keys.verify(token)
    assert published.fetched <= 1
