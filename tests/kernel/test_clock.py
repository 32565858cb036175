"""Days and months of the calendar."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from spst.kernel.clock import add_months


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(0, 240))
def test_months_are_added_without_running_into_the_month_after(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).month != later.month)
