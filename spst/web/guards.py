"""The third wall: a route is closed unless it names its action, and then opens to the families that may knock there.

It holds alone: with a policy engine that says yes to all and row security off, nobody passes here without a session, without
two factors (CSP L. 1470-1 to L. 1470-5), or from a family that the action does not concern.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, current_app, g, request

from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied
from spst.web.ports import Espace, LoginRequired, Utilisateur
from spst.web.requests import unit_of_work, user
from spst.web.sessions import espace_of
from spst.web.state import web

View = Callable[..., Any]

_PAGE = "Cette page est réservée à d’autres fonctions de votre service."
PUBLIC = "public"
FACTORS = 2


class ClosedRoute(RuntimeError):
    """A route names no action, or one that the registry does not hold: the process does not start."""


def requires(action: str) -> Callable[[View], View]:
    """Open a view to users whose family may knock at `action`. Services decide the rest (habilitations.require)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            check(action)
            return view(*args, **kwargs)

        guarded.policy_action = action  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: View) -> View:
    """Open a view to anybody: log-in pages and what is said before anybody is known."""
    view.policy_action = PUBLIC  # type: ignore[attr-defined]
    return view


def check(action: str) -> Utilisateur:
    """Raises: LoginRequired, AccessDenied (traced)."""
    g.action = action
    who = user()
    if not _stands_in_its_espace(who):
        raise LoginRequired
    if who.acteur.facteurs >= FACTORS and who.acteur.famille in web().guards.families(action):
        return who
    with unit_of_work() as ctx:
        raise _refusal(ctx, action)


def _refusal(ctx: Context, action: str) -> AccessDenied:
    """With the rules by which the policies refuse as well; this wall refuses without them when they would open."""
    found = web().targets.find(ctx, action, request.view_args or {})
    by_policy = web().refusals.refusal(ctx, action, found.dossier_id if found else None)
    if by_policy is not None:
        return by_policy
    facts = {"dossier_id": found.dossier_id, "sections": found.sections} if found else {}
    return AccessDenied(_PAGE, action=action, **facts)


def _stands_in_its_espace(who: Utilisateur) -> bool:
    """A session of the portal serves the pages of its own SPST alone."""
    if espace_of(request.path) is Espace.PRO:
        return True
    return (request.view_args or {}).get("slug", who.slug) == who.slug


def needs_session(endpoint: str | None) -> bool:
    return _named_action(current_app, endpoint or "") not in {None, PUBLIC}


def check_routes(app: Flask) -> None:
    """Raises: ClosedRoute, naming the routes."""
    bare = [
        f"{rule.endpoint} ({_named_action(app, rule.endpoint)})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not _is_closed_properly(app, rule.endpoint)
    ]
    if bare:
        raise ClosedRoute(", ".join(sorted(bare)))


def _named_action(app: Flask, endpoint: str) -> str | None:
    return getattr(app.view_functions.get(endpoint), "policy_action", None)


def _is_closed_properly(app: Flask, endpoint: str) -> bool:
    action = _named_action(app, endpoint)
    if action is None or action == PUBLIC:
        return action == PUBLIC
    with app.app_context():
        try:
            return bool(web().guards.families(action))
        except LookupError:
            return False
