"""Entries of the ledger of destructions: one way to write each, and two programs that refuse the same ones."""

import base64
import secrets
from datetime import UTC, date, datetime
from types import ModuleType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spst.kernel import notes
from spst.kernel.notes import NoteRefused
from spst.traces import registre
from spst.traces.registre import FIRST, Detruites, Ecriture, Ecrivain, Regle, open_entry
from spst.traces.sceau import Sceau, origin_of
from tests.factories import verificateur

pytestmark = pytest.mark.exigence("TRA-03")

TENANT = UUID("01936f0e-0000-7000-8000-000000000001")
SCEAU = Sceau.derive(bytes(range(32)), TENANT)
AT = datetime(2066, 12, 1, 9, 30, tzinfo=UTC)
WRITER = UUID("01936f0e-0000-7000-8000-0000000000aa")
ENTRY = Ecriture(
    origin=origin_of(TENANT),
    numero=1,
    precedente=FIRST,
    at=AT,
    taille=40,
    regle=Regle("ORDINAIRE", date(2022, 11, 17), "R. 4624-45-9"),
    decision="DIR-2066-12",
    resume=bytes(32),
    rangs=(range(3, 6), range(9, 10)),
    ecrivains=(Ecrivain(WRITER, 4, 7),),
)
LINES = ENTRY.text.split("\n")


@pytest.fixture(scope="module")
def elsewhere() -> ModuleType:
    return verificateur.load()


def refuses(elsewhere: ModuleType, note: str) -> bool:
    """Whether the other program does, under the true keys."""
    keys = [elsewhere.Key(str(key)) for key in (SCEAU.publiques.journal, SCEAU.publiques.horloge)]
    try:
        elsewhere.Entry(note, ENTRY.origin, [(0, keys)])
    except (elsewhere.Refused, ValueError, IndexError):
        return True
    return False


def test_an_entry_that_was_signed_is_read_again_by_both(elsewhere: ModuleType) -> None:
    note = registre.sign_entry(SCEAU, ENTRY)
    assert open_entry(note, [(0, SCEAU.publiques)]) == ENTRY
    assert not refuses(elsewhere, note)
    assert LINES[9:11] == ["3-5,9", f"{WRITER} 4 7"]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0, "traces.spst/cle-suivante/v1"),
        (1, "traces.spst/autre"),
        (3, base64.b64encode(bytes(31)).decode() + "!"),
        (5, "9"),
        (5, "x"),
        (9, "3-5,5"),
        (9, "9,3-5"),
        (9, "5-3,9"),
        (9, ""),
        (9, "3-5,9,11"),
        (10, f"{WRITER} 3 7"),
        (10, f"{WRITER} 4"),
    ],
)
def test_an_entry_that_says_something_else_is_refused_by_both_even_signed(
    elsewhere: ModuleType, at: int, said: str
) -> None:
    text = "\n".join([*LINES[:at], said, *LINES[at + 1 :]])
    note = notes.sign(text, (SCEAU.journal,), AT)
    with pytest.raises(NoteRefused):
        open_entry(note, [(0, SCEAU.publiques)])
    assert refuses(elsewhere, note)


@pytest.mark.parametrize("change", ["another key", "the clock's key alone", "no signature that counts"])
def test_an_entry_is_signed_by_the_key_of_its_head(elsewhere: ModuleType, change: str) -> None:
    signer = {
        "another key": Sceau.derive(secrets.token_bytes(32), TENANT).journal,
        "the clock's key alone": SCEAU.horloge,
        "no signature that counts": Sceau.derive(bytes(range(32)), WRITER).journal,
    }[change]
    note = notes.sign(ENTRY.text, (signer,), AT)
    with pytest.raises(NoteRefused):
        open_entry(note, [(0, SCEAU.publiques)])
    assert refuses(elsewhere, note)


def test_a_key_that_signs_larger_heads_only_signs_no_entry_of_a_smaller_one(elsewhere: ModuleType) -> None:
    note = registre.sign_entry(SCEAU, ENTRY)
    with pytest.raises(NoteRefused):
        open_entry(note, [(40, SCEAU.publiques)])
    keys = [elsewhere.Key(str(key)) for key in (SCEAU.publiques.journal, SCEAU.publiques.horloge)]
    with pytest.raises(elsewhere.Refused):
        elsewhere.Entry(note, ENTRY.origin, [(40, keys)])


@given(st.sets(st.integers(0, 400), min_size=1))
def test_places_are_said_by_spans_and_met_one_by_one(places: set[int]) -> None:
    spans = registre.spans(sorted(places))
    assert [rang for span in spans for rang in span] == sorted(places)
    writers = (Ecrivain(WRITER, len(places), 500),)
    made = Ecriture(ENTRY.origin, 1, FIRST, AT, 401, ENTRY.regle, ENTRY.decision, bytes(32), spans, writers)
    assert Ecriture.parse(made.text) == made
    met = Detruites([made])
    assert {rang for rang in range(401) if met.meet(rang, b"")} == places


@given(st.lists(st.tuples(st.sampled_from([WRITER, TENANT]), st.integers(1, 10**9)), min_size=1))
def test_of_each_writer_how_many_and_the_highest(numbers: list[tuple[UUID, int]]) -> None:
    found = {one.id: one for one in registre.writers(numbers)}
    assert sum(one.nombre for one in found.values()) == len(numbers)
    for writer, one in found.items():
        assert one.dernier == max(number for who, number in numbers if who == writer)
