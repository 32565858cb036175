"""A fresh log-in before what cannot be done by somebody who sat down at an open screen (AUTH-17; ASVS 7.5.3)."""

from datetime import timedelta
from urllib.parse import urlencode

from spst.web.requests import user
from spst.web.state import web

FRESH = timedelta(minutes=5)
WRITING = timedelta(minutes=10)
"""A form that was opened in time may be sent a little later: nobody loses what he wrote."""


def is_fresh(*, sent: bool = False) -> bool:
    auth_at = user().auth_at
    return auth_at is not None and web().runtime.clock.now() - auth_at <= (WRITING if sent else FRESH)


def login_again_url(back: str) -> str:
    """Where one proves again who he is, to come back to `back`: by the way that he came."""
    query = urlencode({"suite": back, "fraiche": "1"})
    return f"/connexion/psc?{query}"
