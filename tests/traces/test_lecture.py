"""How the journal is read: by keys, whatever plan the server keeps for a statement."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import lecture
from tests.factories.scelle import TECHNIQUE, VERIFICATION, Scelle

MANY = 20_000


@pytest.fixture(params=[False, True], ids=["not counted yet", "counted"])
def verification(scelle: Scelle, request: pytest.FixtureRequest) -> Iterator[Context]:
    """Over a journal of many places, before and after the server counted them by itself."""
    scelle.sql(
        "INSERT INTO trace_feuille SELECT %s, n, gen_random_uuid(), '' FROM generate_series(0, %s) n",
        scelle.monde.a.tenant_id,
        MANY - 1,
    )
    if request.param:
        scelle.sql("ANALYZE trace_feuille")
    with scelle.monde.work(VERIFICATION, motif=TECHNIQUE) as ctx:
        yield ctx


@pytest.mark.exigence("TRA-03")
def test_places_of_lines_are_found_by_key_under_a_plan_made_for_every_value(verification: Context) -> None:
    """Such a plan, which a connection keeps from the sixth time on, does not know how few of the places are asked for."""
    for statement, key in ((lecture._PLACED, "trace_feuille_trace_uq"), (lecture._BESIDE, "trace_reserve_pk")):
        plan = generic_plan(verification, str(statement))
        assert key in plan
        assert "Filter: (trace_id" not in plan


def generic_plan(ctx: Context, statement: str) -> str:
    prepared = statement.replace(":tenant", "$1").replace(":ids", "$2")
    ctx.session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
    ctx.session.connection().exec_driver_sql(f"PREPARE demande(uuid, uuid[]) AS {prepared}")
    asked = f"EXPLAIN EXECUTE demande('{ctx.tenant_id}', ARRAY['{new_id()}'::uuid])"
    plan = "\n".join(ctx.session.connection().exec_driver_sql(asked).scalars())
    ctx.session.connection().exec_driver_sql("DEALLOCATE demande")
    return plan
