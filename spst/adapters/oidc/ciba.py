"""Log-in asked from server to server, poll mode (OpenID Connect CIBA Core 1.0): ask, then ask what became of it.

What comes in the end is checked as a code's tokens are. There is no browser in between, hence neither state nor nonce: what
ties the answer to whoever asked is `auth_req_id`, which never leaves the server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spst.adapters.oidc.client import Login, OidcClient
from spst.adapters.oidc.jwks import TokenRefused
from spst.kernel.errors import ServiceUnavailable

GRANT = "urn:openid:params:grant-type:ciba"
DEFAULT_INTERVAL_S = 5
"""CIBA Core 1.0, 7.3: when the answer says none."""
UNDECIDED = frozenset({"authorization_pending", "slow_down", "access_denied", "expired_token"})
"""CIBA Core 1.0, 11: answers about the request; any other error refuses the question itself."""


class AnswerLost(Exception):
    """The person has confirmed, and the provider then answered no more: the request is spent, and tells nothing again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under way. Both durations are seconds, as the provider said them."""

    auth_req_id: str = field(repr=False)
    expires_in: int
    interval: int


def ask(client: OidcClient, login_hint: str, binding_message: str, channel: str) -> Asked:
    """Raises: TokenRefused, ServiceUnavailable."""
    answer = client.post(
        "backchannel_authentication_endpoint",
        {
            "scope": client.profile.scope,
            "login_hint": login_hint,
            "binding_message": binding_message,
            "acr_values": client.profile.acr_values[0],
            "channel": channel,
        },
    )
    if "error" in answer:
        raise TokenRefused(f"ciba.{_code(answer)}")
    return _asked(answer)


def poll(client: OidcClient, auth_req_id: str) -> Login | str:
    """Who confirmed, or one of `UNDECIDED`. Raises: TokenRefused, AnswerLost, ServiceUnavailable."""
    answer = client.post("token_endpoint", {"grant_type": GRANT, "auth_req_id": auth_req_id})
    if "error" in answer:
        code = _code(answer)
        if code in UNDECIDED:
            return code
        raise TokenRefused(f"ciba.{code}")
    try:
        return client.login_of(answer, nonce=None)
    except ServiceUnavailable as error:
        raise AnswerLost from error


def _asked(answer: Mapping[str, Any]) -> Asked:
    auth_req_id = answer.get("auth_req_id")
    if not isinstance(auth_req_id, str) or not auth_req_id:
        raise TokenRefused("ciba.reponse")
    return Asked(
        auth_req_id, _duration(answer.get("expires_in")), _duration(answer.get("interval", DEFAULT_INTERVAL_S))
    )


def _duration(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise TokenRefused("ciba.reponse")
    return value


def _code(answer: Mapping[str, Any]) -> str:
    """A code for the log, whatever the provider wrote there."""
    code = str(answer["error"])
    return code if code.isascii() and code.replace("_", "").isalnum() and len(code) <= 40 else "inconnu"
