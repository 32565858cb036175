"""Authorization code flow with PKCE, by Authlib; every token checked by joserfc and by us.

Authlib is given nothing to decide: it does not compare `acr`, nor read a signed userinfo. The issuer is the one of the
configuration, never the host that the browser was sent to. All calls are from server to server (EXI PSC 22).
"""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from spst.adapters.oidc.claims import Demande, check_id_token, check_logout_claims, check_userinfo
from spst.adapters.oidc.jwks import Keys, TokenRefused
from spst.kernel.clock import Clock
from spst.kernel.config import OidcPeer
from spst.kernel.errors import ServiceUnavailable

TIMEOUT_S = (3.05, 10.0)
"""Connection, then each read."""
SHORT_TIMEOUT_S = (3.05, 5.0)
"""For what is asked again and again, or what nobody waits for: it holds a process of ours."""
_OAUTH_STATUSES = {200, 400, 401, 403}
_MAX_BYTES = 512_000
_RANDOM = 43


@dataclass(frozen=True, slots=True)
class Profile:
    """How one federation uses OpenID Connect."""

    name: str
    """In French, for whoever reads that it does not answer."""
    scope: str
    acr_values: tuple[str, ...]
    """Asked level first; any of them is accepted. Empty: none is asked nor compared here."""
    algorithms: tuple[str, ...]
    client_auth: str
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Login:
    """One person, proved: the claims of the ID token and those of userinfo agree."""

    id_token: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    userinfo: Mapping[str, Any] = field(repr=False)

    @property
    def auth_time(self) -> datetime:
        """When the person was authenticated: now, for a provider that keeps no session and does not say."""
        return datetime.fromtimestamp(self.claims.get("auth_time", self.claims["iat"]), UTC)


class OidcClient:
    """One registered client at one provider. Built without network; the metadata are read at first use."""

    def __init__(self, peer: OidcPeer, profile: Profile, redirect_uri: str, after_logout: str, clock: Clock) -> None:
        self._peer = peer
        self._profile = profile
        self._redirect_uri = redirect_uri
        self._after_logout = after_logout
        self._clock = clock
        self._keys = Keys(lambda: self._get_json(self.metadata["jwks_uri"]), profile.algorithms, clock)

    @property
    def profile(self) -> Profile:
        return self._profile

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """Raises: ServiceUnavailable; the next call then tries again."""
        read = self._get_json(self._peer.metadata_url)
        if read.get("issuer") != self._peer.issuer:
            raise self._unavailable()
        return read

    def authorize(self, **asked: str) -> tuple[str, Demande]:
        """The address to send the browser to, and what to compare on its return. `asked`: more parameters of the request."""
        demande = Demande(generate_token(_RANDOM), generate_token(_RANDOM), generate_token(64))
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self.metadata["authorization_endpoint"],
                state=demande.state,
                nonce=demande.nonce,
                code_verifier=demande.code_verifier,
                **self._level(),
                **self._profile.extra,
                **asked,
            )
        return str(url), demande

    def exchange(self, demande: Demande, code: str, iss: str | None) -> Login:
        """Code against tokens, tokens against the person. Raises: TokenRefused, ServiceUnavailable."""
        return self.login_of(self._answer(demande, code, iss), demande.nonce)

    def login_of(self, token: Mapping[str, Any], nonce: str | None) -> Login:
        """The person whom an answer of the token endpoint is about. Raises: TokenRefused, ServiceUnavailable."""
        claims = self._claims_of(token, nonce)
        userinfo = self._userinfo(str(token.get("access_token", "")))
        check_userinfo(userinfo, self._peer, str(claims["sub"]))
        return Login(str(token["id_token"]), claims, userinfo)

    def identify(self, demande: Demande, code: str, iss: str | None) -> Mapping[str, Any]:
        """Claims of the ID token alone, of a provider of whom nothing but the person is asked. Raises: as `exchange`."""
        return self._claims_of(self._answer(demande, code, iss), demande.nonce)

    def logout_url(self, id_token: str, state: str = "") -> str:
        """`state`: comes back with the browser; random when nothing has to be remembered."""
        query = {
            "id_token_hint": id_token,
            "post_logout_redirect_uri": self._after_logout,
            "state": state or generate_token(24),
        }
        return f"{self.metadata['end_session_endpoint']}?{urlencode(query)}"

    def end_session(self, id_token: str) -> None:
        """The same from server to server, where no browser holds a session of the provider. Raises: ServiceUnavailable."""
        query = urlencode({"id_token_hint": id_token})
        self._get(f"{self.metadata['end_session_endpoint']}?{query}", {"Accept": "*/*"}, SHORT_TIMEOUT_S)

    def post(self, endpoint: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        """What an endpoint of the metadata answers to this client, authenticated as for a code; a refusal has an `error`.

        Raises: ServiceUnavailable, for everything that is neither an answer nor a refusal of OAuth 2.0 (RFC 6749, 5.2).
        """
        with self._calls(), self._session() as session:
            answer = session.post(
                self._endpoint(endpoint),
                data=dict(form),
                auth=cast(AuthBase, session.client_auth(self._profile.client_auth)),
                headers={"Accept": "application/json"},
                timeout=SHORT_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            )
            body = answer.raw.read(_MAX_BYTES + 1, decode_content=True)
            if answer.status_code not in _OAUTH_STATUSES or len(body) > _MAX_BYTES:
                raise self._unavailable()
            answer._content = body
            read = answer.json()
        if not isinstance(read, dict) or (answer.status_code == requests.codes.ok) == ("error" in read):
            raise self._unavailable()
        return read

    def check_logout_token(self, token: str) -> Mapping[str, Any]:
        """Claims of a back-channel logout token (OpenID Connect Back-Channel Logout 1.0, 2.6). Raises: TokenRefused."""
        header, claims = self._keys.verify(token)
        check_logout_claims(header, claims, self._peer, self._clock.now())
        return claims

    def _answer(self, demande: Demande, code: str, iss: str | None) -> Mapping[str, Any]:
        if iss is not None and iss != self._peer.issuer:  # RFC 9207: the answer of another provider
            raise TokenRefused("iss_du_retour")
        return self._fetch_token(demande, code)

    def _claims_of(self, token: Mapping[str, Any], nonce: str | None) -> Mapping[str, Any]:
        """The claims of the ID token of an answer, checked."""
        _, claims = self._keys.verify(str(token.get("id_token", "")))
        check_id_token(claims, self._peer, nonce, self._profile.acr_values, self._clock.now())
        return claims

    def _level(self) -> dict[str, str]:
        return {"acr_values": self._profile.acr_values[0]} if self._profile.acr_values else {}

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._peer.client_id,
            self._peer.client_secret,
            token_endpoint_auth_method=self._profile.client_auth,
            scope=self._profile.scope,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_S,
        )

    def _fetch_token(self, demande: Demande, code: str) -> Mapping[str, Any]:
        with self._calls(), self._session() as session:
            try:
                return cast(
                    Mapping[str, Any],
                    session.fetch_token(
                        self.metadata["token_endpoint"], code=code, code_verifier=demande.code_verifier
                    ),
                )
            except AuthlibBaseError as error:
                raise TokenRefused(f"code.{error.error}") from error

    def _endpoint(self, name: str) -> str:
        """An option of the provider (CIBA) that is switched off there is a service that does not answer."""
        address = self.metadata.get(name)
        if not isinstance(address, str):
            raise self._unavailable()
        return address

    def _userinfo(self, access_token: str) -> Mapping[str, Any]:
        """Signed (`application/jwt`): a plain JSON answer is refused, it would prove nothing."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/jwt"}
        response = self._get(self.metadata["userinfo_endpoint"], headers)
        if not response.headers.get("content-type", "").startswith("application/jwt"):
            raise TokenRefused("userinfo_sans_signature")
        _, claims = self._keys.verify(response.text)
        return claims

    def _get_json(self, url: str) -> Mapping[str, Any]:
        try:
            read = self._get(url, {"Accept": "application/json"}).json()
        except requests.JSONDecodeError as error:
            raise self._unavailable() from error
        if not isinstance(read, dict):
            raise self._unavailable()
        return read

    def _get(self, url: str, headers: Mapping[str, str], timeout: tuple[float, float] = TIMEOUT_S) -> requests.Response:
        with self._calls():
            response = requests.get(url, headers=headers, timeout=timeout, allow_redirects=False, stream=True)
            with response:
                body = response.raw.read(_MAX_BYTES + 1, decode_content=True)
            if response.status_code != requests.codes.ok or len(body) > _MAX_BYTES:
                raise self._unavailable()
            response._content = body
            return response

    @contextmanager
    def _calls(self) -> Any:
        """What the network does is one error, whichever of its errors it was."""
        try:
            yield
        except (requests.RequestException, HTTPError) as error:  # the second: cut while the body was read
            raise self._unavailable() from error

    def _unavailable(self) -> ServiceUnavailable:
        return ServiceUnavailable(f"{self._profile.name} ne répond pas. Réessayez dans quelques minutes.")
