"""The data that everything is measured on: a durable cluster of its own, filled once and kept for the next run.

`BENCH_DOSSIERS` (100 000): dossiers in all, half in each SPST. `BENCH_DATA`: where they stay.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from uuid import UUID

import click
import psycopg

from spst.cli.db import migrate
from spst.cli.demo.folder import DATABASE, DemoFolder
from spst.cli.peuplement import Narrator, etablissement, libpq, travailleurs
from spst.cli.peuplement.organisation import COTEAUX
from spst.cli.peuplement.remplissage import Peuplement
from spst.kernel.acteur import Acteur
from spst.kernel.bootstrap import bootstrap
from spst.kernel.clock import SystemClock, today
from spst.kernel.config import Config, Environment
from spst.kernel.runtime import Runtime
from spst.wiring.plugs import plug_rooms
from spst.wiring.runtime import build_runtime

_SAMPLE = 400
_COTEAUX = etablissement.found(COTEAUX)
_NOWHERE = "http://127.0.0.1:9"
"""Identity providers, which nothing measured here speaks to."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """Where acts are measured: an SPST, a médecin of it, and dossiers of his équipe."""

    config: Config
    environment: dict[str, str]
    dossiers: tuple[UUID, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    """Family name and first given name of those same people."""
    superuser: str = ""
    """Address for libpq of the server's owner, who lays down what no page would; unknown to the programs that are measured."""

    @property
    def tenant_id(self) -> UUID:
        return _COTEAUX.tenant_id

    @property
    def medecin(self) -> Acteur:
        return replace(_COTEAUX.medecin, session_hash="bench")

    def runtime(self) -> Runtime:
        """One per process: connections and numbering of traces are not shared."""
        plug_rooms()
        return build_runtime(self.config)


@contextmanager
def terrain() -> Iterator[Terrain]:
    asked = Environment()
    count = int(asked.optional("BENCH_DOSSIERS", "100000"))
    folder = DemoFolder(Path(asked.optional("BENCH_DATA", f"/var/tmp/spst-bench-{count}")))  # noqa: S108
    with folder.locked():
        if folder.is_half_filled:
            folder.reset()
        folder.cluster.ensure()
        folder.cluster.start()
        try:
            yield _describe(folder, count // 2)
        finally:
            folder.cluster.stop()


def _describe(folder: DemoFolder, workers: int) -> Terrain:
    environment = {**folder.environment(), **_providers()}
    config = Config.from_environment(environment)
    bootstrap(folder.cluster.superuser_conninfo, DATABASE, folder.passwords(), config.context_key)
    migrate(folder.database_url("owner"))
    _fill(folder, config, workers)
    ranks = Random(1).sample(range(workers), min(_SAMPLE * 4, workers))
    chosen = [travailleurs.invented(_COTEAUX, rank, today(SystemClock())) for rank in ranks]
    followed = [dossier for dossier in chosen if dossier.equipe is _COTEAUX.equipes[0]][:_SAMPLE]
    return Terrain(
        config,
        environment,
        tuple(dossier.id for dossier in followed),
        tuple((dossier.civil.nom, dossier.civil.premier) for dossier in followed),
        folder.cluster.superuser_conninfo,
    )


def _fill(folder: DemoFolder, config: Config, workers: int) -> None:
    with psycopg.connect(folder.cluster.superuser_conninfo, dbname=DATABASE) as connection:
        if connection.execute("SELECT FROM tenant LIMIT 1").fetchone() is not None:
            return
    click.echo(f"Données de mesure\u00a0: {2 * workers} dossiers…", err=True)
    runtime = build_runtime(config)
    plug_rooms()
    ops, owner = (libpq(folder.database_url(role)) for role in ("ops", "owner"))
    with folder.filling():
        Peuplement(runtime, ops, owner, config.psc.issuer, Narrator()).fill(workers)
    runtime.engine.dispose()


def _providers() -> dict[str, str]:
    names = ("ISSUER", "METADATA_URL", "CLIENT_ID")
    return {f"{peer}_{name}": _NOWHERE for peer in ("PSC", "FC") for name in names}
