"""A journal of the size of an SPST's year: verified whole, changed in one place drawn at random, found out by both verifiers.

Two thousand lines in `make test`, a million in `make endurance`.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from spst.kernel.ids import new_id
from spst.traces import export, verification
from spst.traces import services as traces
from spst.traces.verification import Rapport
from tests.factories import verificateur
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle
from tests.scale import SCALE

SIZE = 1_000_000 if SCALE > 1 else 2_000
IN_ONE_TRANSACTION = 1_000
CHANGES = {
    "a word of a line": ("UPDATE trace SET action = 'acces.consult' WHERE id = %(trace)s", "alteree"),
    "a line deleted": ("DELETE FROM trace WHERE id = %(trace)s", "supprimee"),
    "a salt": ("UPDATE trace_reserve SET sel = %(sel)s WHERE trace_id = %(trace)s", "alteree"),
    "a leaf": ("UPDATE trace_feuille SET empreinte = %(empreinte)s WHERE trace_id = %(trace)s", "alteree"),
    "a place": ("DELETE FROM trace_feuille WHERE trace_id = %(trace)s", "supprimee"),
}


@pytest.mark.exigence("TRA-03")
def test_one_change_among_all_the_lines_is_named_at_its_place_by_both_verifiers(scelle: Scelle, tmp_path: Path) -> None:
    fill(scelle)
    while scelle.seal():
        pass
    whole = verify(scelle)
    assert (whole.holds, whole.taille, whole.attente) == (True, SIZE, 0)
    assert_agree(scelle, whole, tmp_path)
    chance = random.Random(20261123)
    for sql, code in CHANGES.values():
        rang = chance.randrange(SIZE)
        for _ in changed(scelle, rang, sql):
            rapport = verify(scelle)
            assert (rapport.premier, rapport.constats[0].code) == (rang, code)
            assert_agree(scelle, rapport, tmp_path)
    assert verify(scelle).holds


def fill(scelle: Scelle) -> None:
    """A line per dossier and transaction, as many dossiers at once as there is room for."""
    for _ in range(SIZE // IN_ONE_TRANSACTION):
        with scelle.monde.work(scelle.monde.a.medecin) as ctx:
            for _ in range(IN_ONE_TRANSACTION):
                traces.record(ctx, "dossier.open", new_id(), ["S1", "S2", "S3"])


def verify(scelle: Scelle) -> Rapport:
    with scelle.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
        return verification.verify(ctx)


def assert_agree(scelle: Scelle, rapport: Rapport, folder: Path) -> None:
    """The other program, on a file, in its own process."""
    path = folder / "journal.zip"
    with scelle.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx, path.open("wb") as out:
        export.write(ctx, out, with_reasons=False)
    said = verificateur.run_json(path)
    assert (said["tient"], said["taille"], said["premier"]) == (rapport.holds, rapport.taille, rapport.premier)
    ours = [(one.code, one.rang) for one in rapport.constats if one.code != "noeud_altere"]
    assert [(one["code"], one["rang"]) for one in said["constats"]] == ours


def changed(scelle: Scelle, rang: int, sql: str) -> Iterator[None]:
    """The journal with one change, then as it was."""
    tables = ("trace", "trace_reserve", "trace_feuille")
    trace_id = scelle.sql("SELECT trace_id FROM trace_feuille WHERE rang = %s", rang)[0][0]
    for table in tables:
        scelle.sql(f"CREATE TABLE garde_{table} AS SELECT * FROM {table} WHERE {_id_of(table)} = %s", trace_id)
    scelle.named(sql, {"trace": trace_id, "sel": bytes(16), "empreinte": bytes(64)})
    yield
    for table in tables:
        scelle.sql(f"DELETE FROM {table} WHERE {_id_of(table)} = %s", trace_id)
        scelle.sql(f"INSERT INTO {table} SELECT * FROM garde_{table}")
        scelle.sql(f"DROP TABLE garde_{table}")


def _id_of(table: str) -> str:
    return "id" if table == "trace" else "trace_id"
