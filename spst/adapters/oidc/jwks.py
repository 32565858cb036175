"""The published keys of a provider, and the tokens they sign."""

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from spst.kernel.clock import Clock

REFRESH = timedelta(minutes=1)


class TokenRefused(Exception):
    """A token is not what it should be. `motif`: a code for the log, never a part of the token."""

    def __init__(self, motif: str) -> None:
        super().__init__(motif)
        self.motif = motif


class Keys:
    """Keys by `kid`, fetched again when an unknown one is met, at most once a minute whoever asks (AUTH-08)."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]], algorithms: tuple[str, ...], clock: Clock) -> None:
        self._fetch = fetch
        self._algorithms = algorithms
        self._clock = clock
        self._lock = threading.Lock()
        self._keys = KeySet([])
        self._next_fetch = clock.now()

    def verify(self, token: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Header and claims of a JWT that one of the published keys signed, with an allowed algorithm.

        Raises: TokenRefused.
        """
        kid = self._kid(token)
        try:
            checked = jwt.decode(token, self._key_set(kid), algorithms=self._algorithms)
        except (JoseError, ValueError) as error:
            raise TokenRefused(f"signature.{type(error).__name__}") from error
        return checked.header, dict(checked.claims)

    def _kid(self, token: str) -> str:
        """Every signing key of these providers is named: a token that names none is refused before any fetch."""
        try:
            header = jws.extract_compact(token.encode()).protected
        except (JoseError, ValueError) as error:
            raise TokenRefused("jeton_illisible") from error
        kid = header.get("kid")
        if header.get("alg") not in self._algorithms or not isinstance(kid, str):
            raise TokenRefused("algorithme")
        return kid

    def _key_set(self, kid: str) -> KeySet:
        with self._lock:
            now = self._clock.now()
            if now >= self._next_fetch and all(key.kid != kid for key in self._keys.keys):
                self._next_fetch = now + REFRESH
                self._keys = KeySet.import_key_set(_signing(self._fetch()))
            return self._keys


def _signing(document: Mapping[str, Any]) -> KeySetSerialization:
    keys = [key for key in document.get("keys", ()) if key.get("use", "sig") == "sig"]
    return cast(KeySetSerialization, {"keys": keys})
