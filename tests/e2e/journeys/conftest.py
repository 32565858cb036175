"""One demonstration for all the journeys of a test process, people at browsers, and the visit that others hear of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e import demonstration as demo
from tests.e2e.demonstration import Demonstration
from tests.e2e.journeys import steps
from tests.e2e.journeys.visitor import DESK, Visitor, visitor

Somebody = Callable[..., Visitor]


@pytest.fixture(scope="session")
def demonstration(reachable_dir: Callable[[], Path]) -> Iterator[Demonstration]:
    with demo.running(reachable_dir()) as started:
        yield started


@pytest.fixture
def somebody(chromium: Browser, demonstration: Demonstration) -> Iterator[Somebody]:
    """Sits people down at browsers that nobody has used; in the end no console has said anything."""
    present: list[Visitor] = []

    def arrive(size: tuple[int, int] = DESK, *, scripts: bool = True) -> Visitor:
        present.append(visitor(chromium, demonstration, size, scripts=scripts))
        return present[-1]

    yield arrive
    for one in present:
        one.page.context.close()
    assert [said for one in present for said in one.heard] == []


@dataclass(frozen=True, slots=True)
class VisiteRacontee:
    """A closed visit of Zoé ADRUN with Dr Rouvière. `notee`: the working note; `remise`: what was written for her."""

    dossier: str
    visite: str
    kind: str
    notee: str
    remise: str


@pytest.fixture(scope="session")
def visite_racontee(chromium: Browser, demonstration: Demonstration) -> VisiteRacontee:
    """Made through the pages, as everything here: what the médecin wrote, that others must or must not meet."""
    medecin = visitor(chromium, demonstration)
    steps.when_he_enters(medecin, "ROUVIERE-TEST", steps.COTEAUX)
    dossier = steps.when_he_opens_the_dossier_of(medecin, "adrun zoe", "Zoe ADRUN")
    kind, notee, remise = "Visite à la demande de l’employeur", "Canari jaune du carnet", "Portez vos bouchons moulés"
    path = steps.when_he_starts(medecin, kind)
    steps.when_he_types(medecin, steps.notes(medecin), notee)
    steps.when_he_types(medecin, steps.for_the_worker(medecin), remise)
    steps.when_he_ends_the_visit(medecin)
    medecin.page.context.close()
    assert medecin.heard == []
    return VisiteRacontee(dossier, path, kind, notee, remise)
