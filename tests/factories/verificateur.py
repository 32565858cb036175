"""`tools/verify_traces.py` as its users run it: another program, on a file."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

from spst.kernel.context import Context
from spst.traces import export

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_traces.py"


def load() -> ModuleType:
    """The same code in this process, for the tests that ask it a hundred times."""
    spec = spec_from_file_location("verify_traces", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_module = load()


def exported(ctx: Context, *, with_reasons: bool = False) -> bytes:
    out = io.BytesIO()
    export.write(ctx, out, with_reasons=with_reasons)
    return out.getvalue()


def report(archive: bytes, held: tuple[str, ...] = (), pinned: frozenset[str] = frozenset()) -> dict[str, Any]:
    with ZipFile(io.BytesIO(archive)) as opened:
        made: dict[str, Any] = _module.Journal(opened, pinned, list(held)).run()
    return made


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With nothing of the product on the way: isolated, from another folder."""
    command = [sys.executable, "-I", str(TOOL), str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def run_json(path: Path, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(path, "--json", *arguments).stdout)
    return answer


def rewritten(archive: Path, name: str, change: Callable[[list[dict[str, Any]]], Any]) -> Path:
    """The same archive, beside it, with the records of one of its files changed."""
    with ZipFile(archive) as opened:
        files = {one: opened.read(one) for one in opened.namelist()}
    lines = [json.loads(line) for line in files[name].splitlines()]
    change(lines)
    files[name] = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
    path = archive.with_name("change.zip")
    with ZipFile(path, "w") as made:
        for one, content in files.items():
            made.writestr(one, content)
    return path
