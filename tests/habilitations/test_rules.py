"""When a delegation of the médecin du travail is in force, and what it opens."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from spst.habilitations.rules import PorteeDelegation, covers, delegated_sections, is_in_force

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DOSSIER = UUID(int=7)


def delegation(**changes: object) -> PorteeDelegation:
    values = {"sections": frozenset({"S1"}), "starts_on": NOW - DAY, "ends_on": NOW + DAY, **changes}
    return PorteeDelegation(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"starts_on": NOW}, True),
        ({"ends_on": NOW}, False),
        ({"starts_on": NOW + timedelta(microseconds=1)}, False),
        ({"revoked_at": NOW}, False),
        ({"revoked_at": NOW + DAY}, True),
    ],
)
def test_delegation_runs_from_its_start_included_to_its_end_excluded(
    changes: dict[str, object], expected: bool
) -> None:
    assert is_in_force(delegation(**changes), NOW) is expected


def test_delegation_for_one_dossier_covers_no_other_nor_a_registration() -> None:
    assert covers(delegation(dossier_id=DOSSIER), DOSSIER)
    assert not covers(delegation(dossier_id=DOSSIER), uuid4())
    assert not covers(delegation(dossier_id=DOSSIER), None)
    assert covers(delegation(), None)


@pytest.mark.exigence("HAB-01")
def test_no_delegation_opens_more_than_identity_and_exposures() -> None:
    wide = delegation(sections=frozenset({"S1", "S2", "S3", "S7"}))
    assert delegated_sections([wide], DOSSIER, NOW) == {"S1", "S2"}


def test_delegations_add_up_and_expired_ones_add_nothing() -> None:
    second = delegation(sections=frozenset({"S2"}), dossier_id=DOSSIER)
    expired = delegation(sections=frozenset({"S2"}), ends_on=NOW - DAY, starts_on=NOW - 2 * DAY)
    assert delegated_sections([delegation(), second], DOSSIER, NOW) == {"S1", "S2"}
    assert delegated_sections([delegation(), expired], DOSSIER, NOW) == {"S1"}
    assert delegated_sections([], DOSSIER, NOW) == frozenset()
