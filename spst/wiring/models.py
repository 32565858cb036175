"""Imports every mapped class, so that the metadata is whole for migrations and for the catalogue's tests."""

from importlib import import_module
from pkgutil import iter_modules

import spst
from spst.kernel.models import Base


def load_models() -> type[Base]:
    """Base of all mapped classes, with every room's `models` and `models_…` imported."""
    for room in filter(lambda one: one.ispkg, iter_modules(spst.__path__)):
        for module in iter_modules([f"{spst.__path__[0]}/{room.name}"]):
            if module.name.partition("_")[0] == "models":
                import_module(f"spst.{room.name}.{module.name}")
    return Base


def is_ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """What Alembic compares: partitions follow their parent, and the job queue's tables are its own."""
    return not (kind == "table" and name and name.startswith(("trace_2", "trace_defaut", "procrastinate_")))
