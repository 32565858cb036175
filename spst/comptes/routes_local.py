"""Pages of the second path: password then code, and the enrolment that comes before."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from spst.comptes import local, routes_psc
from spst.comptes import services_connexion as connexions
from spst.comptes.cles_rules import porte
from spst.comptes.errors import CodeRefused, IdentifiantsRefused, InscriptionRefused, PasswordRefused
from spst.comptes.local import Tentative
from spst.comptes.ports import PreuveRefused
from spst.kernel.errors import SpstError
from spst.web import qr
from spst.web.frame import flash, local_path
from spst.web.guards import public
from spst.web.limits import network_of
from spst.web.ports import TooManyRequests
from spst.web.requests import correlation_id, reference
from spst.web.sessions import current
from spst.web.state import web

bp = Blueprint("connexion_locale", __name__)

_FIRST_FACTOR, _INSCRIPTION = "locale", "inscription"
_BETWEEN_FACTORS = timedelta(minutes=5)
_FEW_CODES = 3


@bp.get("/connexion/locale")
@public
def ask_password() -> ResponseReturnValue:
    return password_page()


@bp.post("/connexion/locale")
@public
def check_password() -> ResponseReturnValue:
    """The first factor opens nothing: it only lets the code be asked, for five minutes."""
    identifiant = request.form.get("identifiant", "")
    try:
        identites = local.check_password(web().runtime, identifiant, request.form.get("mot_de_passe", ""), _tentative())
    except (IdentifiantsRefused, TooManyRequests) as refusal:
        return _again(password_page, refusal, 401)
    current().regenerate()
    session[_FIRST_FACTOR] = {
        "identites": [str(identite_id) for identite_id in identites],
        "at": web().runtime.clock.now().isoformat(),
        "suite": local_path(request.args.get("suite")) or "/",
    }
    return redirect("/connexion/locale/code", 303)


@bp.get("/connexion/locale/code")
@public
def ask_code() -> ResponseReturnValue:
    return _code_page() if _first_factor() else redirect("/connexion/locale", 303)


@bp.post("/connexion/locale/code")
@public
def check_code() -> ResponseReturnValue:
    return _second_factor(local.check_code, request.form.get("code", ""))


@bp.post("/connexion/locale/secours")
@public
def check_recovery_code() -> ResponseReturnValue:
    return _second_factor(local.check_recovery_code, request.form.get("code_secours", ""))


def _second_factor(check: Callable[..., UUID], typed: str) -> ResponseReturnValue:
    identites = _first_factor()
    if not identites:
        return redirect("/connexion/locale", 303)
    try:
        identite_id = check(web().runtime, identites, typed, _tentative())
    except (CodeRefused, TooManyRequests) as refusal:
        return _again(_code_page, refusal, 401)
    suite = session.pop(_FIRST_FACTOR)["suite"]
    try:
        connexion, found = connexions.login_locally(web().runtime, identite_id, correlation_id())
    except PreuveRefused:
        view = {"retour_url": "/connexion", "reference": reference()}
        return render_template("connexion/refusee.html", connexion=view), 403
    answer = routes_psc.enter(connexion, found, suite)
    if check is local.check_recovery_code:
        _warn_of_codes_left(identite_id)
    return answer


def _warn_of_codes_left(identite_id: UUID) -> None:
    left = local.recovery_codes_left(web().runtime, identite_id)
    if left <= _FEW_CODES:
        flash(
            f"Il vous reste {left}\u00a0code{'s' if left > 1 else ''} de secours. "
            "Demandez une nouvelle inscription à un autre administrateur.",
            "warn",
        )


@bp.get("/inscription")
@public
def ask_inscription() -> ResponseReturnValue:
    return _inscription_page()


@bp.post("/inscription")
@public
def start_inscription() -> ResponseReturnValue:
    try:
        started = local.start_enrolment(web().runtime, request.form.get("code", ""), _tentative())
    except (InscriptionRefused, TooManyRequests) as refusal:
        return _again(_inscription_page, refusal, 422)
    current().regenerate()
    session[_INSCRIPTION] = started.jeton
    return redirect("/inscription/mot-de-passe", 303)


@bp.get("/inscription/mot-de-passe")
@public
def ask_new_password() -> ResponseReturnValue:
    return _newpassword_page()


@bp.post("/inscription/mot-de-passe")
@public
def choose_password() -> ResponseReturnValue:
    typed = request.form.get("mot_de_passe", "")
    try:
        if typed != request.form.get("confirmation", ""):
            raise PasswordRefused("Les deux saisies diffèrent. Retapez le mot de passe.")
        local.choose_password(web().runtime, _jeton(), typed, _tentative())
    except PasswordRefused as refusal:
        return _again(_newpassword_page, refusal, 422)
    except InscriptionRefused:
        return _back_to_start()
    return redirect("/inscription/application", 303)


@bp.get("/inscription/application")
@public
def show_application() -> ResponseReturnValue:
    return _application_page()


@bp.post("/inscription/application")
@public
def confirm_application() -> ResponseReturnValue:
    """The answer shows the recovery codes: nowhere else, never again."""
    try:
        codes = local.confirm_enrolment(web().runtime, _jeton(), request.form.get("code", ""), _tentative())
    except (CodeRefused, TooManyRequests) as refusal:
        return _again(_application_page, refusal, 422)
    except InscriptionRefused:
        return _back_to_start()
    session.pop(_INSCRIPTION, None)
    return render_template("connexion/codes_secours.html", inscription={"codes": codes, "suite": "/connexion/locale"})


def password_page(erreur: str | None = None) -> ResponseReturnValue:
    """Also where somebody whose passkey was refused tries again."""
    suite = local_path(request.args.get("suite"))
    query = f"?{urlencode({'suite': suite})}" if suite else ""
    view = {
        "action": f"/connexion/locale{query}",
        "cle": porte(web().config.public_url, request.host_url.rstrip("/"), f"/connexion/locale{query}"),
        "cle_action": f"/connexion/locale/cle{query}",
        "identifiant": request.form.get("identifiant", ""),
        "erreur": erreur,
        "retour_url": "/connexion",
    }
    return render_template("connexion/locale.html", connexion=view)


def _code_page(erreur: str | None = None) -> ResponseReturnValue:
    view = {
        "action": "/connexion/locale/code",
        "secours_action": "/connexion/locale/secours",
        "erreur": erreur,
        "retour_url": "/connexion/locale",
    }
    return render_template("connexion/totp.html", connexion=view)


def _inscription_page(erreur: str | None = None) -> ResponseReturnValue:
    return render_template("connexion/inscription.html", inscription={"erreur": erreur})


def _newpassword_page(erreur: str | None = None) -> ResponseReturnValue:
    try:
        started = local.resume_enrolment(web().runtime, _jeton())
    except InscriptionRefused:
        return _back_to_start()
    view = {"identifiant": started.identifiant, "erreur": erreur}
    return render_template("connexion/mot_de_passe.html", inscription=view)


def _application_page(erreur: str | None = None) -> ResponseReturnValue:
    try:
        started = local.resume_enrolment(web().runtime, _jeton())
        if not started.has_password:
            return redirect("/inscription/mot-de-passe", 303)
        application = local.application(web().runtime, _jeton())
    except InscriptionRefused:
        return _back_to_start()
    view: dict[str, Any] = {
        "qr": qr.svg(application.uri),
        "secret": application.secret,
        "erreur": erreur,
    }
    return render_template("connexion/application.html", inscription=view)


def _again(page: Callable[[str], ResponseReturnValue], refusal: SpstError, status: int) -> ResponseReturnValue:
    """The same page with what went wrong; too many attempts say when to come back."""
    response = make_response(page(str(refusal)))
    if isinstance(refusal, TooManyRequests):
        response.headers["Retry-After"] = str(refusal.retry_after_s)
        status = 429
    if response.status_code == 200:
        response.status_code = status
    return response


def _back_to_start() -> ResponseReturnValue:
    if (
        session.pop(_INSCRIPTION, None) is not None
    ):  # said to whoever had begun: an address opened by itself keeps nothing
        flash(str(InscriptionRefused()), "warn")
    return redirect("/inscription", 303)


def _jeton() -> str:
    return str(session.get(_INSCRIPTION, ""))


def _first_factor() -> list[UUID]:
    """Who gave his password here less than five minutes ago."""
    kept = session.get(_FIRST_FACTOR)
    if kept is None:
        return []
    if web().runtime.clock.now() - datetime.fromisoformat(kept["at"]) > _BETWEEN_FACTORS:
        session.pop(_FIRST_FACTOR)
        return []
    return [UUID(identite_id) for identite_id in kept["identites"]]


def _tentative() -> Tentative:
    return Tentative(network_of(request.remote_addr or "0.0.0.0"), correlation_id())  # noqa: S104 - nothing is bound
