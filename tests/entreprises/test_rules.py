"""Numbers of companies and periods of contracts, on values alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.entreprises import rules
from spst.entreprises.errors import ContratRefused, SirenRefused, SiretOfAnother


@pytest.mark.parametrize("typed", ["732829320", "732 829 320", "356000000"])
def test_a_siren_has_nine_digits_and_its_key(typed: str) -> None:
    assert rules.parse_siren(typed) == typed.replace(" ", "")


@pytest.mark.parametrize("typed", ["732829321", "73282932", "", "73282932A", "٧٣٢٨٢٩٣٢٠"])
def test_another_siren_is_refused(typed: str) -> None:
    with pytest.raises(SirenRefused):
        rules.parse_siren(typed)


def test_a_siret_belongs_to_its_siren() -> None:
    assert rules.parse_siret("732 829 320 00074", "732829320") == "73282932000074"
    assert rules.parse_siret("35600000049837", "356000000") == "35600000049837"
    with pytest.raises(SiretOfAnother):
        rules.parse_siret("73282932000074", "356000000")
    with pytest.raises(SirenRefused):
        rules.parse_siret("73282932000075", "732829320")


@given(st.integers(min_value=0, max_value=99_999_999), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_never_makes_a_right_siren(number: int, change: int) -> None:
    right = next(f"{number:08d}{key}" for key in range(10) if _is_siren(f"{number:08d}{key}"))
    wrong = right[:-1] + str((int(right[-1]) + change) % 10)
    assert not _is_siren(wrong)


def _is_siren(text: str) -> bool:
    try:
        rules.parse_siren(text)
    except SirenRefused:
        return False
    return True


@pytest.mark.parametrize(
    ("type_", "poste", "ends_on"),
    [
        ("CDI", " ", None),
        ("stage", "Soudeuse", None),
        ("CDD", "Soudeuse", date(2019, 12, 31)),
        ("CDI", "x" * 201, None),
    ],
)
def test_a_contract_needs_a_post_a_known_type_and_an_end_after_its_start(
    type_: str, poste: str, ends_on: date | None
) -> None:
    with pytest.raises(ContratRefused):
        rules.check_contrat(type_, poste, date(2020, 1, 1), ends_on)


def test_both_days_of_a_contract_are_worked() -> None:
    start, end = date(2020, 1, 1), date(2020, 1, 31)
    assert [rules.runs_on(start, end, day) for day in (start, end, date(2020, 2, 1))] == [True, True, False]
