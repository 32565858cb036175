"""Pages of passkeys: entering by one, and one's own list of them.

The browser's part is frontend/cles.ts: it asks for a challenge, lets the person answer on his device, and posts the answer in a
form. Without it password and code remain.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from spst.comptes import cles, cles_rules, routes_local, routes_psc
from spst.comptes import services_connexion as connexions
from spst.comptes.cles import Defi, Demande
from spst.comptes.cles_rules import Site
from spst.comptes.errors import CleNotAdded, CleNotFound, CleRefused, ConnexionTropAncienne
from spst.comptes.local import Tentative
from spst.comptes.ports import PreuveRefused
from spst.comptes.preuves import Moyen
from spst.kernel.errors import NotFound
from spst.web import fresh
from spst.web.frame import flash, local_path
from spst.web.guards import public, requires
from spst.web.limits import limit_address, network_of
from spst.web.requests import correlation_id, reference, user
from spst.web.sessions import current
from spst.web.state import web

bp = Blueprint("cles", __name__)

_ENTREE, _AJOUT = "cle_defi", "cle_defi_ajout"
_AGAIN = "/connexion/locale?suite=/compte/cles"


@bp.post("/connexion/locale/cle/defi")
@public
def ask_entry() -> ResponseReturnValue:
    limit_address("cle.depart", 300, 300)
    return _asked(_ENTREE, cles.ask_entry(web().runtime, _site()))


@bp.post("/connexion/locale/cle")
@public
def enter() -> ResponseReturnValue:
    """The challenge is spent whatever comes next. Of the same answer sent twice at once, the second undoes nothing."""
    defi = Defi.from_data(current().take(web().sessions, _ENTREE))
    if defi is None:
        current().leave_alone()
    try:
        identite_id = cles.check(web().runtime, _site(), defi, request.form.get("reponse", ""), _tentative())
    except CleRefused as refusal:
        return make_response(routes_local.password_page(str(refusal)), 401)
    try:
        connexion, found = connexions.login_locally(web().runtime, identite_id, correlation_id(), Moyen.CLE)
    except PreuveRefused:
        view = {"retour_url": "/connexion", "reference": reference()}
        return render_template("connexion/refusee.html", connexion=view), 403
    return routes_psc.enter(connexion, found, local_path(request.args.get("suite")) or "/")


@bp.get("/compte/cles")
@requires("session.close")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("/compte/cles/defi")
@requires("session.close")
def ask_creation() -> ResponseReturnValue:
    return _asked(_AJOUT, cles.ask_creation(web().runtime, _site(), _identite(), user().auth_at))


@bp.post("/compte/cles")
@requires("session.close")
def add() -> ResponseReturnValue:
    defi = Defi.from_data(current().take(web().sessions, _AJOUT))
    form = request.form
    try:
        cles.add(
            web().runtime,
            _site(),
            _identite(),
            user().auth_at,
            form.get("nom", ""),
            defi,
            form.get("reponse", ""),
            _tentative(),
        )
    except ConnexionTropAncienne:
        return redirect(_AGAIN, 303)
    except CleNotAdded as refusal:
        return make_response(_page(str(refusal)), 422)
    flash("La clé est ajoutée. Elle vous fait entrer dès maintenant.")
    return redirect("/compte/cles", 303)


@bp.post("/compte/cles/retrait")
@requires("session.close")
def remove() -> ResponseReturnValue:
    try:
        cles.remove(web().runtime, _identite(), UUID(request.form.get("cle", "")), _tentative())
    except (CleNotFound, ValueError):
        flash(str(CleNotFound()), "warn")
    else:
        flash("La clé est retirée\u202f: elle n’ouvre plus rien. Effacez-la aussi de l’appareil.")
    return redirect("/compte/cles", 303)


def _asked(name: str, demande: Demande) -> ResponseReturnValue:
    session[name] = demande.defi.to_data()
    return demande.options


def _page(erreur: str | None = None) -> ResponseReturnValue:
    view: dict[str, Any] = {
        "liste": cles.of_identity(web().runtime, _identite()),
        "fraiche": fresh.is_fresh(),
        "nom": request.form.get("nom", ""),
        "erreur": erreur,
        "entrer_url": _AGAIN,
        "porte": cles_rules.porte(web().config.public_url, request.host_url.rstrip("/"), "/compte/cles"),
    }
    return render_template("connexion/cles.html", cles=view)


def _site() -> Site:
    """Raises: NotFound, where the public address is a number: no page offers a key there."""
    found = cles_rules.site(web().config.public_url)
    if found is None:
        raise NotFound
    return found


def _identite() -> UUID | None:
    record = current().record
    return record.identite_id if record else None


def _tentative() -> Tentative:
    return Tentative(network_of(request.remote_addr or "0.0.0.0"), correlation_id())  # noqa: S104 - nothing is bound
