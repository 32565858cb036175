"""Copies of heads in a folder, a file each: on another disk, another machine, or a store that keeps what it was given.

`<tenant>/<day>/<size>.note`, and `<tenant>/destructions/<number>.note` for the ledger, under a root that the operator made. A
file is made once and never opened for writing again, so the folder may sit on a store where objects are locked.
"""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from spst.traces.ports import TetesContradicted, TetesUnavailable

_DIGITS = 15
_LEDGER = "destructions"
_DAY, _NOTE = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(rf"\d{{{_DIGITS}}}\.note")


class FolderOfHeads:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, tenant_id: UUID, taille: int, at: datetime, note: str) -> None:
        self._keep(self._root / str(tenant_id) / at.strftime("%Y-%m-%d"), taille, note)

    def add_destruction(self, tenant_id: UUID, numero: int, note: str) -> None:
        self._keep(self._root / str(tenant_id) / _LEDGER, numero, note)

    def destructions(self, tenant_id: UUID) -> Iterator[tuple[int, str]]:
        folder = self._root / str(tenant_id)
        if folder not in _listed(self._root) or folder / _LEDGER not in _listed(folder):
            return
        yield from ((int(path.stem), _read(path)) for path in _notes(folder / _LEDGER))

    def _keep(self, folder: Path, number: int, note: str) -> None:
        path = folder / f"{number:0{_DIGITS}d}.note"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _create(path, note):
                self._check_same(path, note)
        except OSError as error:
            raise TetesUnavailable(f"{path}: {error.strerror}") from error

    def last(self, tenant_id: UUID) -> str | None:
        """The greatest size of all days: a clock that went astray does not hide a head behind an older one."""
        last = [notes[-1] for day in self._days(tenant_id) if (notes := _notes(day))]
        return _read(max(last, key=lambda path: path.name)) if last else None

    def all(self, tenant_id: UUID) -> Iterator[str]:
        notes = [path for day in self._days(tenant_id) for path in _notes(day)]
        yield from map(_read, sorted(notes, key=lambda path: path.name))

    def _days(self, tenant_id: UUID) -> list[Path]:
        """None for an SPST that has no head yet; a root that is not there is a disk that is not mounted."""
        name = str(tenant_id)
        if name not in {path.name for path in _listed(self._root)}:
            return []
        return [path for path in _listed(self._root / name) if _DAY.fullmatch(path.name)]

    @staticmethod
    def _check_same(path: Path, note: str) -> None:
        if path.read_text(encoding="utf-8") != note:
            raise TetesContradicted(f"{path} holds another note")


def _create(path: Path, note: str) -> bool:
    """Whole or not at all, whatever is killed: written beside, then linked under a name that must be free."""
    draft = path.with_suffix(f".{os.getpid()}.partiel")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _notes(day: Path) -> list[Path]:
    """What else may lie in a folder is none of ours."""
    return [path for path in _listed(day) if _NOTE.fullmatch(path.name)]


def _listed(folder: Path) -> list[Path]:
    """Sorted by name. Raises: TetesUnavailable, where `Path.glob` would take what it cannot read for empty."""
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except OSError as error:
        raise TetesUnavailable(f"{folder}: {error.strerror}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TetesUnavailable(f"{path}: {error}") from error
