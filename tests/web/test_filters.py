"""What is written on the screen: dates, hours, numbers and names in French."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from spst.web import filters

NARROW = "\u202f"
NO_BREAK = "\u00a0"


def test_dates_are_written_as_text_says_them() -> None:
    assert filters.date_longue(date(2027, 3, 12)) == "12 mars 2027"
    assert filters.date_longue(date(2026, 8, 1)) == "1er août 2026"


def test_dates_in_tables_have_two_digits_for_day_and_month() -> None:
    assert filters.date_courte(date(2027, 3, 2)) == "02/03/2027"


def test_titles_and_margins_name_the_day() -> None:
    monday = date(2026, 11, 23)
    assert filters.jour_long(monday) == "Lundi 23 novembre"
    assert filters.jour_semaine(monday) == "Lundi"
    assert filters.jour_mois(date(2025, 9, 4)) == "4 sept."
    assert filters.mois_annee(monday) == "Novembre 2026"


def test_an_instant_of_the_evening_belongs_to_the_day_of_the_spst_not_of_the_server() -> None:
    instant = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert filters.date_longue(instant) == "1er janvier 2027"
    assert filters.date_longue(instant, ZoneInfo("America/Martinique")) == "31 décembre 2026"


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (datetime(2026, 12, 31, 23, tzinfo=UTC), date(2026, 12, 31)),  # midnight in Paris, year end
        (datetime(2026, 3, 29, 22, tzinfo=UTC), date(2026, 3, 29)),  # the day that has 23 hours
        (datetime(2026, 10, 25, 23, tzinfo=UTC), date(2026, 10, 25)),  # the day that has 25
        (datetime(2028, 2, 29, 23, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), date(2026, 11, 23)),  # ended within a day, that day counts
        (datetime(2026, 10, 26, tzinfo=ZoneInfo("Europe/Paris")), date(2026, 10, 25)),
    ],
)
def test_last_day_of_a_period_is_the_one_before_its_excluded_end(end: datetime, last: date) -> None:
    assert filters.dernier_jour(end) == last


def test_hours_follow_summer_time_and_carry_no_leading_zero() -> None:
    assert filters.heure(datetime(2026, 11, 23, 7, 30, tzinfo=UTC)) == "8:30"
    assert filters.heure(datetime(2026, 7, 23, 7, 30, tzinfo=UTC)) == "9:30"
    assert filters.heure_secondes(datetime(2026, 11, 23, 9, 42, 7, tzinfo=UTC)) == "10:42:07"


def test_a_bare_time_is_shown_as_it_is() -> None:
    assert filters.heure(time(14, 5)) == "14:05"


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        filters.heure(datetime(2026, 11, 23, 7, 30))  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    ("minutes", "written"),
    [(30, "30 min"), (60, "1 h"), (90, "1 h 30"), (65, "1 h 05"), (0, "0 min")],
)
def test_lengths_are_in_minutes_then_hours(minutes: int, written: str) -> None:
    assert filters.duree(minutes) == written.replace(" ", NO_BREAK)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1975, 12, 31), date(2026, 11, 23), 50),
        (date(1975, 12, 31), date(2026, 12, 31), 51),
        (date(1976, 2, 29), date(2026, 2, 28), 49),
        (date(1976, 2, 29), date(2026, 3, 1), 50),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
    ],
)
def test_age_counts_whole_years(born: date, on: date, years: int) -> None:
    assert filters.age(born, on) == years


def test_numbers_take_narrow_spaces_a_comma_and_a_true_minus() -> None:
    assert filters.nombre(1240) == f"1{NARROW}240"
    assert filters.nombre(5731204) == f"5{NARROW}731{NARROW}204"
    assert filters.nombre(-3.5) == "\u22123,5"
    assert filters.nombre(71.5, 1) == "71,5"
    assert filters.nombre(68, 1) == "68,0"


def test_zero_is_singular_in_french() -> None:
    assert filters.pluriel(0, "visite") == f"0{NO_BREAK}visite"
    assert filters.pluriel(1, "visite") == f"1{NO_BREAK}visite"
    assert filters.pluriel(2, "visite") == f"2{NO_BREAK}visites"
    said = [filters.accord(count, "session ouverte", "sessions ouvertes") for count in (0, 1, 2)]
    assert said == ["session ouverte", "session ouverte", "sessions ouvertes"]
    assert filters.pluriel(2, "travail", "travaux") == f"2{NO_BREAK}travaux"


@pytest.mark.parametrize(
    ("birth", "given", "written"),
    [
        ("ADRUN", "ZOE", "ADRUN Zoe"),
        ("d’Artagnan de l’Hérault", "PIERRE-ALAIN", "D’ARTAGNAN DE L’HÉRAULT Pierre-Alain"),
        ("Le Bras", "Jean-François", "LE BRAS Jean-François"),
        ("D'ARTAGNAN", "MARIE JOSÉ", "D'ARTAGNAN Marie José"),
    ],
)
def test_only_birth_names_are_in_capitals(birth: str, given: str, written: str) -> None:
    assert filters.nom(birth, given) == written


@pytest.mark.parametrize(
    ("civilite", "given", "name", "written"),
    [
        ("Dr", "Camille", "ROUVIERE-TEST", "Dr Camille Rouviere-Test"),
        ("Mme", "Maëlle", "LE GOFF-TEST", "Mme Maëlle Le Goff-Test"),
        ("M.", "ÉTIENNE", "d'Artagnan", "M. Étienne d'Artagnan"),
    ],
)
def test_staff_are_named_without_capitals_and_keep_their_civilite(
    civilite: str, given: str, name: str, written: str
) -> None:
    said = filters.personnel(civilite, given, name)
    assert said.replace(filters.NO_BREAK, " ", 1) == written
    assert filters.personnel(*said.split()) == said


def test_years_on_an_axis_are_decimal() -> None:
    assert filters.annee_decimale(date(2026, 1, 1)) == 2026.0
    assert 2026.49 < filters.annee_decimale(date(2026, 7, 2)) < 2026.51


def test_every_filter_is_registered_under_its_own_name() -> None:
    assert all(name == function.__name__ for name, function in filters.FILTERS.items())
