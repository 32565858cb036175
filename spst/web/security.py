"""What every answer carries and every request must pass, before any route: headers, sizes, signs, forgeries."""

import hmac
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, abort, current_app, g, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from spst.kernel.config import Config
from spst.web.ports import InputRefused
from spst.web.sessions import current

MAX_BYTES = 1_000_000
_SAFE = {"GET", "HEAD", "OPTIONS"}
_BAD_SIGN = re.compile("[\x00\ufffd\ud800-\udfff]")
"""NUL, and what stands for bytes that were no UTF-8."""
_YEAR_S = 31_536_000

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
    ),
    "X-Frame-Options": "DENY",
}

csrf = CSRFProtect()
"""Rooms exempt from it only what no browser sends: `@csrf.exempt` under the route."""


def nonce() -> str:
    """The nonce of this answer, for a script written in the page."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    known: str = g.csp_nonce
    return known


def install(app: Flask, config: Config) -> None:
    app.config.update(
        SECRET_KEY=hmac.digest(config.root_key, b"spst|web|forgery-tokens", "sha256"),
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        MAX_FORM_PARTS=1000,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as the session that it is bound to
        WTF_CSRF_SSL_STRICT=False,  # there is no Referer (Referrer-Policy); `_same_site` looks at the origin instead
        PROPAGATE_EXCEPTIONS=False,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.jinja_env.globals["csp_nonce"] = nonce
    public = urlsplit(config.public_url)
    origin = f"{public.scheme}://{public.netloc}"
    providers = sorted({_origin(peer.issuer) for peer in (config.psc, config.franceconnect)})

    app.before_request(_refuse_bad_signs)
    app.before_request(lambda: _same_site(origin))
    csrf.init_app(app)
    app.after_request(lambda response: _dress(response, config, providers))


def exempt_from_origin(view: Any) -> Any:
    """A call from server to server, which carries its own proof: no forgery token, no origin."""
    view.from_servers = True
    return csrf.exempt(view)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _refuse_bad_signs() -> None:
    """Raises: InputRefused on a NUL or on bytes that are no UTF-8, wherever they came in; 413 when there is too much."""
    raw = (request.environ.get("PATH_INFO", "").encode("latin-1"), unquote_to_bytes(request.query_string))
    if not all(_is_clean_utf8(part) for part in raw):
        raise InputRefused
    if request.method in _SAFE:
        return
    if request.content_length is not None and request.content_length > MAX_BYTES:
        abort(413)
    if request.mimetype == "application/x-www-form-urlencoded" and not _is_clean_utf8(unquote_to_bytes(_raw_body())):
        raise InputRefused  # Werkzeug would leave such bytes in the text, as the signs that encoded them
    if any(_BAD_SIGN.search(text) for text in _texts_of_body()):
        raise InputRefused


def _raw_body() -> bytes:
    """The body as it came; kept, so that the form is parsed from it."""
    return request.get_data(cache=True, parse_form_data=False)


def _is_clean_utf8(raw: bytes) -> bool:
    try:
        return "\x00" not in raw.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _texts_of_body() -> Iterator[str]:
    if request.is_json:
        try:
            yield from _texts(request.get_json())
        except (BadRequest, RecursionError) as error:
            raise InputRefused from error
        return
    for name, values in request.form.lists():
        yield name
        yield from values
    for file in request.files.values():
        yield file.filename or ""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _same_site(origin: str) -> None:
    """A change asked by another site is refused before its token is looked at (ASVS 3.5)."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in _SAFE or getattr(view, "from_servers", False):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        abort(403)
    sent = request.headers.get("Origin")
    if site is None and sent is not None and sent != origin:
        abort(403)


def _dress(response: Response, config: Config, providers: Iterable[str]) -> Response:
    response.headers["Content-Security-Policy"] = content_security_policy(providers)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if config.is_https:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}; includeSubDomains"
    if request.endpoint == "static" and response.status_code in {200, 304}:
        response.headers["Cache-Control"] = _static_lifetime()
    elif "Cache-Control" not in response.headers or current().user is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def content_security_policy(providers: Iterable[str]) -> str:
    """No inline script nor style, no other host. `providers`: where a form that logs out is redirected to."""
    scripts = f"script-src 'self' 'nonce-{nonce()}'" if "csp_nonce" in g else "script-src 'self'"
    return "; ".join(
        (
            "default-src 'none'",
            scripts,
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            " ".join(("form-action 'self'", *providers)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        )
    )


def _static_lifetime() -> str:
    """Built files carry a hash of their content in their name."""
    return "public, max-age=31536000, immutable" if "/dist/" in request.path else "public, max-age=3600"


def clear_site(response: AnyResponse) -> AnyResponse:
    """At log-out the browser forgets what it kept of this site (ASVS 14.3.1).

    Our cookie is deleted by name: the header would also clear those of every other service under the same domain.
    """
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
