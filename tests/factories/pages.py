"""The pages over a small world, for somebody who is at work already: nobody logs in, no provider stands behind."""

from dataclasses import replace
from typing import Any, cast

import pytest

from spst.wiring.web import build_web
from tests.factories.monde import Monde
from tests.factories.site import MovableClock, Site, config_for


@pytest.fixture(scope="module")
def pages(monde: Monde) -> Site:
    clock = MovableClock()
    app = build_web(config_for("http://127.0.0.1:9"), replace(monde.runtime, clock=clock))
    return Site(app, monde, cast(Any, None), clock, cast(Any, None))
