"""A Flask application with everything that must hold whatever the routes do."""

from collections.abc import Callable, Iterable
from pathlib import Path

from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from spst.web import errors, frame, guards, health, logging, presence, security, sessions
from spst.web.state import Web, plug

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def make_app(state: Web, blueprints: Iterable[Blueprint], database_answers: Callable[[], bool]) -> Flask:
    """Raises: ClosedRoute, when a route names no action."""
    app = Flask("spst.web", template_folder=str(_TEMPLATES))
    if state.config.is_https:  # this program speaks no TLS itself: exactly one proxy of ours does it before
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    app.url_map.merge_slashes = False  # an address is right or not found: no redirect is made from a Host that was sent
    plug(app.extensions, state)
    logging.install(app)
    sessions.install(app, state.sessions, sessions.Cookies.of(state.config))
    security.install(app, state.config)
    errors.install(app)
    frame.install(app)
    app.register_blueprint(presence.bp)
    app.register_blueprint(health.blueprint(database_answers))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    guards.check_routes(app)
    return app
