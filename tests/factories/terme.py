"""Facts of a dossier that tell the end of its retention, laid down as they would stand in forty years."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from spst.kernel.clock import SystemClock, today
from spst.kernel.context import Context
from spst.kernel.database import open_engine
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import destruction
from spst.traces.destruction import CONSERVATION, MOTIF
from spst.traces.registre import Ecriture
from tests.factories.monde import Personne, Spst
from tests.factories.scelle import Scelle

LONG_PAST = timedelta(days=41 * 366)
"""More than the forty years of an ordinary dossier (R. 4624-45-9)."""


@dataclass(slots=True)
class Terme:
    """What leads to the term of dossiers, and who destroys: `ops` is the program under the role of the exploitation."""

    scelle: Scelle
    ops: Runtime

    def visit(self, personne: Personne, day: date, *, abandoned: bool = False) -> None:
        """A visit on that day, in A."""
        spst = self.scelle.monde.a
        self.scelle.sql(
            """INSERT INTO visite (tenant_id, id, dossier_id, type_code, professionnel_id, started_at, closed_at, abandoned_at)
               VALUES (%s, %s, %s, 'VIPI', %s, %s, %s, %s)""",
            spst.tenant_id,
            new_id(),
            personne.dossier_id,
            spst.medecin.id,
            f"{day} 12:00+00",
            None if abandoned else f"{day} 13:00+00",
            f"{day} 13:00+00" if abandoned else None,
        )

    def exposed(self, personne: Personne, code: str, until: date | None, replaces: object = None) -> object:
        """An exposure of twenty years, or one that still goes on; returns its id."""
        spst, made = self.scelle.monde.a, new_id()
        self.scelle.sql(
            """INSERT INTO exposition (tenant_id, id, dossier_id, code, starts_on, ends_on, source, created_at, created_by,
                                       corrige_id)
               VALUES (%s, %s, %s, %s, '1960-01-01', %s, 'declare', now(), %s, %s)""",
            spst.tenant_id,
            made,
            personne.dossier_id,
            code,
            until,
            spst.medecin.id,
            replaces,
        )
        return made

    def person(self, personne: Personne, **facts: date | None) -> None:
        """`date_naissance`, `decede_on`."""
        for name, value in facts.items():
            self.scelle.sql(f"UPDATE travailleur SET {name} = %s WHERE id = %s", value, personne.travailleur_id)

    def past(self, personne: Personne) -> None:
        """Make the retention of a dossier end before today."""
        self.visit(personne, today(SystemClock()) - LONG_PAST)

    def of(self, personne: Personne) -> tuple[str | None, str | None]:
        """The day until which a dossier is kept, and the rule that says so."""
        with self.work() as ctx:
            rows = ctx.session.execute(destruction._TERMS, {"after": _FIRST, "at_most": 100})
            row = next(one for one in rows if one.dossier_id == personne.dossier_id)
        return (row.terme.isoformat() if row.terme else None, row.regle)

    def work(self, spst: Spst | None = None) -> AbstractContextManager[Context]:
        tenant = (spst or self.scelle.monde.a).tenant_id
        return unit_of_work(self.ops, tenant, CONSERVATION, MOTIF, origin="test")

    def destroy(self, personne: Personne, decision: str = "DIR-2066-12") -> Ecriture:
        spst = self.scelle.monde.a
        return destruction.destroy(self.ops, self.scelle.scelleur, spst.tenant_id, personne.dossier_id, decision)


_FIRST = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def terme(scelle: Scelle) -> Iterator[Terme]:
    engine = open_engine(scelle.monde.database.ops_url)
    yield Terme(scelle, replace(scelle.monde.runtime, engine=engine))
    engine.dispose()
    for table in ("visite", "exposition"):
        scelle.sql(f"DELETE FROM {table}")
    scelle.sql("UPDATE travailleur SET decede_on = NULL")
