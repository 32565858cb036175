"""What a first look at each page costs: its requests and its weight, all it loads included."""

import gzip

import pytest
from playwright.sync_api import Response

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody, VisiteRacontee
from tests.e2e.journeys.visitor import Visitor

WEIGHT_MAX = 120_000
"""Bytes, gzip. Two fonts (52 kB) are half of it; on the 3G of a building site, 400 kbit/s, the rest is there in three seconds."""
REQUESTS_MAX = 15


@pytest.mark.exigence("ETH-02")
def test_first_look_at_each_page_stays_within_its_budget(somebody: Somebody, visite_racontee: VisiteRacontee) -> None:
    stranger, medecin, direction = somebody(), somebody(), somebody()
    steps.when_he_enters(medecin, "ROUVIERE-TEST", steps.COTEAUX)
    steps.when_she_enters_by_password(direction, direction.demonstration.account("Délégué", "METALLURGIE"))
    dossier, visite = visite_racontee.dossier, visite_racontee.visite
    for who, paths in (
        (stranger, ("/connexion", "/connexion/locale", "/p/coteaux", "/inscription")),
        (medecin, ("/journee", "/recherche", dossier, f"{dossier}/visites/nouvelle", f"{dossier}/acces", visite)),
        (direction, ("/direction/accueil", "/direction/journal", "/direction/politique")),
    ):
        for path in paths:
            loaded = first_look(who, path)
            assert all(url.startswith((who.demonstration.url, "data:")) for url in loaded), path
            assert len(loaded) <= REQUESTS_MAX, (path, sorted(loaded))
            assert sum(loaded.values()) <= WEIGHT_MAX, (path, loaded)


def first_look(who: Visitor, path: str) -> dict[str, int]:
    """Weights by address, as if nothing had been seen before."""
    heard: list[Response] = []

    def hear(response: Response) -> None:
        heard.append(response)

    who.page.on("response", hear)
    who.page.context.new_cdp_session(who.page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    who.page.goto(who.demonstration.url + path, wait_until="networkidle")
    who.page.remove_listener("response", hear)
    return {one.url: len(gzip.compress(one.body())) for one in heard}
