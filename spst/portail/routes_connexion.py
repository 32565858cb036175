"""Pages of the door: what the portal is, FranceConnect+ and back, the activation code, the end of a session.

Whoever is refused reads one page, whatever the reason (identity_security 2.4, rule 4).
"""

import hmac
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from spst.comptes import services_connexion as comptes
from spst.comptes.ports import DemandeConnexion, PreuveRefused, Retour
from spst.identite.activation import is_whole
from spst.kernel.errors import ServiceUnavailable
from spst.portail import rules, services
from spst.portail.errors import EntreeRefused, EspaceNotFound
from spst.portail.navigation import adresse
from spst.portail.ports import FournisseurTravailleur, PreuveTravailleur
from spst.portail.services import Attente, Porte
from spst.tenants import services as tenants
from spst.tenants.queries import SpstPublic
from spst.traces import services as traces
from spst.web.guards import public
from spst.web.limits import limit, limit_address
from spst.web.ports import TooManyRequests
from spst.web.requests import correlation_id, reference, unit_of_work, user
from spst.web.security import clear_site
from spst.web.sessions import current
from spst.web.state import web

bp = Blueprint("portail_connexion", __name__)
PROVIDER = "spst.franceconnect"
"""Where `wiring` puts the provider of identities, among the extensions of the application."""

_DEMANDE, _ATTENTE = "portail_demande", "portail_attente"
_QUARTER, _DAY = 900, 86_400
_STARTS, _RETURNS, _CODES = 40, 40, 20
"""At most so many of each, in a quarter of an hour, from one subscriber's network."""
_LONGEST = 100
_NOT_WHOLE = "Un code compte 16 lettres et chiffres. Il en manque, ou il y en a trop\u00a0: reprenez-le en entier."


@bp.get("/p/<slug>")
@public
def welcome(slug: str) -> ResponseReturnValue:
    if (known := current().user) is not None and known.slug == slug:
        return redirect(adresse(slug, "accueil"), 303)
    return _page("bienvenue.html", open_spst(slug), connexion_url=adresse(slug, "connexion"))


@bp.get("/p/<slug>/connexion")
@public
def start(slug: str) -> ResponseReturnValue:
    limit_address("portail.connexion", _STARTS, _QUARTER)
    open_spst(slug)
    demande = _provider().authorize()
    session[_DEMANDE] = {
        "slug": slug,
        "state": demande.state,
        "nonce": demande.nonce,
        "code_verifier": demande.code_verifier,
    }
    return redirect(demande.url, 303)


@bp.get("/connexion/franceconnect/retour")
@public
def back() -> ResponseReturnValue:
    limit_address("portail.retour", _RETURNS, _QUARTER)
    pending: Mapping[str, str] = current().take(web().sessions, _DEMANDE) or {}
    if not pending:
        current().leave_alone()
    try:
        preuve = _proof(pending)
    except PreuveRefused as refusal:
        return _not_proved(refusal, pending.get("slug"))
    return _enter(pending["slug"], preuve)


@bp.route("/p/<slug>/activation", methods=["GET", "POST"])
@public
def activation(slug: str) -> ResponseReturnValue:
    spst, data = open_spst(slug), session.get(_ATTENTE)
    if not data or data["slug"] != slug:
        return redirect(adresse(slug), 303)
    if request.method == "GET":
        return _page("activation.html", spst, action=adresse(slug, "activation"))
    limit_address("portail.code", _CODES, _QUARTER)
    if not is_whole(request.form.get("code", "")[:_LONGEST]):
        return _page("activation.html", spst, 422, action=adresse(slug, "activation"), erreur=_NOT_WHOLE)
    return _activate(spst, Attente.from_data(web().runtime, data))


@bp.post("/p/<slug>/deconnexion")
@public
def logout(slug: str) -> ResponseReturnValue:
    known = current().user
    if known is None or known.slug != slug:
        return redirect(adresse(slug), 303)
    target = _close(slug)
    return clear_site(redirect(target, 303))


@bp.get("/connexion/franceconnect/fin")
@public
def after_logout() -> ResponseReturnValue:
    """Back from FranceConnect+; `state` only says which portal to offer again."""
    slug = request.args.get("state", "").partition(".")[0]
    return redirect(adresse(open_spst(slug).slug, "au-revoir"), 303)


@bp.get("/p/<slug>/au-revoir")
@public
def goodbye(slug: str) -> ResponseReturnValue:
    return _page("au_revoir.html", open_spst(slug), connexion_url=adresse(slug))


def _provider() -> FournisseurTravailleur:
    return cast(FournisseurTravailleur, current_app.extensions[PROVIDER])


def open_spst(slug: str) -> SpstPublic:
    """Raises: EspaceNotFound, for an address that no SPST has and for one that is suspended."""
    spst = tenants.get_public(web().runtime, slug)
    if spst.is_suspended:
        raise EspaceNotFound
    return spst


def _page(template: str, spst: SpstPublic, status: int = 200, **values: Any) -> ResponseReturnValue:
    response = make_response(
        render_template(f"portail/{template}", porte={"spst": spst.nom, "contact": spst, **values})
    )
    response.status_code = status
    return response


def _proof(pending: Mapping[str, str]) -> PreuveTravailleur:
    """Raises: PreuveRefused. The state is used once: it left the session before anything is compared."""
    state, code = request.args.get("state", ""), request.args.get("code", "")
    if not pending or not hmac.compare_digest(pending["state"].encode(), state.encode()):
        raise PreuveRefused("state")
    if not code:
        raise PreuveRefused(f"fournisseur.{request.args.get('error', 'sans_code')[:40]}")
    demande = DemandeConnexion("", pending["state"], pending["nonce"], pending["code_verifier"])
    preuve = _provider().exchange(demande, Retour(code, state, request.args.get("iss")))
    if not rules.is_proof(preuve.acr, preuve.amr):
        raise PreuveRefused("deux_facteurs")
    return preuve


def _not_proved(refusal: PreuveRefused, slug: str | None) -> ResponseReturnValue:
    """FranceConnect+ did not prove who it is: cancelled, too late, forged. Nothing about any dossier was looked at."""
    runtime = web().runtime
    traces.record_technical(
        runtime.engine, runtime.clock, "portail.preuve_refusee", 2, {"motif": refusal.motif}, correlation_id()
    )
    if slug is None:
        raise EspaceNotFound
    return _page("non_prouve.html", open_spst(slug), 403, retour_url=adresse(slug, "connexion"), reference=reference())


def _porte(spst: SpstPublic) -> Porte:
    return Porte(web().runtime, spst.id, current().agent, current().id_hash, correlation_id())


def _enter(slug: str, preuve: PreuveTravailleur) -> ResponseReturnValue:
    spst, attente = open_spst(slug), Attente.of(slug, preuve)
    try:
        cookie = services.enter(_porte(spst), attente)
    except EntreeRefused as refusal:
        return _refused(spst, refusal)
    if cookie is not None:
        current().adopt(cookie)
        return redirect(adresse(slug, "accueil"), 303)
    session[_ATTENTE] = attente.to_data(web().runtime)
    current().regenerate()
    return redirect(adresse(slug, "activation"), 303)


def _activate(spst: SpstPublic, attente: Attente) -> ResponseReturnValue:
    try:
        limit("portail.activation", f"{spst.id}|{attente.iss}|{attente.sub}", rules.TRIES_A_DAY, _DAY)
        cookie = services.activate(_porte(spst), attente, request.form.get("code", "")[:_LONGEST])
    except TooManyRequests:
        services.journal_refusal(_porte(spst), EntreeRefused("essais_epuises"))
        session.pop(_ATTENTE, None)
        return _page("trop_d_essais.html", spst, 429)
    except EntreeRefused as refusal:
        return _refused(spst, refusal)
    current().adopt(cookie)
    return redirect(adresse(spst.slug, "accueil"), 303)


def _refused(spst: SpstPublic, refusal: EntreeRefused) -> ResponseReturnValue:
    """The one answer: same status, same words, whether nobody, several people, or the wrong code was found."""
    services.journal_refusal(_porte(spst), refusal)
    return _page("refusee.html", spst, 403, retour_url=adresse(spst.slug, "activation"))


def _close(slug: str) -> str:
    """End the session here, then say where FranceConnect+ ends its own."""
    id_hash = user().acteur.session_hash or ""
    with unit_of_work() as ctx:
        left_there = comptes.close_session(ctx, id_hash)
    current().end()
    if left_there is None:
        return adresse(slug, "au-revoir")
    try:
        return _provider().logout_url(left_there.id_token, f"{slug}.fin")
    except ServiceUnavailable:
        return adresse(slug, "au-revoir")
