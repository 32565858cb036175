"""The ledger of requirements (docs/exigences.md) and the passing tests that show each: a pytest plugin and its report.

`@pytest.mark.exigence("INS-05")`, or `exigence("INS-05", partielle="ce qui manque")` when a test shows it in part.
`pytest --exigences FILE` writes what passed; `python -m tests.exigences FILE` prints it.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

LEDGER = Path(__file__).parents[1] / "docs" / "exigences.md"
_PROPERTY = "exigence"


@dataclass(frozen=True, slots=True)
class Showing:
    """A passing test and the requirement it shows; `partielle` says what it leaves out."""

    exigence: str
    test: str
    partielle: str | None = None


def read_ledger(path: Path = LEDGER) -> dict[str, str]:
    """Requirements by id, in the order of the ledger."""
    rows = re.findall(r"^\| ([A-Z]{3}-\d{2}) \| (.+?) \|", path.read_text(encoding="utf-8"), re.MULTILINE)
    ledger = dict(rows)
    if len(ledger) != len(rows):
        raise pytest.UsageError(f"{path} donne deux fois le même identifiant")
    return ledger


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exigences", metavar="FILE", help="write the requirements that passing tests show")


def pytest_configure(config: pytest.Config) -> None:
    target = config.getoption("--exigences")
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(target)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unknown ids and empty reasons stop the run: a misspelt id would show nothing, unseen."""
    ledger = read_ledger()
    for item in items:
        for mark in item.iter_markers("exigence"):
            item.user_properties.append((_PROPERTY, _read_mark(mark, item.nodeid, ledger)))


def _read_mark(mark: pytest.Mark, test: str, ledger: Mapping[str, str]) -> list[str | None]:
    partielle = mark.kwargs.get("partielle")
    if len(mark.args) != 1 or set(mark.kwargs) - {"partielle"}:
        raise pytest.UsageError(f"{test} : écrire exigence(id) ou exigence(id, partielle=…)")
    if mark.args[0] not in ledger:
        raise pytest.UsageError(f"{test} : l’exigence {mark.args[0]} n’est pas dans docs/exigences.md")
    if partielle is not None and not str(partielle).strip():
        raise pytest.UsageError(f"{test} : partielle doit dire ce qui manque à {mark.args[0]}")
    return [mark.args[0], partielle]


class Recorder:
    """Gathers reports where all arrive, which under xdist is the controlling process, and writes them at the end."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._showings: dict[str, list[Showing]] = {}
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self._showings[report.nodeid] = [
                Showing(value[0], report.nodeid, value[1])  # type: ignore[index]
                for name, value in report.user_properties
                if name == _PROPERTY
            ]

    def pytest_sessionfinish(self) -> None:
        passed = [s for test, showings in self._showings.items() if test not in self._failed for s in showings]
        self._target.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(s) for s in sorted(passed, key=lambda s: (s.exigence, s.test))]
        self._target.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def report(ledger: Mapping[str, str], showings: Iterable[Showing]) -> list[str]:
    """The lines of `make exigences`. A requirement is shown when one passing test shows it whole."""
    by_id: dict[str, list[Showing]] = {exigence: [] for exigence in ledger}
    for showing in showings:
        by_id[showing.exigence].append(showing)
    counts = {"montrée": 0, "partielle": 0, "non montrée": 0}
    lines = []
    for exigence, found in by_id.items():
        whole = any(showing.partielle is None for showing in found)
        state = "montrée" if whole else "partielle" if found else "non montrée"
        counts[state] += 1
        lines.append(f"{exigence}  {state:<12} {ledger[exigence]}")
        lines += [f"    {s.test}" + (f" (manque : {s.partielle})" if s.partielle else "") for s in found]
    shown, part, unseen = counts.values()
    return [*lines, f"exigences : {shown} montrées, {part} partielles, {unseen} non montrées"]


def main(path: Path) -> None:
    showings = [Showing(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    sys.stdout.write("\n".join(report(read_ledger(), showings)) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
