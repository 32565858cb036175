"""What an e-mail says to whoever reads it over a shoulder, and when it is tried again."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from spst.kernel.clock import midnight
from spst.portail import courriel_rules as rules
from spst.portail.courriel_rules import Genre

pytestmark = pytest.mark.exigence("TRA-04", partielle="prévenir par e-mail")

ESPACE, ARRET = "https://portail.example.test/p/coteaux", "https://portail.example.test/p/coteaux/courriel"
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)

TELLING = (
    "dossier", "sante", "santé", "médec", "medec", "infirm", "visite", "rendez-vous", "examen", "soin", "travail", "employ",
    "entreprise", "service", "accès", "acces", "ouvert", "consult", "lu ", "refus", "avis", "délégu", "monsieur", "madame",
    "dr ", "janvier", "novembre", "lundi", "aujourd", "hier",
)  # fmt: skip
"""Words by which an employer would learn what the message is about, or of when."""


@pytest.mark.parametrize("genre", list(Genre))
def test_a_message_tells_nothing_but_that_there_is_something(genre: Genre) -> None:
    said = f"{rules.sujet(genre)}\n{rules.texte(genre, ESPACE, ARRET, '482913')}".replace(ESPACE, "").lower()
    assert [word for word in TELLING if word in said] == []
    digits = re.findall(r"\d+", said)
    assert digits == (["482", "913", "24"] if genre is Genre.CONFIRMATION else [])


@pytest.mark.parametrize("genre", list(Genre))
def test_a_message_leads_to_the_portal_alone_and_says_how_to_stop(genre: Genre) -> None:
    said = rules.texte(genre, ESPACE, ARRET, "482913")
    assert set(re.findall(r"https?://\S+", said)) == {ESPACE, ARRET}
    assert re.search(r"(ne plus en recevoir|Arrêtez tout ici)\u00a0: " + re.escape(ARRET), said)
    assert "{" not in said
    assert re.search(r"[^\u00a0\s][:?!;]|[ ][?!;]", re.sub(r"https?:", "", said)) is None, "a French space is missing"


def test_a_code_has_six_digits_and_is_taken_as_it_was_typed() -> None:
    made = {rules.new_code() for _ in range(50)}
    assert len(made) > 40
    assert all(re.fullmatch(r"\d{6}", code) for code in made)
    assert rules.digits("\u00a0482 913\n") == "482913"


def test_a_message_is_tried_later_and_later_over_some_days_then_no_more() -> None:
    tries = [rules.next_try(done, NOW) for done in range(1, rules.MOST_TRIES + 1)]
    assert tries.pop() is None
    delays = [at - NOW for at in tries if at is not None]
    assert len(delays) == rules.MOST_TRIES - 1
    assert all(shorter < longer for shorter, longer in pairwise(delays))
    assert timedelta(days=1) < sum(delays, timedelta()) < timedelta(days=3)
    assert rules.next_try(rules.MOST_TRIES + 4, NOW) is None


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        (date(2026, 7, 14), datetime(2026, 7, 13, 22, tzinfo=UTC)),
        (date(2026, 11, 24), datetime(2026, 11, 23, 23, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ],
)
def test_a_day_is_a_day_of_paris(day: date, starts: datetime) -> None:
    assert midnight(day) == starts
    assert rules.is_hour(starts, 0)
    assert not rules.is_hour(starts, 7)
    assert rules.is_hour(datetime(2026, 11, 24, 6, tzinfo=UTC), 7)
    assert not rules.is_hour(datetime(2026, 11, 24, 5, 59, tzinfo=UTC), 7)
