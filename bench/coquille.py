"""The site, with two pages more: the shells against which its own are measured.

A shell has the same frame, session and template, rows fixed once and for all, and the floor instead of the services.
"""

from typing import Any
from uuid import UUID

from flask import Flask, current_app, request

from bench.montage import Terrain
from bench.plancher import Plancher
from spst.app import create_app as create_site
from spst.espace_pro import routes_dossier, routes_recherche
from spst.kernel.config import Config
from spst.web.guards import public


class Fixed:
    """Keeps what a page of `module` gave to its template, the first time that this process served one."""

    def __init__(self, module: Any) -> None:
        self._usual = module.render_template
        self._known: tuple[str, dict[str, Any]] | None = None
        module.render_template = self._keep

    def _keep(self, template: str, **values: Any) -> str:
        self._known = self._known or (template, values)
        return str(self._usual(template, **values))

    def render(self, path: str) -> str:
        """The template with the kept values; `path`: the page that has them, asked for in the same session."""
        if self._known is None:
            asked = {name: request.headers[name] for name in ("Cookie", "User-Agent")}
            current_app.test_client(use_cookies=False).get(path, headers=asked)
        assert self._known is not None
        return str(self._usual(self._known[0], **self._known[1]))


def create_app() -> Flask:
    config = Config.from_environment()
    app, floors = create_site(config), list[Plancher]()
    dossier, recherche = Fixed(routes_dossier), Fixed(routes_recherche)

    def floor() -> Plancher:
        """One per process, made after the fork."""
        if not floors:
            floors.append(Plancher(Terrain(config, {})))
        return floors[0]

    @app.get("/bench/dossiers/<uuid:dossier_id>")
    @public
    def shell_of_dossier(dossier_id: UUID) -> str:
        floor().consult(dossier_id)
        return dossier.render(f"/dossiers/{dossier_id}")

    @app.get("/bench/recherche")
    @public
    def shell_of_search() -> str:
        floor().search(*request.args["q"].split(" ")[:2])
        return recherche.render(f"/recherche?{request.query_string.decode()}")

    return app
