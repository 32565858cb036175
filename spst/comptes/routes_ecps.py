"""Pages of the log-in by e-CPS without leaving the workstation: a number typed here, two digits compared on the telephone."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from spst.comptes import routes_psc
from spst.comptes import services_connexion as connexions
from spst.comptes import services_ecps as ecps
from spst.comptes.errors import PosteUnknown, RppsRefused
from spst.comptes.ports import Preuve, PreuveRefused
from spst.comptes.preuves import Moyen
from spst.comptes.services_ecps import Attente, EnAttente, Fin
from spst.kernel.errors import ServiceUnavailable, SpstError
from spst.web.errors import wants_json
from spst.web.frame import home_url, local_path
from spst.web.guards import public
from spst.web.limits import network_of
from spst.web.ports import TooManyRequests
from spst.web.requests import correlation_id, reference
from spst.web.sessions import current
from spst.web.state import web

bp = Blueprint("connexion_ecps", __name__)

_ATTENTE = "ecps"
_PAGE, _WAITING = "/connexion/e-cps", "/connexion/e-cps/attente"
_SILENT = (
    "Pro Santé Connect ne répond pas. Votre demande n’est pas refusée\u00a0: nous continuons à l’interroger jusqu’à la fin "
    "du délai."
)
_NOT_YET = "Votre confirmation n’est pas encore arrivée. Confirmez dans l’application e-CPS, puis appuyez de nouveau."
_REFUSED_ASK = (
    "Pro Santé Connect n’a pas accepté la demande. Vérifiez que votre e-CPS est activée, ou passez par la page de "
    "Pro Santé Connect."
)
_ENDS = {
    Fin.REFUSEE: (
        "La demande a été refusée sur le téléphone. Rien n’a été ouvert. Si vous l’avez refusée parce que le nombre n’était pas "
        "le bon, ou si vous n’avez rien demandé, prévenez la direction de votre service. Sinon, recommencez."
    ),
    Fin.EXPIREE: (
        "La demande a expiré sans réponse. Ouvrez l’application e-CPS sur votre téléphone, puis recommencez ici."
    ),
    Fin.PERDUE: (
        "Pro Santé Connect a reçu votre confirmation, puis n’a plus répondu. Rien n’a été ouvert. Attendez une minute, puis "
        "recommencez."
    ),
    Fin.FERMEE: (
        "La session ne s’est pas ouverte\u00a0: ce compte ne donne pas accès à ce service, ou la réponse de Pro Santé Connect "
        "n’était pas valable. Recommencez. Si cela se répète, écrivez à la direction de votre service."
    ),
    "arretee": (
        "La demande est arrêtée. Si votre téléphone la montre encore, refusez-la\u00a0: elle n’ouvre plus rien ici."
    ),
}


@bp.get(_PAGE)
@public
def ask_number() -> ResponseReturnValue:
    if current().user is not None:
        return redirect(local_path(request.args.get("suite")) or home_url(), 303)
    return _number_page()


@bp.post(_PAGE)
@public
def start() -> ResponseReturnValue:
    """The session keeps the request, the browser its own number alone; a request that waited before is forgotten."""
    if current().user is not None:
        return redirect(home_url(), 303)
    try:
        attente = ecps.start(
            web().runtime,
            routes_psc.provider(),
            request.form.get("rpps", ""),
            poste=routes_psc.poste(),
            reseau=network_of(request.remote_addr or "0.0.0.0"),  # noqa: S104 - nothing is bound
            suite=local_path(request.args.get("suite")) or "/",
        )
    except (RppsRefused, PosteUnknown, TooManyRequests, PreuveRefused, ServiceUnavailable) as refusal:
        return _again(refusal)
    current().regenerate()
    session[_ATTENTE] = attente.to_data(web().runtime)
    return redirect(_WAITING, 303)


@bp.get(_WAITING)
@public
def wait() -> ResponseReturnValue:
    attente = _attente()
    if attente is None:
        return redirect(_PAGE, 303)
    left = attente.left_s(web().runtime.clock.now())
    if left == 0:
        return redirect(_end_url(Fin.EXPIREE), 303)
    view = {
        "nombre": attente.nombre,
        "reste_s": left,
        "reste": in_words(left),
        "panne": _SILENT if "panne" in request.args else None,
        "pas_encore": _NOT_YET if "encore" in request.args else None,
        "action": _WAITING,
        "arret_action": f"{_PAGE}/arret",
        "retour_url": _PAGE,
    }
    return render_template("connexion/ecps_attente.html", connexion=view)


@bp.post(_WAITING)
@public
def ask_what_became() -> ResponseReturnValue:
    """By the page's script at its pace, or by its button. As long as nothing is answered, nothing is written here.

    What ends the request takes it out of the session first: it serves once, and a request that was stopped opens nothing.
    """
    attente = _attente()
    if attente is None:
        current().leave_alone()
        return _go(_PAGE)
    issue = ecps.advance(web().runtime, routes_psc.provider(), attente, correlation_id())
    if isinstance(issue, EnAttente):
        current().leave_alone()
        return _still_waiting(attente, issue)
    if current().take(web().sessions, _ATTENTE) is None:
        current().leave_alone()
        _drop(issue)
        return _go(_PAGE)
    return _go(_end_url(issue) if isinstance(issue, Fin) else _enter(issue, attente.suite))


@bp.post(f"{_PAGE}/arret")
@public
def stop() -> ResponseReturnValue:
    attente = _attente()
    if attente is None:
        return redirect(_PAGE, 303)
    current().take(web().sessions, _ATTENTE)
    ecps.stop(web().runtime, attente)
    return redirect(f"{_PAGE}?fin=arretee", 303)


def in_words(seconds: int) -> str:
    """What is left, as the page says it; its script says the same.

    >>> in_words(112), in_words(60), in_words(9)
    ('1\xa0min\xa052\xa0s', '1\xa0min\xa000\xa0s', '9\xa0s')
    """
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}\u00a0min\u00a0{rest:02}\u00a0s" if minutes else f"{rest}\u00a0s"


def _enter(preuve: Preuve, suite: str) -> str:
    """Where the same path as by the provider's page leads."""
    try:
        connexion, found = connexions.login_with_psc(web().runtime, preuve, correlation_id(), Moyen.ECPS)
    except PreuveRefused:
        _drop(preuve)
        return _end_url(Fin.FERMEE)
    return str(routes_psc.enter(connexion, found, suite).location)


def _drop(issue: Preuve | Fin) -> None:
    """A confirmation that opens nothing here leaves no session open there."""
    if isinstance(issue, Preuve):
        ecps.end_at_provider(web().runtime, routes_psc.provider(), issue.id_token, correlation_id())


def _attente() -> Attente | None:
    return Attente.from_data(web().runtime, session.get(_ATTENTE))


def _still_waiting(attente: Attente, issue: EnAttente) -> ResponseReturnValue:
    if not wants_json():
        return redirect(f"{_WAITING}?{'panne' if issue.is_silent else 'encore'}=", 303)
    left = attente.left_s(web().runtime.clock.now())
    return jsonify(suite_s=issue.next_s, reste_s=left, panne=_SILENT if issue.is_silent else None)


def _go(url: str) -> ResponseReturnValue:
    return jsonify(url=url) if wants_json() else redirect(url, 303)


def _end_url(fin: Fin) -> str:
    return f"{_PAGE}?{urlencode({'fin': str(fin)})}"


def _number_page(erreur: str | None = None, alerte: str | None = None) -> str:
    suite = local_path(request.args.get("suite"))
    query = f"?{urlencode({'suite': suite})}" if suite else ""
    view: dict[str, Any] = {
        "action": f"{_PAGE}{query}",
        "rpps": request.form.get("rpps", ""),
        "connu": bool(routes_psc.poste().live(web().runtime.clock.now())),
        "erreur": erreur,
        "alerte": alerte or _ENDS.get(request.args.get("fin", "")),
        "psc_url": f"/connexion/psc{query}",
        "retour_url": f"/connexion{query}",
        "reference": reference() if alerte else None,
    }
    return render_template("connexion/ecps.html", connexion=view)


def _again(refusal: SpstError) -> ResponseReturnValue:
    """The same page with what went wrong, and the other way in beside it."""
    if isinstance(refusal, RppsRefused):
        return _number_page(erreur=str(refusal)), 422
    if isinstance(refusal, PreuveRefused):
        ecps.journal(web().runtime, refusal.motif, correlation_id())
        return _number_page(alerte=_REFUSED_ASK), 403
    status = 429 if isinstance(refusal, TooManyRequests) else 403 if isinstance(refusal, PosteUnknown) else 503
    response = make_response(_number_page(alerte=str(refusal)), status)
    if isinstance(refusal, TooManyRequests):
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
