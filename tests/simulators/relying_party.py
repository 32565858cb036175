"""A stock OpenID Connect client (Authlib, joserfc) and a browser reduced to what the login needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

CLIENT_ID = "spst-test"
CLIENT_SECRET = "not-a-secret-only-a-test-value-000"
CALLBACK = "http://127.0.0.1:9/callback"
AFTER_LOGOUT = "http://127.0.0.1:9/au-revoir"
ENVIRONMENT = {
    "CLIENT_ID": CLIENT_ID,
    "CLIENT_SECRET": CLIENT_SECRET,
    "REDIRECT_URIS": CALLBACK,
    "POST_LOGOUT_REDIRECT_URIS": AFTER_LOGOUT,
}
TIMEOUT_S = 10


class Browser:
    """Keeps cookies, follows redirects inside the provider, stops at the first address of the application."""

    def __init__(self, ours: tuple[str, ...] = (CALLBACK, AFTER_LOGOUT)) -> None:
        self._ours = ours
        self._session = requests.Session()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def open(self, url: str) -> requests.Response:
        return self._follow(self._session.get(url, allow_redirects=False, timeout=TIMEOUT_S))

    def submit(self, page: requests.Response, fields: Mapping[str, str]) -> requests.Response:
        form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert form, page.text
        target = requests.compat.urljoin(page.url, form[1])
        return self._follow(self._session.post(target, data=fields, allow_redirects=False, timeout=TIMEOUT_S))

    def _follow(self, response: requests.Response) -> requests.Response:
        while response.is_redirect and not response.headers["location"].startswith(self._ours):
            target = requests.compat.urljoin(response.url, response.headers["location"])
            response = self._session.get(target, allow_redirects=False, timeout=TIMEOUT_S)
        return response


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


class RelyingParty:
    """One application registered at a provider; every request is made by Authlib, every signature read by joserfc."""

    def __init__(self, metadata_url: str, *, auth_method: str, scope: str, algorithm: str, acr: str) -> None:
        self.metadata: dict[str, Any] = requests.get(metadata_url, timeout=TIMEOUT_S).json()
        self.algorithm = algorithm
        self._extra = {"acr_values": acr}
        self.oauth = OAuth2Session(
            CLIENT_ID,
            CLIENT_SECRET,
            token_endpoint_auth_method=auth_method,
            scope=scope,
            redirect_uri=CALLBACK,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_S,
        )
        self.nonce = ""
        self.state = ""
        self._verifier = ""

    def close(self) -> None:
        self.oauth.close()

    def authorization_url(self, **changes: str) -> str:
        """The authorization request; a change with an empty value takes the parameter away."""
        self.nonce, self._verifier = generate_token(32), generate_token(48)
        wanted = {"nonce": self.nonce, "code_verifier": self._verifier, **self._extra, **changes}
        url, self.state = self.oauth.create_authorization_url(
            self.metadata["authorization_endpoint"],
            state=wanted.pop("state", None) or generate_token(32),
            **{name: value for name, value in wanted.items() if value},
        )
        return str(url)

    def login(self, browser: Browser, person: str, **changes: str) -> str:
        """Asks, chooses the person on the page (unless a session is alive), and returns the callback address."""
        page = browser.open(self.authorization_url(**changes))
        if not page.is_redirect:
            page = browser.submit(page, {"personne": person})
        return str(page.headers["location"])

    def exchange(self, callback: str, verifier: str | None = None) -> dict[str, Any]:
        """The tokens; Authlib compares the state and raises OAuthError on a refusal."""
        token: dict[str, Any] = self.oauth.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=callback,
            state=self.state,
            code_verifier=verifier or self._verifier,
        )
        return token

    def sign_in(self, browser: Browser, person: str, **changes: str) -> dict[str, Any]:
        return self.exchange(self.login(browser, person, **changes))

    def keys(self) -> KeySet:
        return KeySet.import_key_set(requests.get(self.metadata["jwks_uri"], timeout=TIMEOUT_S).json())

    def verified(self, token: str) -> dict[str, Any]:
        """Claims of a JWT whose signature holds with the published keys and the one algorithm expected."""
        return dict(jwt.decode(token, self.keys(), algorithms=[self.algorithm]).claims)

    def id_claims(self, token: Mapping[str, Any]) -> dict[str, Any]:
        """Claims of the ID token, checked as OpenID Connect Core 3.1.3.7 asks (acr excepted)."""
        claims = self.verified(token["id_token"])
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.metadata["issuer"]},
            aud={"essential": True, "value": CLIENT_ID},
            nonce={"essential": True, "value": self.nonce},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        registry.validate(claims)
        return claims

    def userinfo_response(self, token: Mapping[str, Any]) -> requests.Response:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return requests.get(self.metadata["userinfo_endpoint"], headers=headers, timeout=TIMEOUT_S)

    def userinfo(self, token: Mapping[str, Any]) -> dict[str, Any]:
        return self.verified(self.userinfo_response(token).text)
