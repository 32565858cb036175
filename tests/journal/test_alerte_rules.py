"""What is unusual, on invented days: each kind is found, explained, and added up; ordinary days are left alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.journal import alerte_rules as rules
from spst.journal.alerte_rules import SEUIL, TOUT, Acces, Code, Habitude, Journee, Lien, Signal
from spst.kernel.ids import new_id

TRA_05 = pytest.mark.exigence("TRA-05", partielle="les accès inhabituels : les règles")
MORNING = datetime(2026, 11, 24, 8, tzinfo=UTC)
"""A Tuesday, 9:00 in Paris."""


def opened(count: int, *, every: timedelta = timedelta(minutes=12), start: datetime = MORNING) -> list[Acces]:
    return [Acces(new_id(), start + every * n, new_id(), True) for n in range(count)]


def refused(count: int, *, hors_suivi: bool = False) -> list[Acces]:
    return [Acces(new_id(), MORNING, new_id(), False, hors_suivi) for _ in range(count)]


def codes(journee: Journee) -> dict[Code, int]:
    return {one.code: one.nombre for one in rules.signals(journee)}


def expecting(acces: Iterable[Acces]) -> frozenset[UUID]:
    return frozenset(one.dossier_id for one in acces)


@TRA_05
@pytest.mark.parametrize(
    ("count", "minutes", "par_heure", "found"),
    [
        (29, 1, 0.0, False),
        (30, 1, 0.0, True),
        (30, 1, 3.0, True),
        (39, 1, 4.0, False),
        (40, 1, 4.0, True),
        (60, 2, 0.0, True),
        (60, 3, 0.0, False),
    ],
)
def test_mass_reading_is_ten_times_what_is_usual_in_an_hour_and_never_few(
    count: int, minutes: int, par_heure: float, found: bool
) -> None:
    acces = opened(count, every=timedelta(minutes=minutes))
    journee = Journee(acces, Habitude(par_heure=par_heure))
    assert (Code.MASSE_HEURE in codes(journee)) is found


@TRA_05
def test_the_hour_may_begin_at_any_minute_and_the_same_dossier_counts_once() -> None:
    late = opened(15, every=timedelta(minutes=1), start=MORNING + timedelta(minutes=40))
    across = late + opened(15, every=timedelta(minutes=1), start=MORNING + timedelta(minutes=62))
    assert codes(Journee(across))[Code.MASSE_HEURE] == 30
    again = [replace(late[n % 15], id=new_id(), at=MORNING + timedelta(seconds=n)) for n in range(200)]
    assert Code.MASSE_HEURE not in codes(Journee(again))


@TRA_05
def test_visits_that_are_prepared_weigh_a_third_in_a_mass_reading() -> None:
    prepared = opened(60, every=timedelta(seconds=30))
    assert codes(Journee(prepared, attendus=expecting(prepared))) == {}
    many = opened(90, every=timedelta(seconds=30))
    assert codes(Journee(many, attendus=expecting(many))) == {Code.MASSE_HEURE: 90}


@TRA_05
@pytest.mark.parametrize(
    ("count", "par_jour", "found"), [(99, 0.0, False), (100, 0.0, True), (124, 25.0, False), (125, 25.0, True)]
)
def test_mass_reading_over_a_day_is_five_times_what_is_usual(count: int, par_jour: float, found: bool) -> None:
    acces = opened(count, every=timedelta(minutes=5))
    journee = Journee(acces, Habitude(par_jour=par_jour, la_nuit=0.5))
    assert (Code.MASSE_JOUR in codes(journee)) is found


@TRA_05
@pytest.mark.parametrize(("count", "points"), [(2, 0), (3, 20), (4, 20), (5, 50), (40, 50)])
def test_repeated_refusals_weigh_more(count: int, points: int) -> None:
    assert rules.score(rules.signals(Journee(refused(count)))) == points


@TRA_05
@pytest.mark.parametrize(("count", "points"), [(1, 15), (2, 30), (3, 50), (9, 50)])
def test_dossiers_of_workers_whom_one_does_not_follow_weigh_one_by_one(count: int, points: int) -> None:
    found = rules.signals(Journee(refused(count, hors_suivi=True)))
    assert {one.code: one.points for one in found}[Code.HORS_SUIVI] == points


@TRA_05
def test_one_s_own_dossier_is_always_pointed_out_and_never_more_than_that() -> None:
    own = opened(1)
    journee = Journee(own, liens={own[0].dossier_id: frozenset({Lien.PROPRE})})
    assert rules.score(rules.signals(journee)) == TOUT
    expected = replace(journee, attendus=expecting(own))
    assert rules.score(rules.signals(expected)) == SEUIL, "somebody else may bear both names"
    tried = [replace(own[0], permis=False)]
    assert Code.PROPRE in codes(replace(journee, acces=tried)), "to be refused it is to have tried"


@TRA_05
@pytest.mark.parametrize(("lien", "code"), [(Lien.HOMONYME, Code.HOMONYME), (Lien.COLLEGUE, Code.COLLEGUE)])
def test_a_namesake_or_a_colleague_is_pointed_out_unless_he_was_expected_or_worked_upon(lien: Lien, code: Code) -> None:
    acces = opened(3)
    journee = Journee(acces, liens={acces[0].dossier_id: frozenset({lien})})
    assert codes(journee) == {code: 1}
    assert rules.score(rules.signals(journee)) >= SEUIL
    assert codes(replace(journee, attendus=expecting(acces[:1]))) == {}
    written = [replace(acces[0], id=new_id(), ecrit=True), *acces]
    assert codes(replace(journee, acces=written)) == {}


@TRA_05
@pytest.mark.parametrize(
    ("local", "found"),
    [
        ("2026-11-24T05:59+01:00", True),
        ("2026-11-24T06:00+01:00", False),
        ("2026-11-24T21:59+01:00", False),
        ("2026-11-24T22:00+01:00", True),
        ("2026-11-22T10:00+01:00", True),
        ("2026-07-14T05:30+02:00", True),
        ("2026-07-14T06:30+02:00", False),
    ],
)
def test_night_and_sunday_are_those_of_paris(local: str, found: bool) -> None:
    acces = opened(6, every=timedelta(), start=datetime.fromisoformat(local).astimezone(UTC))
    assert (Code.HORAIRE in codes(Journee(acces))) is found
    assert codes(Journee(acces, attendus=expecting(acces))) == {}, "an emergency that an appointment explains"


@TRA_05
def test_who_works_at_night_as_a_rule_is_left_alone() -> None:
    night = opened(6, start=MORNING - timedelta(hours=6))
    assert rules.score(rules.signals(Journee(night))) >= SEUIL
    assert codes(Journee(night, Habitude(la_nuit=0.2))) == {}


@TRA_05
def test_some_evenings_of_the_same_dossier_do_not_make_somebody_s_usual_hours() -> None:
    night = MORNING - timedelta(hours=6)
    days = [opened(10, start=MORNING - timedelta(days=n)) for n in (0, 1, 3, 4, 5, 6, 7, 8)]
    same = opened(1)[0]
    poisoned = [[replace(same, id=new_id(), at=night - timedelta(days=n)) for _ in range(8)] for n in (21, 22, 23)]
    assert rules.usual([*days, *poisoned]).la_nuit == 0, "three evenings"
    at_work = [opened(5, start=night - timedelta(days=n)) for n in range(21, 27)]
    assert rules.usual([*days, *at_work]).la_nuit > rules.USUAL_SHARE


@TRA_05
def test_what_was_refused_and_opened_later_or_by_a_lapsed_protocol_is_no_attempt() -> None:
    tried = refused(6, hors_suivi=True)
    held = [replace(one, id=new_id(), permis=True, hors_suivi=False, ecrit=True) for one in tried]
    assert codes(Journee(tried + held)) == {}
    lapsed = [replace(one, hors_suivi=False, echu=True) for one in tried]
    assert codes(Journee(lapsed)) == {}


@TRA_05
def test_what_was_told_stays_told_when_more_is_found() -> None:
    told = (Signal(Code.HOMONYME, 50, 1), Signal(Code.REFUS, 20, 3))
    more = (Signal(Code.REFUS, 50, 6), Signal(Code.HORS_SUIVI, 15, 1))
    assert rules.strengthened(told, more) == (
        Signal(Code.HOMONYME, 50, 1),
        Signal(Code.REFUS, 50, 6),
        Signal(Code.HORS_SUIVI, 15, 1),
    )
    assert rules.strengthened(told, ()) == told


@TRA_05
def test_many_dossiers_that_nothing_explains_add_to_the_rest_and_are_not_enough_alone() -> None:
    acces = opened(20)
    some = Journee(acces, attendus=expecting(acces[:5]))
    assert codes(some) == {}, "a quarter of them was expected"
    few = Journee(acces, attendus=expecting(acces[:3]))
    assert codes(few) == {Code.INATTENDUS: 17}
    assert rules.score(rules.signals(few)) < SEUIL <= rules.score(rules.signals(replace(few, acces=acces + refused(3))))
    assert rules.score(rules.signals(Journee(opened(40)))) >= SEUIL, "forty of them are"


@TRA_05
@given(st.integers(0, 25), st.integers(0, 2))
def test_a_day_of_appointments_is_ordinary_whoever_is_refused_once_or_twice(count: int, refusals: int) -> None:
    acces = opened(count)
    found = rules.signals(Journee(acces + refused(refusals), attendus=expecting(acces)))
    assert rules.score(found) < SEUIL


@given(
    st.lists(
        st.builds(
            Acces,
            st.uuids(),
            st.datetimes(timezones=st.just(UTC)),
            st.uuids(),
            st.booleans(),
            st.booleans(),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_a_score_is_within_bounds_and_every_signal_is_explained_and_kept(acces: list[Acces]) -> None:
    found = rules.signals(Journee(acces))
    assert 0 <= rules.score(found) <= TOUT
    assert [Signal.from_json(one.to_json()) for one in found] == list(found)
    assert all(one.phrase.endswith(".") and one.phrase[0] != " " for one in found)
    assert sorted(found, key=lambda one: -one.points) == list(found)


def test_what_is_usual_is_the_median_of_the_days_and_hours_of_work() -> None:
    days = [opened(count, every=timedelta(minutes=20)) for count in (6, 9, 30)]
    habit = rules.usual(days)
    assert (habit.par_heure, habit.par_jour, habit.la_nuit) == (3, 9, 0)
    assert rules.usual([]) == Habitude()


@pytest.mark.parametrize(
    ("signal", "phrase"),
    [
        (Signal(Code.MASSE_HEURE, 60, 48, 3.4), "48 dossiers en moins d’une heure (d’habitude 3)."),
        (Signal(Code.MASSE_JOUR, 60, 130), "130 dossiers dans la journée."),
        (Signal(Code.REFUS, 50, 6), "6 refus dans la journée."),
        (Signal(Code.HORS_SUIVI, 15, 1), "1 dossier hors de son suivi, que la politique a refusé d’ouvrir."),
        (Signal(Code.INATTENDUS, 30, 18, 20), "18 dossiers sur 20 sans rendez-vous proche, et sans rien y écrire."),
        (Signal(Code.HOMONYME, 50, 2), "2 dossiers portent son nom de famille, sans rendez-vous proche."),
        (Signal(Code.HORAIRE, 25, 1), "1 dossier la nuit ou un dimanche, hors de ses heures habituelles."),
    ],
)
def test_a_signal_is_said_in_plain_words(signal: Signal, phrase: str) -> None:
    assert signal.phrase.replace("\u00a0", " ") == phrase
