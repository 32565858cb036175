"""Two SPSTs know the same worker, through the same médecin: what is written in one is nowhere in the other."""

import pytest

from tests.e2e.journeys import steps
from tests.e2e.journeys.conftest import Somebody, VisiteRacontee

CLOSED_DOORS = ("/visites/01900000-0000-7000-8000-000000000000", "/dossiers/01900000-0000-7000-8000-000000000000")


@pytest.mark.exigence("HAB-01")
@pytest.mark.exigence("AUT-01")
def test_same_medecin_in_her_other_service_meets_none_of_it(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    medecin = somebody()
    steps.when_he_enters(medecin, "ROUVIERE-TEST", steps.METALLURGIE)
    there = steps.when_he_opens_the_dossier_of(medecin, "adrun zoe", "Zoe ADRUN")
    assert there != visite_racontee.dossier
    medecin.read.append(medecin.page.content())
    for path in (visite_racontee.dossier, visite_racontee.visite, *CLOSED_DOORS):
        medecin.is_refused(path, status=404)
    medecin.never_read(visite_racontee.notee, visite_racontee.remise, visite_racontee.kind)


def test_direction_of_the_other_service_reads_nothing_of_this_one(
    somebody: Somebody, visite_racontee: VisiteRacontee
) -> None:
    other = somebody()
    steps.when_she_enters_by_password(other, other.demonstration.account("Direction", "METALLURGIE"))
    for link in ("Journal des accès", "Comptes"):
        other.page.get_by_role("link", name=link, exact=True).click()
        other.page.wait_for_load_state()
        other.read.append(other.page.content())
    other.never_read(visite_racontee.notee, visite_racontee.remise, "DELMAS-TEST", "ADRUN")
