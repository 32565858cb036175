"""A fresh log-in before what cannot be done by somebody who sat down at an open screen (AUTH-17; ASVS 7.5.3)."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from spst.web.requests import user
from spst.web.state import web

FRESH = timedelta(minutes=5)
WRITING = timedelta(minutes=10)
"""A form that was opened in time may be sent a little later: nobody loses what he wrote."""


def is_recent(auth_at: datetime | None, now: datetime, limit: timedelta = FRESH) -> bool:
    """Whether a log-in is recent enough, for a service that is told when it was made."""
    return auth_at is not None and now - auth_at <= limit


def is_fresh(*, sent: bool = False) -> bool:
    """Whether the log-in of this request is. `sent`: a form comes back."""
    return is_recent(user().auth_at, web().runtime.clock.now(), WRITING if sent else FRESH)


def login_again_url(back: str) -> str:
    """Where one proves again with his card or e-CPS who he is, to come back to `back`."""
    query = urlencode({"suite": back, "fraiche": "1"})
    return f"/connexion/psc?{query}"
