"""The web program: its runtime, its sessions, its providers, and the routes of every room."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint, Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import spst
from spst.adapters.fournisseur.client import FournisseursDesSpst
from spst.adapters.franceconnect.client import FranceConnect
from spst.adapters.psc.client import ProSanteConnect
from spst.comptes import routes_fournisseur, routes_psc
from spst.comptes.frequences import CounterInDatabase
from spst.comptes.sessions import SessionsInDatabase
from spst.identite import services as identite
from spst.kernel.config import Config
from spst.kernel.runtime import Runtime
from spst.web.app import make_app
from spst.web.assets import Assets
from spst.web.state import Web
from spst.wiring.cibles import DossierByRoute
from spst.wiring.guards import FamiliesByAction
from spst.wiring.navigation import NavigationByFamily
from spst.wiring.plugs import plug_rooms
from spst.wiring.refus import RefusalsExplained

FRANCECONNECT = "spst.franceconnect"


def build_web(config: Config, runtime: Runtime) -> Flask:
    """Raises: ClosedRoute, when a route names no action of the registry."""
    plug_rooms()
    state = Web(
        runtime=runtime,
        config=config,
        sessions=SessionsInDatabase(runtime, identite.link_stands),
        guards=FamiliesByAction(),
        targets=DossierByRoute(),
        refusals=RefusalsExplained(),
        counter=CounterInDatabase(runtime),
        navigation=NavigationByFamily(),
        assets=Assets(),
    )
    app = make_app(state, load_blueprints(), lambda: database_answers(runtime))
    app.extensions[routes_psc.PROVIDER] = ProSanteConnect(config, runtime.clock)
    app.extensions[routes_fournisseur.PROVIDERS] = FournisseursDesSpst(config, runtime.clock)
    app.extensions[FRANCECONNECT] = FranceConnect(config, runtime.clock)
    return app


def load_blueprints() -> Iterator[Blueprint]:
    """`bp` of every module of a room whose name starts with `routes`."""
    for room in iter_modules(spst.__path__, "spst."):
        if not room.ispkg:
            continue
        for module in iter_modules(import_module(room.name).__path__, f"{room.name}."):
            if module.name.rpartition(".")[2].startswith("routes"):
                yield import_module(module.name).bp


def database_answers(runtime: Runtime) -> bool:
    try:
        with runtime.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
