"""Being told by e-mail: an address, its code, and the end of it. The page of accesses shows where it stands.

The addresses of these acts name nobody; what is typed travels in the body alone.
"""

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from spst.portail import courriels
from spst.portail.errors import AbonnementMissing, CourrielUnavailable
from spst.portail.navigation import adresse
from spst.portail.routes import contact, own_dossier
from spst.portail.schemas_courriel import AdresseForm, CodeForm
from spst.web.fields import errors_by_field
from spst.web.frame import flash
from spst.web.guards import public, requires
from spst.web.limits import limit, limit_address
from spst.web.ports import TooManyRequests
from spst.web.requests import unit_of_work, user
from spst.web.state import web

bp = Blueprint("portail_courriel", __name__)
bp.context_processor(contact)

_QUARTER, _DAY = 900, 86_400
_ACTS = 30
"""In a quarter of an hour, from one subscriber's network."""
_CODES_OF_ONE, _CODES_TO_ONE = 5, 3
"""Messages with a code in a day: that one worker asks for, and that one address gets, whoever asks and at whatever SPST."""
_WRONG = "Ce n’est pas le bon code, ou il ne sert plus. Relisez le dernier message reçu, ou demandez un nouveau code."
_TOO_MANY = "Trop de codes ont été demandés aujourd’hui, par vous ou pour cette adresse. Recommencez demain."


@bp.get("/p/<slug>/courriel")
@public
def show(slug: str) -> ResponseReturnValue:
    """Where a message leads to stop them: the section stands on the page of accesses, which asks who it is."""
    return redirect(_section(slug), 303)


@bp.post("/p/<slug>/courriel")
@requires(courriels.ACTION)
def ask(slug: str) -> ResponseReturnValue:
    _check_available()
    try:
        typed = AdresseForm().read(request.form)["adresse"]
    except ValidationError as error:
        known = request.form.get("adresse", "")
        return _again(slug, "adresse", known, errors_by_field(error).get("adresse"))
    try:
        _spend(typed)
    except TooManyRequests:
        return _again(slug, "adresse", typed, _TOO_MANY, 429)
    with unit_of_work() as ctx:
        courriels.ask(ctx, own_dossier(), typed)
    return redirect(_section(slug), 303)


@bp.post("/p/<slug>/courriel/renvoi")
@requires(courriels.ACTION)
def ask_again(slug: str) -> ResponseReturnValue:
    _check_available()
    with unit_of_work() as ctx:
        awaited = courriels.awaited(ctx, own_dossier())
    if awaited is None:
        raise AbonnementMissing
    try:
        _spend(awaited)
    except TooManyRequests:
        return _again(slug, "code", "", _TOO_MANY, 429)
    with unit_of_work() as ctx:
        courriels.ask_again(ctx, own_dossier())
    flash("Un nouveau code part. Le précédent ne sert plus.")
    return redirect(_section(slug), 303)


@bp.post("/p/<slug>/courriel/code")
@requires(courriels.ACTION)
def confirm(slug: str) -> ResponseReturnValue:
    limit_address("portail.courriel", _ACTS, _QUARTER)
    try:
        typed = CodeForm().read(request.form)["code"]
    except ValidationError as error:
        return _again(slug, "code", "", errors_by_field(error).get("code"))
    with unit_of_work() as ctx:
        is_confirmed = courriels.confirm(ctx, own_dossier(), typed)
    if not is_confirmed:
        return _again(slug, "code", "", _WRONG)
    flash("C’est fait\u00a0: vous serez prévenu par e-mail.")
    return redirect(_section(slug), 303)


@bp.post("/p/<slug>/courriel/arret")
@requires(courriels.ACTION)
def stop(slug: str) -> ResponseReturnValue:
    with unit_of_work() as ctx:
        courriels.stop(ctx, own_dossier())
    flash("C’est arrêté, et votre adresse est effacée.")
    return redirect(_section(slug), 303)


def _section(slug: str) -> str:
    return f"{adresse(slug, 'acces')}#courriel"


def _check_available() -> None:
    """Raises: CourrielUnavailable."""
    if web().config.smtp is None:
        raise CourrielUnavailable


def _spend(to: str) -> None:
    """Nobody makes us write again and again to an address, his own or another's. Raises: TooManyRequests."""
    limit_address("portail.courriel", _ACTS, _QUARTER)
    who = user()
    limit("portail.courriel.demandes", f"{who.tenant_id}|{who.acteur.id}", _CODES_OF_ONE, _DAY)
    limit("portail.courriel.adresse", to.casefold(), _CODES_TO_ONE, _DAY)


def _again(slug: str, champ: str, valeur: str, erreur: str | None, status: int = 422) -> ResponseReturnValue:
    """The one field to mend, on a page of its own: nothing of the dossier is read for it."""
    seen: dict[str, Any] = {"champ": champ, "valeur": valeur, "erreur": erreur}
    response = make_response(render_template("portail/courriel.html", courriel=seen, racine=adresse(slug)))
    response.status_code = status
    return response
