"""Places that the tests share: a folder, a cluster per test process, a database per test module."""

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from spst.comptes import local
from spst.kernel.cluster import Cluster
from tests.database import Database, Databases

pytest_plugins = [
    "tests.exigences",
    "tests.factories.monde",
    "tests.factories.site",
    "tests.factories.pages",
    "tests.factories.scelle",
    "tests.factories.courrier",
    "tests.factories.terme",
    "tests.factories.navigateur",
]


@pytest.fixture(scope="session")
def reachable_dir() -> Iterator[Callable[[], Path]]:
    """Makes folders that another system account can enter: as root, PostgreSQL is one, and pytest's own are closed."""
    made: list[Path] = []

    def make() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="spst-"))
        folder.chmod(0o755)
        made.append(folder)
        return folder

    yield make
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(reachable_dir: Callable[[], Path]) -> Iterator[Cluster]:
    """A server that forgets on purpose: fast, and thrown away."""
    made = Cluster(reachable_dir() / "postgres", durable=False)
    made.ensure()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session", autouse=True)
def product_hasher() -> Iterator[PasswordHasher]:
    """What hashes passwords in the product, for who asks it. It makes a guess dear: hundreds of log-ins have a cheap one here."""
    shipped = local._HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "_HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
        yield shipped


@pytest.fixture(scope="session")
def databases(cluster: Cluster) -> Databases:
    return Databases(cluster)


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[Database]:
    """This module's own database: migrated, without tenant."""
    with databases.clone() as cloned:
        yield cloned


def pytest_collection_finish() -> None:
    """What was imported stays to the end: to look through it for garbage again and again takes a tenth of the run."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module stays in one process, where its database is; everything that meets a demonstration meets the same one."""
    for item in items:
        path = item.path.relative_to(item.config.rootpath)
        group = "demonstration" if "journeys" in path.parts else str(path)
        item.add_marker(pytest.mark.xdist_group(group))
