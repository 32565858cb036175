"""What stands in a session's cookie: 256 random bits for the browser, their SHA-256 for the server."""

import hashlib
import re
import secrets

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_cookie_value() -> str:
    return secrets.token_urlsafe(32)


def hash_of(cookie_value: str) -> str:
    return hashlib.sha256(cookie_value.encode()).hexdigest()


def is_cookie_value(text: str) -> bool:
    return _VALUE.fullmatch(text) is not None
