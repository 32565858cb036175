"""Sessions kept on the server: the browser holds 256 random bits, the store their SHA-256 (ASVS 7.2.3).

A session is read once at the start of a request and written back at its end when something changed. The identifier changes
whenever what it opens changes: `regenerate`, or `adopt` for one that a log-in has just made. The old one is dead.

Whoever only looks at a page has no session: the secret that his forms are bound to stands in a cookie of its own, and the store
keeps nothing until there is something to keep. Anybody may ask for pages without end.
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager
from werkzeug.datastructures import CallbackDict
from werkzeug.wrappers import Response as AnyResponse

from spst.kernel.config import Config
from spst.kernel.errors import ServiceUnavailable
from spst.web.cookies import hash_of, is_cookie_value, new_cookie_value
from spst.web.ports import Espace, SessionRecord, SessionStore, Utilisateur, take_out

_log = logging.getLogger("spst.web")

_FROM_RECORD = ("_user_id", "_id", "_fresh")
"""Keys of Flask-Login: told anew from the record at each request, never stored."""
_MESSAGES = {"_flashes", "toast"}
_FORM_SECRET = "csrf_token"  # noqa: S105 - a key, under which Flask-WTF keeps what the tokens of forms are signed over
_IS_FORM_SECRET = re.compile(r"[0-9a-f]{40}")
_WITHOUT_SESSION = ("/static/", "/sante")
_PORTAL_PATHS = ("/p/", "/connexion/franceconnect/")
PRESENCE_HEADER = "X-Presence"


def agent_hash(asked: Request) -> str:
    """The browser that a session was opened in: its cookie is refused in another."""
    return hashlib.sha256(asked.headers.get("User-Agent", "").encode()).hexdigest()


def espace_of(path: str) -> Espace:
    return Espace.PORTAIL if path.startswith(_PORTAL_PATHS) else Espace.PRO


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes. The port is in the name where several run on one host, since cookies ignore ports."""

    is_https: bool
    port: int

    @classmethod
    def of(cls, config: Config) -> "Cookies":
        return cls(config.is_https, urlsplit(config.public_url).port or config.port)

    def name(self, espace: Espace) -> str:
        return self._named(espace)

    @property
    def form_name(self) -> str:
        """The secret of the forms of somebody who has no session."""
        return self._named("formulaire")

    @property
    def poste_name(self) -> str:
        """Which professionals have entered by their provider's page from this browser; it outlives their sessions."""
        return self._named("poste")

    def _named(self, short: str) -> str:
        return f"__Host-spst-{short}" if self.is_https else f"spst-{short}-{self.port}"

    def set(self, response: AnyResponse, name: str, value: str, life: timedelta | None = None) -> None:
        """`life`: None for a cookie that goes with the browser's own session."""
        response.set_cookie(
            name, value, max_age=life, secure=self.is_https, httponly=True, samesite="Lax", path="/", domain=None
        )

    def clear(self, response: Response, espace: Espace) -> None:
        response.delete_cookie(
            self.name(espace), secure=self.is_https, httponly=True, samesite="Lax", path="/", domain=None
        )


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """Flask's `session`. `record` is None as long as the store knows none for this browser.

    `form_secret`: what its cookie says, for a browser that has no session.
    """

    def __init__(
        self,
        espace: Espace,
        agent: str,
        record: SessionRecord | None = None,
        *,
        stale: bool = False,
        form_secret: str | None = None,
    ) -> None:
        super().__init__(_initial(agent, record, form_secret), ServerSession._changed)
        self.espace = espace
        self.agent = agent
        self.record = record
        self.stale = stale
        self.modified = False
        self.accessed = False
        self.unavailable: ServiceUnavailable | None = None
        """The store did not answer: nobody is logged in, and nobody is logged out."""
        self._cookie_value: str | None = None
        self._adopted = False
        self._ended = False
        self._left_alone = False
        self._form_secret = form_secret

    @property
    def new(self) -> bool:  # type: ignore[override]
        return self.record is None

    @property
    def user(self) -> Utilisateur | None:
        return self.record.user if self.record else None

    @property
    def id_hash(self) -> str | None:
        return self.record.id_hash if self.record else None

    def regenerate(self) -> None:
        """Another identifier for the same session, at the end of this request."""
        self._cookie_value = new_cookie_value()

    def adopt(self, cookie_value: str) -> None:
        """Go on as the session that a log-in has just stored under this value; what this one held is forgotten."""
        self.clear()
        self.modified = False
        self._cookie_value, self._adopted, self._ended = cookie_value, True, False

    def end(self) -> None:
        """Forget everything; the row in the store is deleted with the response."""
        self.clear()
        self._ended = True

    def take(self, store: SessionStore, *path: str) -> Any:
        """Use up something that serves once (`SessionStore.take`): None for whoever comes second, even at the same instant."""
        if self.record is None:
            return None
        was_modified = self.modified
        take_out(self, path)
        self.modified = was_modified
        return store.take(self.record.id_hash, *path)

    def leave_alone(self) -> None:
        """This request changes neither store nor cookie: another one of the same browser may be opening a session just now."""
        self._left_alone = True

    def stored(self) -> dict[str, Any]:
        return {key: value for key, value in self.items() if key not in _FROM_RECORD}

    def write(self, store: SessionStore) -> str | None:
        """Bring the store to what this request made of the session; the cookie value to send, when it changed."""
        if self._left_alone:
            return None
        if self._adopted:
            value = self._cookie_value or ""
            if self.modified:
                store.save_data(hash_of(value), self.stored())
            return value
        if self._ended:
            if self.record is not None:
                store.delete(self.record.id_hash)
            return None
        return self._write_own(store)

    def _write_own(self, store: SessionStore) -> str | None:
        if self.record is None:
            if not self._is_worth_keeping:
                return None
            value = self._cookie_value or new_cookie_value()
            store.create(hash_of(value), self.espace, self.agent, self.stored())
            return value
        if self.modified:
            store.save_data(self.record.id_hash, self.stored())
        if self._cookie_value is not None:
            store.rename(self.record.id_hash, hash_of(self._cookie_value))
        return self._cookie_value

    @property
    def held_messages_only(self) -> bool:
        """What one page tells the next: its loss does not make an act that stands look like one that failed."""
        if self.record is None or self._cookie_value is not None or self._ended:
            return False
        before, after = self.record.data, self.stored()
        return all(before.get(name) == after.get(name) for name in (before.keys() | after.keys()) - _MESSAGES)

    @property
    def leaves_no_cookie(self) -> bool:
        if self._left_alone:
            return False
        return self._ended or (self.stale and not self._adopted and not self._is_worth_keeping)

    @property
    def new_form_secret(self) -> str | None:
        """What the browser is given to keep, when a page with a form was made for somebody who has no session."""
        if self.record is not None or self._left_alone or self._is_worth_keeping:
            return None
        secret: str | None = self.get(_FORM_SECRET)
        return secret if secret != self._form_secret else None

    @property
    def _is_worth_keeping(self) -> bool:
        return bool(self.stored().keys() - {_FORM_SECRET})

    def _changed(self) -> None:
        self.modified = True


def _initial(agent: str, record: SessionRecord | None, form_secret: str | None) -> Mapping[str, Any]:
    known: dict[str, Any] = {"_id": agent}
    if record is None:
        return known | ({_FORM_SECRET: form_secret} if form_secret else {})
    known |= record.data
    if record.user is not None:
        known |= {"_user_id": record.user.get_id(), "_fresh": True}
    return known


class ServerSessionInterface(SessionInterface):
    """Reads and writes through the port. A poll (header `X-Presence`) never prolongs."""

    def __init__(self, store: SessionStore, cookies: Cookies) -> None:
        self._store = store
        self._cookies = cookies

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        espace, agent = espace_of(request.path), agent_hash(request)
        value = request.cookies.get(self._cookies.name(espace), "")
        secret = self._form_secret(request)
        if request.path.startswith(_WITHOUT_SESSION) or not value:
            return ServerSession(espace, agent, form_secret=secret)
        record = None
        if is_cookie_value(value):
            prolong = PRESENCE_HEADER not in request.headers
            try:
                record = self._store.load(hash_of(value), espace, agent, prolong=prolong)
            except ServiceUnavailable as error:
                return _without_store(espace, agent, error)
        return ServerSession(espace, agent, record, stale=record is None, form_secret=secret)

    def _form_secret(self, request: Request) -> str | None:
        sent = request.cookies.get(self._cookies.form_name, "")
        return sent if _IS_FORM_SECRET.fullmatch(sent) else None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, ServerSession)
        if session.unavailable is not None:
            return
        try:
            value = session.write(self._store)
        except ServiceUnavailable:
            if not session.held_messages_only:
                raise
            _log.warning("messages of a session lost")
            return
        if session.leaves_no_cookie:
            self._cookies.clear(response, session.espace)
        elif value is not None:
            self._cookies.set(response, self._cookies.name(session.espace), value)
        if (secret := session.new_form_secret) is not None:
            self._cookies.set(response, self._cookies.form_name, secret)


def _without_store(espace: Espace, agent: str, error: ServiceUnavailable) -> ServerSession:
    session = ServerSession(espace, agent)
    session.unavailable = error
    return session


def _refuse_without_store() -> None:
    if (error := current().unavailable) is not None:
        raise error


def install(app: Flask, store: SessionStore, cookies: Cookies) -> None:
    """Server-side sessions, and Flask-Login fed by them alone: no remember cookie, another browser is refused."""
    app.session_interface = ServerSessionInterface(store, cookies)
    manager = LoginManager()
    manager.session_protection = "strong"
    manager._session_identifier_generator = _identifier  # agent alone: addresses change under a mobile session
    manager.init_app(app)
    manager.user_loader(_load_user)
    app.before_request(_refuse_without_store)


def _identifier() -> str:
    return agent_hash(request)


def _load_user(user_id: str) -> Utilisateur | None:
    user = current().user
    return user if user is not None and user.get_id() == user_id else None


def current() -> ServerSession:
    """The session of this request, with what Flask's own type does not say."""
    found = session._get_current_object()  # type: ignore[attr-defined]
    assert isinstance(found, ServerSession)
    return found
