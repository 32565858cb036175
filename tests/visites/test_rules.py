"""Who conducts what, which state follows which, what becomes of a save: laws and worked examples."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS
from spst.visites import rules
from spst.visites.errors import (
    ClotureNotAllowed,
    DateNotAllowed,
    InformationRequired,
    OrientationNotAllowed,
    RendezVousNotAllowed,
    RubriqueUnknown,
    TexteRefused,
    TexteTooLong,
    TypeNotAllowed,
)
from spst.visites.rules import Conclusion, NoteStored, StatutRdv, Suite, TypeLegal

NOW = datetime(2026, 11, 23, 9, 2, tzinfo=UTC)
TODAY = date(2026, 11, 23)

_FILE = Path(__file__).parents[2] / "migrations" / "data" / "0011_type_visite.csv"
with _FILE.open(encoding="utf-8", newline="") as lines:
    TYPES = {
        row["code"]: TypeLegal(
            row["code"],
            row["libelle"],
            row["libelle_agenda"],
            tuple(row["regimes"].split(";")),
            tuple(row["praticiens"].split(";")),
            int(row["interval_max_mois"]) if row["interval_max_mois"] else None,
            row["article"],
        )
        for row in csv.DictReader(lines)
    }

MEDECINS = {Role.MDT, Role.COLL, Role.INT}
NURSES = {Role.INF, Role.IPA}
BY_PROTOCOL = MEDECINS | NURSES | {Role.MPC}

PERFORMERS: dict[str, set[Role]] = {
    **dict.fromkeys(["VIPI", "VIPI_A", "VIPI_APP", "VIPP_SIS", "VIPP_SIA"], BY_PROTOCOL),
    **dict.fromkeys(["EMAI", "EMAP", "EMAP_A", "EMAP_J", "SAIS"], MEDECINS),
    "VINT": MEDECINS | NURSES,
    **dict.fromkeys(["PREP", "REPR_MAT", "REPR_MP", "REPR_AT", "REPR_MAL"], BY_PROTOCOL),
    **dict.fromkeys(["DEM_SAL", "DEM_EMP", "DEM_MDT", "MICA"], BY_PROTOCOL),
    "ORIENT": {Role.MDT, Role.COLL},
    **dict.fromkeys(["POSTE_X", "POSTE_P", "INAPT2", "ATT_C", "ATT_E"], MEDECINS),
    "ENTI": NURSES,
    "DOSE": {Role.MDT},
}
"""Written from the articles, not from the data: R. 4623-14 II, R. 4623-25-1, R. 4623-28, R. 4623-44, R. 4323-56, R. 4451-84."""

CASES = [(code, role) for code in TYPES for role in Role]


@pytest.mark.exigence(
    "DMS-02", partielle="types et praticiens ; les documents produits et les échéances viennent ensuite"
)
@pytest.mark.parametrize(("code", "role"), CASES, ids=[f"{code}-{role}" for code, role in CASES])
def test_a_type_is_conducted_by_whom_its_article_names(code: str, role: Role) -> None:
    assert rules.may_conduct(TYPES[code], role) is (role in PERFORMERS[code])


def test_every_type_of_the_law_is_in_the_table() -> None:
    assert set(TYPES) == set(PERFORMERS)


def test_an_infirmier_reads_who_conducts_the_exam_of_aptitude_and_by_which_article() -> None:
    sentence = rules.closed_because(TYPES["EMAI"], Role.INF)
    assert sentence == (
        "Visite menée par\u00a0: médecin du travail, collaborateur médecin ou interne en médecine du travail"
        " (L. 4624-2, R. 4624-24, R. 4624-25)."
    )
    assert rules.closed_because(TYPES["EMAI"], Role.MDT) is None


def test_a_role_without_visits_is_refused_with_the_article() -> None:
    with pytest.raises(TypeNotAllowed, match=r"R\. 4624-10"):
        rules.check_may_conduct(TYPES["VIPI"], Role.IPRP)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (TODAY, NOW),
        (date(2026, 11, 20), datetime(2026, 11, 19, 23, tzinfo=UTC)),
        (date(2026, 10, 23), datetime(2026, 10, 22, 22, tzinfo=UTC)),
    ],
)
def test_a_visit_begins_now_or_on_the_day_it_took_place(on: date, expected: datetime) -> None:
    assert rules.started_at(on, NOW) == expected
    assert rules.has_hour(rules.started_at(on, NOW)) is (on == TODAY)


@pytest.mark.parametrize("on", [date(2026, 11, 24), date(2026, 10, 22), date(1, 1, 1), date(9999, 12, 31)])
def test_a_visit_is_neither_dated_in_the_future_nor_long_ago(on: date) -> None:
    with pytest.raises(DateNotAllowed):
        rules.started_at(on, NOW)


# ──── Appointments

SLOT = datetime(2026, 11, 23, 9, tzinfo=UTC)
S = StatutRdv


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (S.CONVOQUE, S.ARRIVE),
        (S.CONVOQUE, S.ABSENT),
        (S.CONVOQUE, S.EXCUSE),
        (S.ARRIVE, S.CONVOQUE),
        (S.ABSENT, S.ARRIVE),
        (S.ABSENT, S.EXCUSE),
        (S.EXCUSE, S.CONVOQUE),
    ],
)
def test_a_state_is_set_and_taken_back_by_hand(current: StatutRdv, wanted: StatutRdv) -> None:
    rules.check_statut(current, wanted, SLOT, NOW)


@pytest.mark.parametrize("current", [S.EN_COURS, S.RECU])
@pytest.mark.parametrize("wanted", list(S))
def test_what_a_visit_set_nobody_undoes_by_hand(current: StatutRdv, wanted: StatutRdv) -> None:
    with pytest.raises(RendezVousNotAllowed):
        rules.check_statut(current, wanted, SLOT, NOW)


@pytest.mark.parametrize("current", list(S))
@pytest.mark.parametrize("wanted", [S.EN_COURS, S.RECU])
def test_a_visit_alone_sets_its_own_states(current: StatutRdv, wanted: StatutRdv) -> None:
    with pytest.raises(RendezVousNotAllowed):
        rules.check_statut(current, wanted, SLOT, NOW)


@pytest.mark.parametrize(
    ("wanted", "now"),
    [
        (S.ARRIVE, SLOT - timedelta(days=1)),
        (S.ARRIVE, SLOT + timedelta(days=1)),
        (S.ABSENT, SLOT - timedelta(minutes=1)),
        (S.EXCUSE, SLOT + timedelta(days=8)),
    ],
)
def test_a_state_is_set_in_its_time(wanted: StatutRdv, now: datetime) -> None:
    with pytest.raises(RendezVousNotAllowed):
        rules.check_statut(S.CONVOQUE, wanted, SLOT, now)


def test_the_day_of_the_spst_lasts_25_hours_when_the_clocks_go_back() -> None:
    start, end = rules.bounds_of(date(2026, 10, 25))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=25)


# ──── Notes


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Gêne auditive.\r\nAcouphènes.", "Gêne auditive.\nAcouphènes."),
        ("a\rb", "a\nb"),
        ("poids\t68 kg", "poids\t68 kg"),
        ("\u202egnirts\u202c \u2066x\u2069 \ufeffy", "gnirts x y"),
        ("alcool\u200b\u00ad\u2060 : non", "alcool : non"),
        ("bip\x07 \x1b[31mrouge\x7f", "bip [31mrouge"),
        ("espace insécable\u00a0: œuvre, 😀, مرحبا \u200f!", "espace insécable\u00a0: œuvre, 😀, مرحبا \u200f!"),
        ("", ""),
    ],
)
def test_a_text_is_kept_as_typed_without_marks_that_deceive(typed: str, kept: str) -> None:
    assert rules.clean_texte(typed) == kept


@pytest.mark.parametrize("typed", ["nul\x00", "demi \ud83d"])
def test_a_text_that_cannot_be_what_was_typed_is_refused(typed: str) -> None:
    with pytest.raises(TexteRefused):
        rules.clean_texte(typed)


def test_a_text_holds_20_000_characters_and_no_more() -> None:
    assert rules.clean_texte("é" * 20_000) == "é" * 20_000
    with pytest.raises(TexteTooLong):
        rules.clean_texte("é" * 20_001)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
def test_cleaning_a_text_twice_changes_nothing_more(texte: str) -> None:
    once = rules.clean_texte(texte)
    assert rules.clean_texte(once) == once
    once.encode()


def test_an_unknown_rubric_is_refused() -> None:
    with pytest.raises(RubriqueUnknown):
        rules.check_rubrique("diagnostic'; --")


class Serveur:
    """What `outcome` decides, applied: a note as the server holds it, and what it acknowledged."""

    def __init__(self) -> None:
        self.stored: NoteStored | None = None
        self.history: list[str] = []

    def save(self, texte: str, revision: int, operation: UUID) -> tuple[Suite, int]:
        suite = rules.outcome(self.stored, texte, revision, operation)
        if suite is Suite.WRITE:
            self.stored = NoteStored((self.stored.revision if self.stored else 0) + 1, operation, texte)
            self.history.append(texte)
        return suite, self.stored.revision if self.stored else 0


class Fenetre:
    """A browser window that follows the protocol: what was not answered is sent again, before anything newer."""

    def __init__(self) -> None:
        self.revision = 0
        self.seen = ""

    def send(self, serveur: Serveur, texte: str, times: int) -> Suite:
        """Types over what it knows; the first `times - 1` answers are lost on the way."""
        operation = uuid4()
        answers = [serveur.save(texte, self.revision, operation) for _ in range(times)]
        suite, revision = answers[-1]
        if suite is not Suite.CONFLICT:
            self.revision, self.seen = revision, texte
        return suite


STEPS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from("abcde"), st.integers(1, 3)), max_size=30)


@pytest.mark.exigence("DMS-06", partielle="règle seule ; la base et la page ont leurs essais")
@given(STEPS)
def test_replayed_and_interleaved_saves_never_lose_the_last_text_acknowledged(
    steps: list[tuple[int, str, int]],
) -> None:
    serveur, fenetres = Serveur(), (Fenetre(), Fenetre())
    for which, texte, times in steps:
        before = serveur.stored
        suite = fenetres[which].send(serveur, texte, times)
        assert serveur.stored is not None
        if suite is Suite.CONFLICT:
            assert serveur.stored == before
        else:
            assert serveur.stored.texte == texte
    written = [a for a, b in zip(serveur.history, serveur.history[1:], strict=False) if a == b]
    assert written == []


@pytest.mark.parametrize(
    ("texte", "revision", "operation", "expected"),
    [
        ("même texte", 3, UUID(int=1), Suite.KEPT),
        ("même texte", 2, UUID(int=1), Suite.KEPT),
        ("même texte", 2, UUID(int=9), Suite.KEPT),
        ("autre texte", 3, UUID(int=9), Suite.WRITE),
        ("autre texte", 2, UUID(int=9), Suite.CONFLICT),
        ("autre texte", 4, UUID(int=9), Suite.CONFLICT),
        ("autre texte", 3, UUID(int=1), Suite.CONFLICT),
    ],
)
def test_a_save_is_written_kept_or_shown_as_a_conflict(
    texte: str, revision: int, operation: UUID, expected: Suite
) -> None:
    stored = NoteStored(3, UUID(int=1), "même texte")
    assert rules.outcome(stored, texte, revision, operation) is expected
    assert rules.outcome(None, texte, revision, operation) is Suite.WRITE


@pytest.mark.exigence("TRA-01", partielle="règle des dix minutes ; les traces elles-mêmes ont leurs essais")
@pytest.mark.parametrize(
    ("traced_at", "traced_session", "session", "expected"),
    [
        (None, None, "s1", True),
        (NOW - timedelta(minutes=9, seconds=59), "s1", "s1", False),
        (NOW - timedelta(minutes=10), "s1", "s1", True),
        (NOW - timedelta(seconds=1), "s1", "s2", True),
        (NOW - timedelta(seconds=1), None, None, True),
        (NOW + timedelta(hours=1), "s1", "s1", True),
    ],
)
def test_a_save_leaves_a_trace_when_it_opens_an_editing_period(
    traced_at: datetime | None, traced_session: str | None, session: str | None, expected: bool
) -> None:
    assert rules.leaves_trace(traced_at, traced_session, session, NOW) is expected


# ──── The end of a visit


def test_whoever_conducts_the_visit_closes_it_and_the_medecin_may_for_him() -> None:
    rules.check_may_close(TYPES["VIPI"], Role.INF, is_conductor=True)
    rules.check_may_close(TYPES["VIPI"], Role.MDT, is_conductor=False)
    with pytest.raises(ClotureNotAllowed):
        rules.check_may_close(TYPES["VIPI"], Role.INF, is_conductor=False)
    with pytest.raises(TypeNotAllowed):
        rules.check_may_close(TYPES["EMAI"], Role.INF, is_conductor=True)


@pytest.mark.parametrize("information", ["", "  \n "])
def test_a_visit_does_not_close_without_a_word_for_the_worker(information: str) -> None:
    with pytest.raises(InformationRequired):
        rules.check_conclusion(TYPES["VIPI"], Role.INF, Conclusion(), information, TODAY)


def test_an_infirmier_refers_to_the_medecin_who_does_not_refer_to_himself() -> None:
    conclusion = Conclusion(orientation_medecin=True)
    rules.check_conclusion(TYPES["VIPI"], Role.INF, conclusion, "Port des bouchons.", TODAY)
    with pytest.raises(OrientationNotAllowed):
        rules.check_conclusion(TYPES["VIPI"], Role.MDT, conclusion, "Port des bouchons.", TODAY)


@pytest.mark.parametrize(
    ("code", "on", "allowed"),
    [
        ("VIPP_SIS", date(2031, 11, 23), True),
        ("VIPP_SIS", date(2031, 11, 24), False),
        ("VIPP_SIA", date(2029, 11, 23), True),
        ("VIPP_SIA", date(2029, 11, 24), False),
        ("VIPP_SIA", date(2027, 1, 5), True),
        ("VINT", date(2028, 11, 24), False),
        ("REPR_MAL", date(2031, 11, 23), True),
        ("REPR_MAL", TODAY, False),
        ("REPR_MAL", date(9999, 12, 31), False),
    ],
)
def test_the_next_visit_comes_later_and_within_the_interval_of_its_type(code: str, on: date, allowed: bool) -> None:
    conclusion = Conclusion(prochaine_visite_on=on)
    if allowed:
        rules.check_conclusion(TYPES[code], Role.MDT, conclusion, "Revenez si besoin.", TODAY)
        return
    with pytest.raises(DateNotAllowed):
        rules.check_conclusion(TYPES[code], Role.MDT, conclusion, "Revenez si besoin.", TODAY)


def test_what_several_professionals_wrote_for_the_worker_reads_as_one_text() -> None:
    assert rules.joined([" Bouchons. ", "", "Revenez dans un mois."]) == "Bouchons.\n\nRevenez dans un mois."


def test_the_hour_of_a_visit_that_starts_now_is_known() -> None:
    assert rules.has_hour(datetime(2026, 11, 23, 10, 2, tzinfo=PARIS))
    assert not rules.has_hour(datetime(2026, 11, 23, tzinfo=PARIS))
