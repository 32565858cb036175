"""A sealer for tests: its secret, its copies in a folder, and what it left in the database."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from spst.adapters.tetes.dossier import FolderOfHeads
from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Motif
from spst.traces import scellement
from spst.traces import services as traces
from spst.traces.scellement import Ronde
from spst.traces.tetes import Scelleur
from tests.factories.monde import Monde, Personne, Spst

VERIFICATION = service("verification")
TECHNIQUE = Motif(CodeMotif.TECHNIQUE)
_SEALED = ("trace_feuille", "trace_noeud", "trace_tete", "trace_cle", "trace_horodatage", "trace_destruction")


@dataclass(slots=True)
class Scelle:
    """A world whose traces are sealed on demand."""

    monde: Monde
    scelleur: Scelleur
    folder: Path
    ronde: Ronde = field(default_factory=Ronde)

    def write(self, count: int = 1, spst: Spst | None = None, personne: Personne | None = None) -> None:
        """Traces of the médecin on one dossier, Zoé's unless told otherwise, one a transaction."""
        where = spst or self.monde.a
        for _ in range(count):
            with self.monde.work(where.medecin, where) as ctx:
                traces.record(ctx, "dossier.open", (personne or where.zoe).dossier_id, ["S3"])

    def seal(self) -> int:
        return scellement.go_round(self.monde.runtime, self.scelleur, self.ronde)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """As the owner of the server, whom no trigger stops."""
        with psycopg.connect(self.monde.database.superuser_conninfo) as connection:
            connection.execute("SET session_replication_role = replica")
            done = connection.execute(statement, values or None)
            return done.fetchall() if done.description else []

    def named(self, statement: str, values: dict[str, Any]) -> None:
        """The same, with named values."""
        with psycopg.connect(self.monde.database.superuser_conninfo) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement, values)

    def rows(self, statement: str, spst: Spst | None = None) -> list[Any]:
        """Rows of one SPST: `statement` has one `%s`, its id."""
        return self.sql(statement, (spst or self.monde.a).tenant_id)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What the sealer wrote to whoever operates."""
        return self.sql("SELECT evenement, faits FROM journal_technique WHERE evenement LIKE 'traces.%' ORDER BY id")


@pytest.fixture
def scelle(monde: Monde, tmp_path: Path) -> Scelle:
    """Seals from scratch each time: what an earlier test sealed is taken away first."""
    folder = tmp_path / "tetes"
    folder.mkdir()
    made = Scelle(monde, Scelleur(secrets.token_bytes(32), FolderOfHeads(folder)), folder)
    made.sql("; ".join(f"DELETE FROM {table}" for table in (*_SEALED, "trace", "trace_reserve", "journal_technique")))
    traces._writers.__dict__.clear()  # their first lines went with the rest
    return made
