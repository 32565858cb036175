"""What somebody typed to find a person stays out of every address: sealed in his session, under an id that says nothing.

An address is copied, kept by the browser and written by proxies; a name in it would tell who was looked for (ANSSI, ASVS 14.2.1).
The form posts, this keeps, and the page that answers is asked by the id: reloading it and going back work as everywhere.
"""

import base64
import json
from uuid import UUID, uuid4

from flask import session

from spst.web.state import web

KEPT = 20
"""The last ones of a session; they end with it."""
EXPIRED = "Cette recherche n’est plus gardée. Tapez-la de nouveau."

_KEY = "recherches"
_PLACE = ("session", _KEY)


def remember(**typed: str) -> str:
    """Keep what was typed in the fields of a form; the id under which `recall` gives it back in this session."""
    key = uuid4()
    sealed = web().runtime.keyring.seal_outside(*_PLACE, key, json.dumps(typed))
    one = {"cle": key.hex, "scelle": base64.b64encode(sealed).decode()}
    session[_KEY] = [*session.get(_KEY, []), one][-KEPT:]
    return key.hex


def recall(key: str) -> dict[str, str] | None:
    """What was kept under `key`; None when it was never kept here, or too long ago."""
    for one in session.get(_KEY, []):
        if one["cle"] == key:
            sealed = base64.b64decode(one["scelle"])
            typed: dict[str, str] = json.loads(web().runtime.keyring.open_outside(*_PLACE, UUID(key), sealed))
            return typed
    return None
