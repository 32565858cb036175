"""Legal identity of an SPST."""

import pytest

from spst.tenants import rules
from spst.tenants.errors import IdentiteLegaleRefused


@pytest.mark.parametrize("siren", ["900000118", "732829320"])
def test_siren_with_its_key_is_accepted(siren: str) -> None:
    rules.check_siren(siren)


@pytest.mark.parametrize("siren", ["900000119", "90000011", "9000001180", "90000011A", "٩٠٠٠٠٠١١٨", ""])
def test_siren_without_its_key_is_refused(siren: str) -> None:
    with pytest.raises(IdentiteLegaleRefused):
        rules.check_siren(siren)


def test_siret_belongs_to_its_siren() -> None:
    rules.check_siret("90000011800019", "900000118")
    with pytest.raises(IdentiteLegaleRefused, match="ne commence pas"):
        rules.check_siret("90000011800019", "900000225")


@pytest.mark.parametrize("siret", ["90000011800018", "9000001180001", "9000001180001X"])
def test_siret_without_its_key_is_refused(siret: str) -> None:
    with pytest.raises(IdentiteLegaleRefused):
        rules.check_siret(siret, "900000118")


def test_siret_of_la_poste_follows_its_own_key() -> None:
    rules.check_siret("35600000049837", "356000000")


@pytest.mark.parametrize("slug", ["", "a", "Coteaux", "-coteaux", "cot eaux", "c" * 42, "../x"])
def test_address_that_would_not_stand_in_a_url_is_refused(slug: str) -> None:
    with pytest.raises(IdentiteLegaleRefused):
        rules.check_slug(slug)


def test_only_an_interentreprises_service_admits_a_medecin_praticien_correspondant() -> None:
    assert [rules.admits_mpc(kind) for kind in ("SPSTI", "SPSTA", "SPSTN")] == [True, False, False]
