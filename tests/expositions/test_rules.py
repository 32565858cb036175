"""Periods and sources, on values alone."""

from datetime import date

import pytest

from spst.expositions import rules
from spst.expositions.errors import PeriodeBeforeBirth, PeriodeRefused, SourceUnknown

TODAY, BIRTH = date(2026, 11, 23), date(1975, 12, 31)


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [
        (TODAY, None),
        (TODAY, TODAY),
        (BIRTH, TODAY),
        (date(2010, 1, 1), date(2027, 6, 30)),
    ],
)
def test_a_period_begins_by_today_and_may_end_later(starts_on: date, ends_on: date | None) -> None:
    rules.check_period(starts_on, ends_on, TODAY, BIRTH)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "error"),
    [
        (date(2026, 11, 24), None, PeriodeRefused),
        (date(2010, 1, 2), date(2010, 1, 1), PeriodeRefused),
        (date(1975, 12, 30), None, PeriodeBeforeBirth),
        (date(20, 1, 1), None, PeriodeBeforeBirth),
    ],
)
def test_an_impossible_period_is_refused(starts_on: date, ends_on: date | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        rules.check_period(starts_on, ends_on, TODAY, BIRTH)


@pytest.mark.parametrize(
    ("ends_on", "day", "running"),
    [
        (None, TODAY, True),
        (TODAY, TODAY, True),
        (date(2026, 11, 22), TODAY, False),
        (None, date(2009, 12, 31), False),
    ],
)
def test_the_last_day_of_an_exposure_counts(ends_on: date | None, day: date, running: bool) -> None:
    assert rules.is_running(date(2010, 1, 1), ends_on, day) is running


def test_a_source_is_one_that_the_law_or_the_register_knows() -> None:
    assert rules.check_source("mesure", rules.SOURCES) == "mesure"
    with pytest.raises(SourceUnknown):
        rules.check_source("rumeur", rules.SOURCES)
