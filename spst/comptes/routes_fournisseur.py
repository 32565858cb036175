"""Pages of an SPST's own provider: /connexion/service/SLUG, the return from it, and the code of whoever comes first."""

import base64
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from spst.comptes import fournisseurs, routes_psc
from spst.comptes.errors import InscriptionRefused
from spst.comptes.fournisseurs import Visiteur
from spst.comptes.local import Tentative
from spst.comptes.ports import DemandeConnexion, Fournisseur, FournisseursIdentite, PreuveRefused, Retour
from spst.tenants.errors import SpstNotFound
from spst.tenants.queries import SpstPublic
from spst.web.frame import local_path
from spst.web.guards import public
from spst.web.limits import limit_address, network_of
from spst.web.ports import TooManyRequests
from spst.web.requests import correlation_id, reference
from spst.web.sessions import current
from spst.web.state import web

bp = Blueprint("fournisseur", __name__)

PROVIDERS = "spst.fournisseurs"
"""Where `wiring` plugs the FournisseursIdentite in the application's extensions."""
_DEMANDES, _VISITEUR = "fournisseur_demandes", "fournisseur_visiteur"
_MOST_DEMANDES = 3
_TO_TYPE = timedelta(minutes=10)
_ATTACKS = ("signature", "algorithme", "jeton_illisible", "claim.", "iss_du_retour", "state")
_PLACE = ("session", _VISITEUR)


@bp.get("/connexion/service/<slug>")
@public
def choose(slug: str) -> ResponseReturnValue:
    spst, fournisseur = fournisseurs.of_spst(web().runtime, slug)
    if fournisseur is None:
        return redirect("/connexion", 303)
    view = {"spst": spst.nom, "nom": fournisseur.nom, "depart_url": f"/connexion/service/{slug}/depart"}
    return render_template("connexion/fournisseur.html", fournisseur=view)


@bp.get("/connexion/service/<slug>/depart")
@public
def start(slug: str) -> ResponseReturnValue:
    limit_address("fournisseur.depart", 300, 300)
    _, fournisseur = _provided(slug)
    demande = _providers().authorize(fournisseur)
    waiting: dict[str, dict[str, str]] = dict(session.get(_DEMANDES, {}))
    suite = local_path(request.args.get("suite")) or "/"
    waiting[demande.state] = {**asdict(demande), "url": "", "slug": slug, "suite": suite}
    session[_DEMANDES] = dict(list(waiting.items())[-_MOST_DEMANDES:])
    return redirect(demande.url, 303)


@bp.get("/connexion/service/<slug>/retour")
@public
def come_back(slug: str) -> ResponseReturnValue:
    """The state is spent whatever comes next, and serves for the SPST that it was made for alone."""
    spst, fournisseur = _provided(slug)
    kept: dict[str, str] | None = current().take(web().sessions, _DEMANDES, request.args.get("state", ""))
    if kept is None or kept.pop("slug") != slug:
        current().leave_alone()
        return _refused(spst, "state")
    if "code" not in request.args:
        return redirect("/connexion?raison=annulee", 303)
    suite = kept.pop("suite")
    retour = Retour(request.args["code"], request.args["state"], request.args.get("iss"))
    try:
        preuve = _providers().exchange(fournisseur, DemandeConnexion(**kept), retour)
    except PreuveRefused as error:
        return _refused(spst, error.motif)
    try:
        visiteur = fournisseurs.judge(web().runtime, spst, fournisseur, preuve, _tentative())
    except PreuveRefused:
        view = {"nom": fournisseur.nom, "spst": spst.nom}
        return render_template("connexion/un_facteur.html", fournisseur=view), 403
    return _enter(spst, visiteur, suite) or _ask_code(slug, spst, visiteur, suite)


@bp.get("/connexion/service/<slug>/lien")
@public
def ask_code(slug: str) -> ResponseReturnValue:
    spst, fournisseur = _provided(slug)
    if _visiteur(spst) is None:
        return redirect(f"/connexion/service/{slug}", 303)
    return _code_page(spst, fournisseur)


@bp.post("/connexion/service/<slug>/lien")
@public
def link(slug: str) -> ResponseReturnValue:
    spst, fournisseur = _provided(slug)
    visiteur = _visiteur(spst)
    if visiteur is None:
        return redirect(f"/connexion/service/{slug}", 303)
    try:
        fournisseurs.link(web().runtime, spst, visiteur, request.form.get("code", ""), _tentative())
    except (InscriptionRefused, TooManyRequests) as refusal:
        status = 429 if isinstance(refusal, TooManyRequests) else 422
        return make_response(_code_page(spst, fournisseur, str(refusal)), status)
    suite = session.pop(_VISITEUR)["suite"]
    return _enter(spst, visiteur, suite) or _refused(spst, "lien")


def _enter(spst: SpstPublic, visiteur: Visiteur, suite: str) -> ResponseReturnValue | None:
    try:
        found = fournisseurs.login(web().runtime, spst, visiteur, _tentative())
    except PreuveRefused:
        return _refused_page(403)
    return None if found is None else routes_psc.enter(*found, suite)


def _ask_code(slug: str, spst: SpstPublic, visiteur: Visiteur, suite: str) -> ResponseReturnValue:
    """What the provider calls him is sealed meanwhile: some providers make it of his e-mail address."""
    current().regenerate()
    sealed = web().runtime.keyring.seal_outside(*_PLACE, spst.id, visiteur.sub)
    session[_VISITEUR] = {
        "spst": str(spst.id),
        "iss": visiteur.iss,
        "sub": base64.b64encode(sealed).decode(),
        "auth_time": visiteur.auth_time.isoformat(),
        "at": web().runtime.clock.now().isoformat(),
        "suite": suite,
    }
    return redirect(f"/connexion/service/{slug}/lien", 303)


def _visiteur(spst: SpstPublic) -> Visiteur | None:
    """Whom this SPST's provider proved in this browser, less than ten minutes ago."""
    kept: dict[str, Any] | None = session.get(_VISITEUR)
    if kept is None or kept["spst"] != str(spst.id):
        return None
    if web().runtime.clock.now() - datetime.fromisoformat(kept["at"]) > _TO_TYPE:
        session.pop(_VISITEUR)
        return None
    sub = web().runtime.keyring.open_outside(*_PLACE, spst.id, base64.b64decode(kept["sub"]))
    return Visiteur(kept["iss"], sub, datetime.fromisoformat(kept["auth_time"]))


def _provided(slug: str) -> tuple[SpstPublic, Fournisseur]:
    """Raises: SpstNotFound, also for an SPST that has no provider."""
    spst, fournisseur = fournisseurs.of_spst(web().runtime, slug)
    if fournisseur is None:
        raise SpstNotFound
    return spst, fournisseur


def _code_page(spst: SpstPublic, fournisseur: Fournisseur, erreur: str | None = None) -> str:
    view = {"spst": spst.nom, "nom": fournisseur.nom, "erreur": erreur, "retour_url": f"/connexion/service/{spst.slug}"}
    return render_template("connexion/fournisseur_lien.html", fournisseur=view)


def _refused(spst: SpstPublic, motif: str) -> ResponseReturnValue:
    fournisseurs.refused(web().runtime, spst, motif, _ATTACKS, _tentative())
    return _refused_page(400)


def _refused_page(status: int) -> ResponseReturnValue:
    """The same page whatever made the log-in fail."""
    view = {"retour_url": "/connexion", "reference": reference()}
    return render_template("connexion/refusee.html", connexion=view), status


def _providers() -> FournisseursIdentite:
    found: FournisseursIdentite = current_app.extensions[PROVIDERS]
    return found


def _tentative() -> Tentative:
    return Tentative(network_of(request.remote_addr or "0.0.0.0"), correlation_id())  # noqa: S104 - nothing is bound
