"""What the claims of each token must be, beyond its signature. Pure functions on what was decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from spst.adapters.oidc.jwks import TokenRefused
from spst.kernel.config import OidcPeer

SKEW_S = 60
"""Clocks may differ by this much, in either direction."""
_OLDEST_S = 600
"""A token made for this log-in is not older."""
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Demande:
    """What one log-in under way must find again. `state` finds it, `nonce` ties the token, `code_verifier` the code."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


def check_id_token(
    claims: Mapping[str, Any], peer: OidcPeer, nonce: str | None, levels: tuple[str, ...], now: datetime
) -> None:
    """OpenID Connect Core 3.1.3.7, and the level (`acr`), which the library leaves to us. Raises: TokenRefused.

    `nonce`: None for a token that was asked from server to server and never passed through a browser (CIBA Core 1.0).
    `levels`: empty when whoever called judges the level himself.
    """
    by_browser = {} if nonce is None else {"nonce": {"essential": True, "value": nonce}}
    _check(
        claims,
        now,
        iss={"essential": True, "value": peer.issuer},
        aud={"essential": True, "value": peer.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        **({"acr": {"essential": True, "values": list(levels)}} if levels else {}),
        **by_browser,
    )
    _check_audience(claims, peer)
    _check_age(claims, now)
    if not isinstance(claims["sub"], str) or not isinstance(claims.get("auth_time", claims["iat"]), int):
        raise TokenRefused("claim.auth_time")


def check_userinfo(claims: Mapping[str, Any], peer: OidcPeer, sub: str) -> None:
    """OpenID Connect Core 5.3.2 and 5.3.4: the same person, told by the same provider to us. Raises: TokenRefused."""
    if claims.get("sub") != sub:
        raise TokenRefused("userinfo.sub")
    if claims.get("iss", peer.issuer) != peer.issuer:
        raise TokenRefused("userinfo.iss")
    if "aud" in claims:
        _check_audience(claims, peer)


def check_logout_claims(header: Mapping[str, Any], claims: Mapping[str, Any], peer: OidcPeer, now: datetime) -> None:
    """Back-Channel Logout 1.0, 2.4 and 2.6. An ID token is signed by the same key: it is told apart here.

    Raises: TokenRefused.
    """
    if str(header.get("typ", "")).lower() not in {"logout+jwt", "application/logout+jwt"}:
        raise TokenRefused("typ")
    _check(
        claims,
        now,
        iss={"essential": True, "value": peer.issuer},
        aud={"essential": True, "value": peer.client_id},
        iat={"essential": True},
        jti={"essential": True},
    )
    _check_audience(claims, peer)
    _check_age(claims, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise TokenRefused("events")
    if "nonce" in claims:
        raise TokenRefused("nonce")
    if not isinstance(claims.get("sid") or claims.get("sub"), str) or not isinstance(claims["jti"], str):
        raise TokenRefused("sid")


def _check(claims: Mapping[str, Any], now: datetime, **wanted: Any) -> None:
    registry = JWTClaimsRegistry(now=int(now.timestamp()), leeway=SKEW_S, **wanted)
    try:
        registry.validate(dict(claims))
    except (JoseError, ValueError) as error:
        claim = getattr(error, "claim", None) or type(error).__name__
        raise TokenRefused(f"claim.{claim}") from error


def _check_audience(claims: Mapping[str, Any], peer: OidcPeer) -> None:
    """For us, and for us alone: another client that holds our token could play it back."""
    if (
        claims.get("aud") not in (peer.client_id, [peer.client_id])
        or claims.get("azp", peer.client_id) != peer.client_id
    ):
        raise TokenRefused("claim.aud")


def _check_age(claims: Mapping[str, Any], now: datetime) -> None:
    issued = claims.get("iat")
    if not isinstance(issued, int) or not -SKEW_S <= now.timestamp() - issued <= _OLDEST_S:
        raise TokenRefused("claim.iat")
