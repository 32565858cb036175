"""Places that the tests share."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest_plugins = ["tests.exigences"]


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
