"""The pages over the small world, Pro Santé Connect standing in, and the situations that acts are tried in."""

import pytest

from tests.factories.site import Site
from tests.robustesse.scene import Scene


@pytest.fixture(scope="module")
def scene(pages: Site) -> Scene:
    return Scene(pages)
