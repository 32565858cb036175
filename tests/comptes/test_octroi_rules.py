"""Who may be granted what: no database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.comptes import octroi_rules
from spst.comptes.errors import CompteRefused, HabilitationRefused
from spst.comptes.octroi_rules import Beneficiaire, DemandeCompte, DemandeRole
from spst.kernel.acteur import Role

NOW = datetime(2027, 3, 12, 8, 30, tzinfo=UTC)
SHE, HE = UUID(int=1), UUID(int=2)


def grant(
    role: Role, *, by: UUID = SHE, rpps: bool = True, kind: str = "SPSTI", held: str = "", **dates: datetime
) -> None:
    demande = DemandeRole(role, dates.get("starts_at", NOW), dates.get("ends_at"))
    octroi_rules.check_grant(demande, Beneficiaire(HE, rpps, {held}), by, kind, NOW)


@given(st.sampled_from(list(Role)), st.booleans(), st.sampled_from(["SPSTI", "SPSTA", "SPSTN"]))
def test_nobody_ever_grants_himself_a_role(role: Role, rpps: bool, kind: str) -> None:
    with pytest.raises(HabilitationRefused, match="soi-même"):
        grant(role, by=HE, rpps=rpps, kind=kind)


@pytest.mark.parametrize("role", [Role.SAL, Role.SRV, Role.TECH])
def test_roles_that_are_nobodys_are_not_granted(role: Role) -> None:
    with pytest.raises(HabilitationRefused):
        grant(role)


@pytest.mark.parametrize(("kind", "allowed"), [("SPSTI", True), ("SPSTA", False), ("SPSTN", False)])
def test_medecin_praticien_correspondant_in_an_spsti_only(kind: str, allowed: bool) -> None:
    if allowed:
        grant(Role.MPC, kind=kind)
    else:
        with pytest.raises(HabilitationRefused, match="interentreprises"):
            grant(Role.MPC, kind=kind)


@pytest.mark.parametrize("role", [Role.MDT, Role.COLL, Role.INT, Role.INF, Role.IPA, Role.MPC])
def test_health_role_needs_an_rpps_number(role: Role) -> None:
    with pytest.raises(HabilitationRefused, match="RPPS"):
        grant(role, rpps=False)


@pytest.mark.parametrize("role", [Role.DIR, Role.DPO, Role.AUD, Role.ADM, Role.IPRP, Role.ASST])
def test_other_roles_may_come_by_the_second_path(role: Role) -> None:
    grant(role, rpps=False)


def test_end_before_start_or_in_the_past_is_refused() -> None:
    with pytest.raises(HabilitationRefused):
        grant(Role.ADM, starts_at=NOW + timedelta(days=2), ends_at=NOW + timedelta(days=1))
    with pytest.raises(HabilitationRefused):
        grant(Role.ADM, starts_at=NOW - timedelta(days=2), ends_at=NOW - timedelta(days=1))


def test_role_already_held_is_not_granted_twice() -> None:
    with pytest.raises(HabilitationRefused):
        grant(Role.ADM, held="ADM")


@pytest.mark.parametrize(
    "demande",
    [
        DemandeCompte("Mlle", "Anne", "Prigent", email="a@b.fr"),
        DemandeCompte("Mme", "", "Prigent", email="a@b.fr"),
        DemandeCompte("Mme", "Anne", "Prigent"),
        DemandeCompte("Mme", "Anne", "Prigent", rpps="10099000028"),
        DemandeCompte("Mme", "Anne", "Prigent", rpps="1009900002"),
        DemandeCompte("Mme", "Anne", "Prigent", email="anne prigent@b.fr"),
        DemandeCompte("Mme", "Anne", "Prigent", email="anne@localhost"),
    ],
)
def test_account_without_what_names_its_holder_is_refused(demande: DemandeCompte) -> None:
    with pytest.raises(CompteRefused):
        octroi_rules.check_compte(demande)


def test_rpps_number_has_a_key() -> None:
    octroi_rules.check_compte(DemandeCompte("Dr", "Claire", "Delmas-Test", rpps="10099000027"))
