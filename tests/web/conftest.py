"""An application of its own for these tests, with a few routes that no room has."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from spst.kernel.errors import AccessDenied, Conflict, NotFound, RuleViolation, ServiceUnavailable
from spst.web.frame import flash, toast
from spst.web.guards import public, requires
from spst.web.ports import TooManyRequests
from spst.web.requests import unit_of_work
from spst.wiring.web import build_web
from tests.factories.monde import Monde
from tests.factories.site import MovableClock, Site, config_for
from tests.simulators import launcher
from tests.simulators.listener import Listener

ERRORS: dict[str, Callable[[], Exception]] = {
    "NotFound": NotFound,
    "AccessDenied": AccessDenied,
    "Conflict": Conflict,
    "RuleViolation": RuleViolation,
    "ServiceUnavailable": ServiceUnavailable,
    "TooManyRequests": lambda: TooManyRequests(60),
    "ZeroDivisionError": ZeroDivisionError,
}


def routes() -> Blueprint:
    bp = Blueprint("essai", __name__)

    @bp.post("/essai/formulaire")
    @public
    def form() -> ResponseReturnValue:
        return jsonify(request.get_json() if request.is_json else request.form.to_dict())

    @bp.get("/essai/erreur/<kind>")
    @public
    def error(kind: str) -> ResponseReturnValue:
        raise ERRORS[kind]()

    @bp.get("/essai/dossier")
    @requires("dossier.open")
    def dossier() -> ResponseReturnValue:
        with unit_of_work() as ctx:
            return jsonify(acteur=str(ctx.acteur.id), motif=str(ctx.motif.code), tenant=str(ctx.tenant_id))

    @bp.get("/p/<slug>/essai")
    @requires("portail.dossier")
    def own(slug: str) -> ResponseReturnValue:
        with unit_of_work() as ctx:
            return jsonify(dossier=str(ctx.dossier_id))

    @bp.get("/essai/message")
    @public
    def message() -> ResponseReturnValue:
        flash("C’est enregistré.")
        toast("Rendez-vous déplacé.", "/annuler")
        return "", 204

    for action in ("visite.note", "dossier.search", "journal.consult", "compte.list", "acces.consult"):
        bp.add_url_rule(f"/essai/action/{action}", action.replace(".", "_"), requires(action)(lambda: "ouvert"))
    return bp


@pytest.fixture(scope="module")
def site_of_module(monde: Monde, running_psc: launcher.Simulator, told: Listener) -> Site:
    clock = MovableClock()
    app = build_web(config_for(running_psc.url), replace(monde.runtime, clock=clock))
    app.register_blueprint(routes())
    return Site(app, monde, running_psc, clock, told)
