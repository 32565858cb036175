"""Pages of log-in by Pro Santé Connect, of log-out, and of one's own sessions."""

import logging
from dataclasses import asdict
from typing import Any, Protocol
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from spst.comptes import services_connexion as connexions
from spst.comptes import services_ecps as ecps
from spst.comptes.ports import DemandeConnexion, FournisseurIdentite, Preuve, PreuveRefused, Retour
from spst.comptes.ports_ecps import FournisseurEcps
from spst.comptes.postes import LIFE, Poste
from spst.comptes.preuves import Connexion
from spst.comptes.services_connexion import Choix, SuiteAuFournisseur
from spst.kernel.errors import NotFound, ServiceUnavailable
from spst.tenants import queries as tenants
from spst.traces import services as traces
from spst.web import security
from spst.web.frame import flash, home_url, local_path
from spst.web.guards import public, requires
from spst.web.limits import limit_address
from spst.web.requests import correlation_id, reference, unit_of_work
from spst.web.sessions import Cookies, current
from spst.web.state import web

bp = Blueprint("connexion", __name__)
_log = logging.getLogger("spst.connexion")

PROVIDER = "spst.psc"
"""Where `wiring` plugs the FournisseurIdentite in the application's extensions."""
_DEMANDES, _CONNEXION, _SUITE = "psc_demandes", "connexion", "suite"
_MOST_DEMANDES = 3
"""Log-ins started in so many windows at once; the oldest is forgotten."""
_ATTACKS = ("signature", "algorithme", "claim.", "userinfo.", "iss_du_retour", "state", "jti_rejoue")
_MESSAGES = {
    "fermee": "Votre session est fermée.",
    "terminee": (
        "Votre session s’est fermée\u00a0: restée sans activité, ouverte depuis trop longtemps, ou fermée par la direction. "
        "Une fois reconnecté, vous reviendrez à la même page."
    ),
    "annulee": "La connexion a été annulée. Rien n’a été ouvert.",
}


class Fournisseur(FournisseurIdentite, FournisseurEcps, Protocol):
    """One provider, asked through a browser or from server to server."""


def provider() -> Fournisseur:
    found: Fournisseur = current_app.extensions[PROVIDER]
    return found


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Everybody's own first page; where the provider sends the browser back after a log-out."""
    if current().user is None:
        return redirect("/connexion?raison=fermee" if "state" in request.args else "/connexion", 303)
    return redirect(home_url(), 303)


@bp.get("/connexion")
@public
def choose_way() -> ResponseReturnValue:
    if current().user is not None:
        return redirect(local_path(request.args.get("suite")) or home_url(), 303)
    suite = local_path(request.args.get("suite"))
    query = f"?{urlencode({'suite': suite})}" if suite else ""
    view = {
        "psc_url": f"/connexion/psc{query}",
        "ecps_url": f"/connexion/e-cps{query}",
        "locale_url": f"/connexion/locale{query}",
        "portail_url": None,
        "message": _MESSAGES.get(request.args.get("raison", "")),
    }
    return render_template("connexion/choix.html", connexion=view)


@bp.get("/connexion/psc")
@public
def start() -> ResponseReturnValue:
    limit_address("psc.depart", 60, 300)
    demande = provider().authorize(fresh="fraiche" in request.args)
    waiting: dict[str, dict[str, str]] = dict(session.get(_DEMANDES, {}))
    waiting[demande.state] = {**asdict(demande), "url": "", "suite": local_path(request.args.get("suite")) or "/"}
    session[_DEMANDES] = dict(list(waiting.items())[-_MOST_DEMANDES:])
    return redirect(demande.url, 303)


@bp.get("/connexion/psc/retour")
@public
def come_back() -> ResponseReturnValue:
    """The state is spent whatever comes next; without it nothing is asked of the provider.

    The same answer sent several times at once enters once: the others must not undo the session that it opens.
    """
    kept: dict[str, str] | None = current().take(web().sessions, _DEMANDES, request.args.get("state", ""))
    if kept is None:
        current().leave_alone()
        return _refused("state", 400)
    if "code" not in request.args:
        return redirect("/connexion?raison=annulee", 303)
    suite = kept.pop("suite")
    try:
        preuve = provider().exchange(DemandeConnexion(**kept), _retour())
    except PreuveRefused as error:
        return _refused(error.motif, 400)
    try:
        connexion, found = connexions.login_with_psc(web().runtime, preuve, correlation_id())
    except PreuveRefused:
        return _refused_page(403)
    return _remember(enter(connexion, found, suite), preuve)


def poste() -> Poste:
    """What the browser of this request keeps of those who entered from it."""
    return Poste.read(request.cookies.get(Cookies.of(web().config).poste_name, ""))


def _remember(response: Response, preuve: Preuve) -> Response:
    """From now on the e-CPS of this professional may be asked for here by its number alone."""
    if preuve.rpps is not None:
        known = poste().with_login(web().runtime.keyring, preuve.rpps, web().runtime.clock.now())
        cookies = Cookies.of(web().config)
        cookies.set(response, cookies.poste_name, str(known), LIFE)
    return response


def enter(connexion: Connexion, found: tuple[Choix, ...], suite: str = "/") -> Response:
    """Go in when there is one way, ask otherwise. Also where the second path ends."""
    only = [one for one in found if one.ferme is None]
    if len(only) == 1 and len(found) == 1:
        return _open(connexion, only[0].cle, suite)
    current().regenerate()
    for name in (_DEMANDES, _CONNEXION, _SUITE):
        session.pop(name, None)
    session[_CONNEXION], session[_SUITE] = connexion.to_data(), suite
    return redirect("/connexion/choix", 303)


@bp.get("/connexion/choix")
@public
def show_choices() -> ResponseReturnValue:
    if _CONNEXION not in session:
        return redirect("/connexion", 303)
    found = connexions.choices(web().runtime, _pending(), correlation_id())
    if not found:
        return _refused("aucune_situation", 403)
    several = len({one.tenant_id for one in found}) > 1
    view = {"action": "/connexion/choix", "nom": found[0].nom, "services": [_service(one) for one in found]}
    return render_template("connexion/spst.html" if several else "connexion/situation.html", connexion=view)


@bp.post("/connexion/choix")
@public
def choose() -> ResponseReturnValue:
    if _CONNEXION not in session:
        return redirect("/connexion", 303)
    try:
        return _open(_pending(), request.form.get("tenant_id", ""), session.get(_SUITE, "/"))
    except NotFound:
        return redirect("/connexion/choix", 303)


@bp.post("/deconnexion")
@requires("session.close")
def leave() -> ResponseReturnValue:
    """Our session first. Then the provider's, unless one leaves this application only."""
    with unit_of_work() as ctx:
        left_there = connexions.close_session(ctx, current().id_hash or "")
    current().end()
    return _cleared(redirect(_after(left_there, request.form.get("portee") == "application"), 303))


@bp.get("/connexion/fermee")
@public
def left() -> ResponseReturnValue:
    view = {"retour_url": "/connexion", "psc_ouverte": "psc" in request.args}
    return render_template("connexion/fermee.html", connexion=view)


@bp.post("/connexion/psc/fin-de-session")
@public
@security.exempt_from_origin
def end_from_provider() -> ResponseReturnValue:
    """Back-channel log-out (OpenID Connect Back-Channel Logout 1.0): from the provider's server, with a signed token."""
    limit_address("psc.fin", 600, 60)
    try:
        fin = provider().check_logout_token(request.form.get("logout_token", ""))
        connexions.end_at_provider(web().runtime, fin, correlation_id())
    except PreuveRefused as error:
        _journal("deconnexion_psc.refusee", error.motif)
        return {"error": "invalid_request"}, 400
    return "", 200


@bp.get("/compte")
@requires("session.close")
def account() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        found = connexions.own_sessions(ctx)
        places = tenants.lieux(ctx)
    mine = current().id_hash
    through_psc = any(one.id_hash == mine and one.has_provider for one in found)
    return render_template("connexion/compte.html", sessions=found, courante=mine, par_psc=through_psc, lieux=places)


@bp.post("/compte/sessions/fermer")
@requires("session.close")
def close_one() -> ResponseReturnValue:
    wanted = request.form.get("session", "")
    with unit_of_work() as ctx:
        left_there = connexions.close_session(ctx, wanted)
    if left_there is not None and left_there.by_server:
        _end_there(left_there)
    if wanted == current().id_hash:
        current().end()
        return _cleared(redirect("/connexion/fermee", 303))
    flash("La session est fermée.")
    return redirect("/compte", 303)


@bp.post("/compte/sessions/fermer-les-autres")
@requires("session.close")
def close_others() -> ResponseReturnValue:
    with unit_of_work() as ctx:
        ended = connexions.close_other_sessions(ctx)
    flash("Vos autres sessions sont fermées." if ended else "Aucune autre session n’était ouverte.")
    return redirect("/compte", 303)


def _retour() -> Retour:
    return Retour(request.args["code"], request.args["state"], request.args.get("iss"))


def _pending() -> Connexion:
    return Connexion.from_data(session[_CONNEXION])


def _open(connexion: Connexion, cle: str, suite: str) -> Response:
    mine = current()
    value = connexions.open_session(
        web().runtime,
        connexion,
        cle,
        agent_hash=mine.agent,
        replaces=mine.id_hash,
        correlation_id=correlation_id(),
    )
    mine.adopt(value)
    return redirect(local_path(suite) or "/", 303)


def _service(choix: Choix) -> dict[str, Any]:
    label = choix.role.label_of(choix.nom)
    role = f"{label}, {choix.lieu}" if choix.lieu and choix.lieu != choix.spst else label
    return {"id": choix.cle, "nom": choix.spst, "role": role, "ferme": choix.ferme}


def _after(left_there: SuiteAuFournisseur | None, stays_at_provider: bool) -> str:
    if left_there is None:
        return "/connexion/fermee"
    if left_there.by_server:
        _end_there(left_there)
        return "/connexion/fermee"
    if stays_at_provider:
        return "/connexion/fermee?psc="
    try:
        return provider().logout_url(left_there.id_token)
    except ServiceUnavailable:
        return "/connexion/fermee?psc="


def _end_there(left_there: SuiteAuFournisseur) -> None:
    """Once our own session is gone, outside any transaction. Nobody else uses the one that is ended."""
    ecps.end_at_provider(web().runtime, provider(), left_there.id_token, correlation_id())


def _cleared(response: Response) -> Response:
    return security.clear_site(response)


def _refused(motif: str, status: int) -> ResponseReturnValue:
    _journal("connexion_psc.refusee", motif)
    return _refused_page(status)


def _refused_page(status: int) -> ResponseReturnValue:
    """The same page whatever made the log-in fail."""
    view = {"retour_url": "/connexion", "reference": reference()}
    return render_template("connexion/refusee.html", connexion=view), status


def _journal(evenement: str, motif: str) -> None:
    level = 3 if motif.startswith(_ATTACKS) else 2
    _log.warning("log-in refused", extra={"reason": motif})
    traces.record_technical(
        web().runtime.engine, web().runtime.clock, evenement, level, {"motif": motif}, correlation_id()
    )
