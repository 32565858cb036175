"""`GET /sante`: whether this process can serve. Read by whoever runs it, without session."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from spst.web.guards import public


def blueprint(database_answers: Callable[[], bool]) -> Blueprint:
    bp = Blueprint("sante", __name__)

    @bp.get("/sante")
    @public
    def health() -> ResponseReturnValue:
        """200 when the database answers, 503 otherwise."""
        ready = database_answers()
        answer = jsonify(statut="ok" if ready else "indisponible", base=ready, version=_version())
        return answer, 200 if ready else 503

    return bp


def _version() -> str:
    try:
        return version("spst")
    except PackageNotFoundError:
        return "source"
