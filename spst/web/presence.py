"""What a page asks to know whether its session still lives. Never prolongs it, holds no content, leaves no trace."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from spst.web.errors import Answer, write
from spst.web.frame import seconds_left
from spst.web.guards import public
from spst.web.ports import LoginRequired
from spst.web.sessions import PRESENCE_HEADER, current

bp = Blueprint("presence", __name__)


@bp.get("/session")
@bp.get("/p/<slug>/session")
@public
def session_state(slug: str | None = None) -> ResponseReturnValue:
    """200 with what the page needs to go on, 401 when there is no session any more."""
    user = current().user
    if user is None or PRESENCE_HEADER not in request.headers or slug not in {None, user.slug}:
        return write(Answer(401, str(LoginRequired())))
    return jsonify(csrf_token=generate_csrf(), compte_id=user.get_id(), restant_s=seconds_left())
