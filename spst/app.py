"""The web program, as gunicorn loads it: `spst.app:create_app()`."""

from flask import Flask

from spst.kernel.clock import Clock
from spst.kernel.config import Config
from spst.web import logging
from spst.wiring.runtime import build_runtime
from spst.wiring.web import build_web


def create_app(config: Config | None = None, clock: Clock | None = None) -> Flask:
    """Raises: ConfigurationMissing, RoleTooPowerful, ClosedRoute: a process that could not be safe does not start."""
    if config is None:
        logging.configure()
        config = Config.from_environment()
    return build_web(config, build_runtime(config, clock))
