"""What `wiring` plugs into the pages of one process, and where a request finds it."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from spst.kernel.config import Config
from spst.kernel.runtime import Runtime
from spst.web.assets import Assets
from spst.web.ports import Counter, GuardTable, Navigation, RefusalTable, SessionStore, TargetTable

_KEY = "spst"


@dataclass(frozen=True, slots=True)
class Web:
    runtime: Runtime
    config: Config
    sessions: SessionStore
    guards: GuardTable
    targets: TargetTable
    refusals: RefusalTable
    counter: Counter
    navigation: Navigation
    assets: Assets


def plug(extensions: dict[str, object], state: Web) -> None:
    extensions[_KEY] = state


def web() -> Web:
    """The state of the application that answers the current request."""
    return cast(Web, current_app.extensions[_KEY])
