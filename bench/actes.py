"""The acts as the product does them: its services, in a unit of work, by a médecin du travail."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from sqlalchemy import text

from bench.mesure import LANE, PROCESSES, Act
from bench.montage import Terrain
from spst.dmst import services as dmst
from spst.entreprises import services as entreprises
from spst.expositions import services as expositions
from spst.identite import services as identite
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.visites import services as visites

_SUIVI = Motif(CodeMotif.SUIVI)
_EACH = 10
RUBRIQUE = "entretien"
TEXTE = (
    "Lombalgies en fin de semaine, sans irradiation. Gestes de manutention revus ensemble, aide mécanique à demander. "
    * 4
)


def in_work(terrain: Terrain, runtime: Runtime, use: Callable[[Context], object]) -> None:
    with unit_of_work(runtime, terrain.tenant_id, terrain.medecin, _SUIVI, origin="bench") as ctx:
        use(ctx)


def consult(terrain: Terrain) -> Act:
    """Everything that the page of a dossier asks for."""
    runtime = terrain.runtime()

    def act(n: int) -> None:
        in_work(terrain, runtime, lambda ctx: read_dossier(ctx, terrain.dossiers[n % len(terrain.dossiers)]))

    return act


def consult_untraced(terrain: Terrain) -> Act:
    """The same, whose trace is dropped before the commit: what the trace costs is the difference."""
    runtime = terrain.runtime()

    def read(ctx: Context, dossier_id: UUID) -> None:
        read_dossier(ctx, dossier_id)
        ctx.before_commit.clear()

    def act(n: int) -> None:
        in_work(terrain, runtime, lambda ctx: read(ctx, terrain.dossiers[n % len(terrain.dossiers)]))

    return act


def read_dossier(ctx: Context, dossier_id: UUID) -> None:
    dmst.open_dossier(ctx, dossier_id)
    expositions.curriculum(ctx, dossier_id)
    expositions.nomenclature(ctx)
    visites.historique(ctx, dossier_id)
    visites.bandeau(ctx, dossier_id)


def search(terrain: Terrain) -> Act:
    """By name and first name: a few people."""
    return _searching(terrain, lambda n: " ".join(terrain.names[n % len(terrain.names)]))


def search_common(terrain: Terrain) -> Act:
    """By name alone: as many as a page and more."""
    return _searching(terrain, lambda n: terrain.names[n % len(terrain.names)][0])


def _searching(terrain: Terrain, typed: Callable[[int], str]) -> Act:
    runtime = terrain.runtime()

    def find(ctx: Context, query: str) -> None:
        found = identite.search(ctx, query)
        people = [ligne.travailleur_id for ligne in found.lignes]
        entreprises.emploi_actuel(ctx, people)
        dmst.dossiers_of(ctx, people)

    return lambda n: in_work(terrain, runtime, lambda ctx: find(ctx, typed(n)))


def save(terrain: Terrain) -> Act:
    """A note that grows, each save over the one before, as the page sends it."""
    runtime, opened = terrain.runtime(), Visites(terrain, 0)
    revisions = opened.revisions()

    def act(n: int) -> None:
        visite_id = opened.of(n)

        def write(ctx: Context) -> None:
            told = f"{TEXTE}{new_id()}"
            saved = visites.save_note(ctx, visite_id, RUBRIQUE, told, revisions.get(visite_id, 0), new_id())
            revisions[visite_id] = saved.revision

        in_work(terrain, runtime, write)

    return act


class Visites:
    """Visits under way with the médecin, a few for each process of each side (0 the service, 1 the floor), each with a note."""

    def __init__(self, terrain: Terrain, side: int) -> None:
        self._terrain = terrain
        self._runtime = terrain.runtime()
        first = side * PROCESSES * _EACH
        dossiers = terrain.dossiers[first : first + PROCESSES * _EACH]
        self.ids: list[UUID] = []
        for dossier_id in dossiers:
            in_work(terrain, self._runtime, partial(self._open, dossier_id))

    def _open(self, dossier_id: UUID, ctx: Context) -> None:
        """The one that is open already, or a new one."""
        visite_id = visites.start_visite(ctx, dossier_id, "DEM_MDT")
        self.ids.append(visite_id)
        if not self._revision(ctx, visite_id):
            visites.save_note(ctx, visite_id, RUBRIQUE, TEXTE, 0, new_id())

    def of(self, n: int) -> UUID:
        return self.ids[n // LANE * _EACH + n % _EACH]

    def revisions(self) -> dict[UUID, int]:
        found: dict[UUID, int] = {}
        in_work(
            self._terrain, self._runtime, lambda ctx: found.update({one: self._revision(ctx, one) for one in self.ids})
        )
        return found

    def _revision(self, ctx: Context, visite_id: UUID) -> int:
        query = text("SELECT revision FROM visite_note WHERE visite_id = :v AND rubrique = :r AND auteur_id = :a")
        values = {"v": visite_id, "r": RUBRIQUE, "a": ctx.acteur.id}
        return int(ctx.session.execute(query, values).scalar() or 0)
