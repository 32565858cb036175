"""What a user reads when something did not happen: one table from errors to answers, for pages, fragments and programs."""

import logging
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError, generate_csrf
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from spst.kernel.errors import AccessDenied, Conflict, NotFound, RuleViolation, ServiceUnavailable, SpstError
from spst.web.frame import home_url, login_url, page_above
from spst.web.guards import needs_session
from spst.web.ports import Espace, InputRefused, LoginRequired, Refus, TooManyRequests
from spst.web.requests import reference, unit_of_work
from spst.web.sessions import current, espace_of
from spst.web.state import web

_log = logging.getLogger("spst.web")

STATUS: dict[type[SpstError], int] = {
    InputRefused: 400,
    LoginRequired: 401,
    AccessDenied: 403,
    NotFound: 404,
    Conflict: 409,
    RuleViolation: 422,
    TooManyRequests: 429,
    ServiceUnavailable: 503,
    SpstError: 500,
}
"""The nearest class wins."""

_FORM_REFUSED = "Une valeur n’a pas la forme attendue. Corrigez-la, puis recommencez."
_FORGED = (
    "Votre page est trop ancienne, ou vient d’ailleurs. Rechargez-la, puis recommencez\u00a0: rien n’a été changé."
)
_PHRASES = {
    400: "Cette demande est incomplète ou abîmée. Revenez en arrière, puis recommencez.",
    403: _FORGED,
    404: (NotFound.__doc__ or "").strip(),
    405: "Cette adresse ne répond pas à ce geste. Revenez en arrière, puis recommencez.",
    413: "Cet envoi est trop long\u00a0: une saisie ne dépasse pas 1\u00a0Mo.",
    415: "Ce format n’est pas accepté ici.",
    500: (SpstError.__doc__ or "").strip(),
    503: "Le service ne répond pas pour l’instant. Rien n’est perdu\u00a0: réessayez dans une minute.",
}
_SOON = {"Retry-After": "5"}
_PAGES = {
    Espace.PRO: ("errors", {401, 403, 404, 409, 413, 429, 500, 503}),
    Espace.PORTAIL: ("errors/portail", {403, 404, 429, 500, 503}),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One refusal or failure, before it is written for whoever asked."""

    status: int
    phrase: str
    facts: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def template(self, espace: Espace) -> str:
        """The worker's space has its own words, and no page for what only professionals meet."""
        folder, own = _PAGES[espace]
        return f"{folder}/{self.status if self.status in own else 422}.html"


def status_of(error: SpstError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def wants_json() -> bool:
    """Our own scripts, and programs; a form sent by htmx wants a fragment of page."""
    if is_fragment():
        return False
    if request.headers.get("X-Requested-With") == "fetch" or request.is_json:
        return True
    accepts = request.accept_mimetypes
    return bool(accepts) and accepts["application/json"] > accepts["text/html"]


def is_fragment() -> bool:
    return "HX-Request" in request.headers


def install(app: Flask) -> None:
    app.register_error_handler(SpstError, _on_domain)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(CSRFError, _on_forgery)
    app.register_error_handler(ValidationError, _on_form)
    app.register_error_handler(DataError, _on_data)
    app.register_error_handler(OperationalError, _on_database)
    app.register_error_handler(InterfaceError, _on_database)
    app.register_error_handler(PoolTimeout, _on_database)
    app.register_error_handler(Exception, _on_bug)


def _on_domain(error: SpstError) -> AnyResponse:
    if isinstance(error, LoginRequired):
        return _to_login(error)
    status = status_of(error)
    if status >= 500:
        _log.error("failed", exc_info=error, extra={"error": type(error).__name__, "status": status})
    return write(Answer(status, str(error), error.facts, _come_back(error, status)))


def _come_back(error: SpstError, status: int) -> dict[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after_s)}
    return _SOON if status == 503 else {}


def _to_login(error: LoginRequired) -> AnyResponse:
    """A page goes to the log-in and comes back; a script is told, and locks the screen over what was typed.

    Only the path comes back: what an address carries beside it may have been typed by hand, as a name.
    """
    if request.method in {"GET", "HEAD"} and not wants_json() and not is_fragment():
        back = request.path if request.method == "GET" else None
        return redirect(login_url(back, _why_closed()), 303)
    return write(Answer(401, str(error)))


def _why_closed() -> str | None:
    return "terminee" if current().stale else None


def _on_http(error: HTTPException) -> AnyResponse:
    if isinstance(error.response, AnyResponse):
        return error.response
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, SpstError):
        return _on_domain(error.original_exception)  # raised once the answer was made, when its session was written
    status = error.code or 500
    if status == 405 and (page := _page_of_act()):
        return redirect(page, 303)
    phrase = _PHRASES.get(status, _PHRASES[400 if status < 500 else 500])
    headers = {name: value for name, value in error.get_headers() if name not in {"Content-Type", "Content-Length"}}
    return write(Answer(status, phrase, {}, headers))


def _page_of_act() -> str | None:
    """Somebody opens the address to which a form was sent: after a refusal, it stands in his browser's bar."""
    if request.method not in {"GET", "HEAD"} or wants_json() or is_fragment():
        return None
    return page_above(request.path)


def _on_forgery(error: CSRFError) -> AnyResponse:
    """Somebody whose session has ended has no token either: it is the session that he is told of."""
    if current().user is None and needs_session(request.endpoint):
        return _to_login(LoginRequired())
    _log.warning("forgery token refused", extra={"endpoint": request.endpoint})
    return write(Answer(400, _FORGED))


def _on_form(error: ValidationError) -> AnyResponse:
    """A form that its route did not show again with its messages."""
    return write(Answer(422, _FORM_REFUSED))


def _on_data(error: DataError) -> AnyResponse:
    """The database refused a value that a schema let through: refused to the user, an error for us."""
    _log.error("value refused by the database", exc_info=error)
    return write(Answer(422, _FORM_REFUSED))


def _on_database(error: OperationalError | InterfaceError | PoolTimeout) -> AnyResponse:
    _log.error("database unreachable", exc_info=error)
    return write(Answer(503, _PHRASES[503], {}, _SOON))


def _on_bug(error: Exception) -> AnyResponse:
    _log.error("unexpected", exc_info=error)
    return write(Answer(500, _PHRASES[500]))


def _view_model(answer: Answer, espace: Espace) -> dict[str, Any]:
    phrase, back = answer.phrase, _way_back()
    match answer.status:
        case 401 if espace is Espace.PRO:
            return {"connexion": {"phrase": phrase, "url": login_url(page_above(request.path), _why_closed())}}
        case 403:
            retour = "Revenir à l’accueil" if back == home_url() else "Revenir à la page précédente"
            return {"refus": refusal_model(_explained(answer), phrase, (back, retour))}
        case 409 if espace is Espace.PRO:
            return {"conflit": {"phrase": phrase, "retour_url": back}}
        case 413 if espace is Espace.PRO:
            return {"limite": {"taille": "1\u00a0Mo", "retour_url": back}}
        case 429:
            return {"attente": {"secondes": answer.facts.get("retry_after_s")}}
        case 503:
            return {"panne": {"phrase": phrase, "reference": reference()}}
        case 500:
            return {"reference": reference()}
        case _:
            return {"demande": {"phrase": phrase, "retour_url": back, "reference": reference()}}


def _way_back() -> str:
    """The page that a refused form came from, as far as its address tells; the first page otherwise."""
    is_act = request.method not in {"GET", "HEAD"} and current().user is not None
    return (page_above(request.path) if is_act else None) or home_url()


def _explained(answer: Answer) -> Refus | None:
    """The refusal in its own words. It was traced; nothing that goes wrong here makes another answer of it."""
    if answer.status != 403 or current().user is None or espace_of(request.path) is Espace.PORTAIL:
        return None
    try:
        with unit_of_work() as ctx:
            return web().refusals.explain(ctx, answer.facts)
    except (SpstError, SQLAlchemyError) as error:
        _log.error("refusal unexplained", exc_info=error)
        return None


def refusal_model(
    refus: Refus | None, phrase: str, retour: tuple[str, str], *, question: bool = False
) -> dict[str, Any]:
    """View-model of templates/errors/403.html. `retour`: address, words; `question`: somebody asks why, refused nothing."""
    return {
        "titre": refus.titre if refus else "Cette partie vous est fermée",
        "phrase": refus.phrase if refus and refus.regles else phrase,
        "explication": refus,
        "question": question,
        "reference": reference(),
        "retour_url": retour[0],
        "retour": retour[1],
    }


def write(answer: Answer) -> Response:
    """The answer as a page, as a fragment for htmx, or as JSON."""
    if wants_json():
        response = jsonify(erreur=answer.phrase, reference=reference(), code=answer.status)
    elif is_fragment():
        response = make_response(_fragment(answer))
    else:
        espace = espace_of(request.path)
        values = _view_model(answer, espace)
        page = render_template(answer.template(espace), csrf_token=_token_of_known_session, **values)
        response = make_response(page)
    response.status_code = answer.status
    response.headers.extend(answer.headers)
    return response


def _fragment(answer: Answer) -> str:
    explained = _explained(answer)
    return render_template(
        "errors/_fragment.html",
        erreur=answer.phrase,
        recours=explained.recours if explained else None,
        reference=reference(),
    )


def _token_of_known_session() -> str:
    """An error page opens no session for somebody who has none: a flood of them leaves no row."""
    return "" if current().new else str(generate_csrf())
