"""The frame of every page (`cadre` of templates/base.html), and the addresses that depend on who is there."""

from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from flask import Flask, current_app, get_flashed_messages, request, session
from flask import flash as flask_flash

from spst.kernel.clock import PARIS, today
from spst.web.filters import FILTERS, personnel
from spst.web.ports import Espace, Utilisateur
from spst.web.sessions import current, espace_of
from spst.web.state import web

_TOAST = "toast"


def flash(texte: str, ton: str = "ok") -> None:
    """Say once, over the next page, what was done. `ton`: "ok", "", "warn" or "stop". Never a name nor a health datum."""
    flask_flash(texte, ton)


def toast(texte: str, annuler_url: str | None = None, annuler: str = "Annuler") -> None:
    """Say once, at the foot of the next page, what was done, with its undo for ten seconds (a POST)."""
    session[_TOAST] = {"texte": texte, "annuler_url": annuler_url, "annuler": annuler}


def local_path(target: str | None) -> str | None:
    """`target` when it is a path of this site, None otherwise: nobody is sent elsewhere by a link that he was given."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(sign) < 0x21 or sign == "\\" for sign in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def login_url(back: str | None = None, raison: str | None = None) -> str:
    """`back`: the page that one wanted. `raison`: why one is there again, a code that the log-in page puts in words."""
    if espace_of(request.path) is Espace.PORTAIL:
        return f"/p/{_slug()}" if _slug() else "/"
    asked = {"suite": back if back != "/" else None, "raison": raison}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/connexion?{query}" if query else "/connexion"


def home_url() -> str:
    user = current().user
    if user is not None:
        return web().navigation.home(user)
    return login_url()


def page_above(path: str) -> str | None:
    """The nearest page above an address of this site.

    An act has its address under the page that it changes: /direction/comptes/ID/roles, under /direction/comptes/ID.
    """
    addresses = current_app.url_map.bind("", url_scheme="https")
    above = path.rstrip("/")
    while above := above.rpartition("/")[0]:
        if addresses.test(above, method="GET"):
            return above
    return None


def _slug() -> str:
    return str((request.view_args or {}).get("slug", ""))


def _frame() -> dict[str, Any]:
    user = current().user
    return {
        "spst": user.spst if user else None,
        "accueil_url": home_url(),
        "ici": request.path,
        "nav": list(web().navigation.links(user, request.path)) if user else [],
        "recherche": web().navigation.search(user) if user else None,
        "moi": _me(user) if user else None,
        "session": _session(user) if user else None,
        "messages": [{"texte": text, "ton": tone} for tone, text in _flashed()],
        "toast": session.pop(_TOAST, None) if _TOAST in session else None,
        "liens": [],
        "mention": None,
        "zone": str(PARIS),
        "aujourd_hui": today(web().runtime.clock),
        "maintenant": web().runtime.clock.now(),
    }


def _flashed() -> list[tuple[str, str]]:
    return cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))


def _me(user: Utilisateur) -> dict[str, str | None]:
    if espace_of(request.path) is Espace.PORTAIL:
        return {
            "nom": user.nom or "Mon espace",
            "role": user.acteur.role.label,
            "compte_url": None,
            "deconnexion_url": f"/p/{user.slug}/deconnexion",
        }
    return {
        "nom": personnel(*user.nom.split()),
        "role": user.acteur.role.label_of(user.nom),
        "compte_url": "/compte",
        "deconnexion_url": "/deconnexion",
    }


def _session(user: Utilisateur) -> dict[str, Any]:
    in_portal = espace_of(request.path) is Espace.PORTAIL
    return {
        "url": f"/p/{user.slug}/session" if in_portal else "/session",
        "compte_id": user.get_id(),
        "restant_s": seconds_left(),
        "connexion_url": login_url(),
    }


def seconds_left() -> int:
    """Until the session of this request ends, were nothing more done."""
    record = current().record
    if record is None:
        return 0
    return max(0, int((record.ends_at - web().runtime.clock.now()).total_seconds()))


class _Lazy:
    """Read when a template first asks: fragments have no frame, and their messages wait for the next page."""

    def __init__(self) -> None:
        self._values: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        if self._values is None:
            self._values = _frame()
        try:
            return self._values[name]
        except KeyError as error:
            raise AttributeError(name) from error


def install(app: Flask) -> None:
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["asset"] = lambda entry: web().assets.url(entry)
    app.context_processor(lambda: {"cadre": _Lazy()})
