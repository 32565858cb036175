"""What the tests of visits share: appointments, a visit under way, and the traces that an act left."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from spst.kernel.acteur import Acteur
from spst.kernel.clock import SystemClock
from spst.kernel.ids import new_id
from spst.visites import services as visites
from spst.visites.models import RendezVous
from spst.visites.rules import Conclusion
from tests.factories.monde import Monde, Personne, Spst

MIDDAY = datetime(2026, 11, 23, 11, tzinfo=UTC)


class Horloge:
    """A clock that a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@pytest.fixture
def horloge(monde: Monde) -> Iterator[Horloge]:
    """Monday 23 November 2026, noon in Paris."""
    clock = Horloge(MIDDAY)
    monde.runtime.clock = clock
    yield clock
    monde.runtime.clock = SystemClock()


@pytest.fixture
def clean(monde: Monde) -> Iterator[None]:
    """Visits and appointments of a test are gone after it; the triggers that protect them stand aside for the superuser."""
    yield
    with monde.superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("addendum", "conclusion", "visite_note", "visite", "rendez_vous"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("DELETE FROM entete WHERE section IN ('S3', 'S5')"))


def appointment(monde: Monde, spst: Spst, acteur: Acteur, personne: Personne, at: datetime, **changes: object) -> UUID:
    values: dict[str, object] = {
        "travailleur_id": personne.travailleur_id,
        "compte_id": acteur.id,
        "centre_id": spst.centre_id,
        "starts_at": at,
        "duree_min": 30,
        "libelle": "Visite périodique",
        "statut": "convoque",
        "updated_at": at,
    }
    row = RendezVous(tenant_id=spst.tenant_id, id=new_id(), **{**values, **changes})
    monde.add(row)
    return row.id


def start(monde: Monde, acteur: Acteur | None = None, type_code: str = "VIPP_SIS", dossier: UUID | None = None) -> UUID:
    with monde.work(acteur or monde.a.infirmier) as ctx:
        return visites.start_visite(ctx, dossier or monde.a.zoe.dossier_id, type_code)


def write(
    monde: Monde,
    visite_id: UUID,
    texte: str,
    rubrique: str = "entretien",
    revision: int = 0,
    acteur: Acteur | None = None,
) -> int:
    with monde.work(acteur or monde.a.infirmier) as ctx:
        return visites.save_note(ctx, visite_id, rubrique, texte, revision, uuid4()).revision


def close(monde: Monde, visite_id: UUID, acteur: Acteur | None = None, **conclusion: object) -> None:
    with monde.work(acteur or monde.a.infirmier) as ctx:
        told = Conclusion(**{"information": "Portez vos bouchons moulés.", **conclusion})  # type: ignore[arg-type]
        visites.close_visite(ctx, visite_id, told)


Lines = list[tuple[str, str, tuple[str, ...]]]


@contextmanager
def traces_left(monde: Monde, seen: Lines) -> Iterator[None]:
    """Add to `seen` the (action, decision, sections) of what was traced inside the `with`, in every tenant."""
    with monde.superuser.connect() as connection:
        before = connection.execute(text("SELECT array_agg(id) FROM trace")).scalar_one() or []
    yield
    lines = "SELECT action, decision, sections FROM trace WHERE id <> ALL (:before) ORDER BY at, writer_n"
    with monde.superuser.connect() as connection:
        rows = connection.execute(text(lines), {"before": before})
        seen.extend((action, decision, tuple(sections)) for action, decision, sections in rows)


@pytest.fixture
def statements(monde: Monde) -> Iterator[Callable[[], list[str]]]:
    """Statements that the application sent since the last call, without those that open a transaction."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    def take() -> list[str]:
        taken = [s for s in sent if "set_config" not in s]
        sent.clear()
        return taken

    event.listen(monde.runtime.engine, "before_cursor_execute", note)
    yield take
    event.remove(monde.runtime.engine, "before_cursor_execute", note)


@contextmanager
def beside(monde: Monde) -> Iterator[Callable[[Callable[[], object]], "Future[object]"]]:
    """Gives a function that runs an act in another thread, and returns once it waits for a lock that the caller holds."""
    with ThreadPoolExecutor(1) as thread:

        def held_back(act: Callable[[], object]) -> "Future[object]":
            future = thread.submit(act)
            _await_lock(monde, future)
            return future

        yield held_back


def _await_lock(monde: Monde, future: "Future[object]") -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with monde.superuser.connect() as connection:
        for _ in range(500):
            if connection.execute(query).scalar_one():
                return
            wait([future], timeout=0.01)
            if future.done():
                raise AssertionError("nothing held it back") from future.exception()
    raise AssertionError("it neither waited nor ended")
