"""Each test leaves the dossier of Zoé without opposition."""

from collections.abc import Iterator

import pytest

from tests.factories.monde import Monde
from tests.factories.releves import forget_oppositions


@pytest.fixture(autouse=True)
def _as_before(monde: Monde) -> Iterator[None]:
    yield
    for spst in (monde.a, monde.b):
        forget_oppositions(monde, spst.zoe.dossier_id)
