"""A browser of somebody, which sends what no page of ours would send."""

import re
from collections.abc import Iterable
from html import unescape
from itertools import count
from typing import Any
from urllib.parse import quote_from_bytes

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.site import ORIGIN, SCREEN, Site

Pairs = Iterable[tuple[str, str]]
FORM = "application/x-www-form-urlencoded"
_networks = count(1)


class Poste:
    """One browser, its token, and a subscriber's network of its own: rate limits of other tests do not reach it."""

    def __init__(self, site: Site, client: FlaskClient, page: str | None = None) -> None:
        """`page`: where its forms stand, when it is not a page of the staff."""
        self.site, self.client, self._page = site, client, page
        number = next(_networks)
        client.environ_base["REMOTE_ADDR"] = f"10.{number // 250}.{number % 250}.9"
        self._token: str | None = None

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = self._token_of_page() if self._page else self.site.token(self.client)
        return self._token

    def _token_of_page(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(self._page or "").text)
        assert found, self._page
        return unescape(found[1])

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=ORIGIN, headers={**SCREEN, **headers})

    def post(self, path: str, form: Pairs = (), **headers: str) -> TestResponse:
        """Fields as they are given, in their order, repeated or not, the token of the session among them."""
        return self.send(path, encoded([("csrf_token", self.token), *form]), FORM, **headers)

    def send(self, path: str, body: bytes, content_type: str, **headers: str) -> TestResponse:
        return self.client.post(
            path, base_url=ORIGIN, data=body, content_type=content_type, headers={**SCREEN, **headers}
        )

    def open(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**SCREEN, **options.pop("headers", {})}
        return self.client.open(path, method=method, base_url=ORIGIN, headers=headers, **options)


def encoded(pairs: Pairs) -> bytes:
    """Half characters leave as the three bytes that some programs make of them, and that are no UTF-8."""
    return b"&".join(_quoted(name) + b"=" + _quoted(value) for name, value in pairs)


def _quoted(text: str) -> bytes:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="").encode()
