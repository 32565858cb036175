import json
from pathlib import Path

import pytest

from tests.exigences import Showing, read_ledger, report

pytest_plugins = ["pytester"]


def run(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(f"import pytest\n{body}")
    pytester.makeini("[pytest]\nmarkers =\n    exigence(id, partielle): shown")
    return pytester.runpytest_subprocess("-p", "tests.exigences", "--exigences", "shown.json", *arguments)


def shown(pytester: pytest.Pytester) -> list[tuple[str, str | None]]:
    rows = json.loads((pytester.path / "shown.json").read_text(encoding="utf-8"))
    return [(row["exigence"], row["partielle"]) for row in rows]


def test_the_ledger_holds_every_family() -> None:
    families = {exigence[:3] for exigence in read_ledger()}
    assert families == {
        "TEN",
        "AUT",
        "HAB",
        "TRA",
        "INS",
        "DMS",
        "ENT",
        "MSG",
        "DMP",
        "POR",
        "PIL",
        "INT",
        "OPS",
        "ETH",
    }


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    ledger = tmp_path / "exigences.md"
    ledger.write_text("| TRA-01 | tracer | U |\n| TRA-01 | tracer encore | U |\n", encoding="utf-8")
    with pytest.raises(pytest.UsageError, match="deux fois"):
        read_ledger(ledger)


@pytest.mark.parametrize(
    "mark", ['"XXX-99"', '"TRA-01", partielle=" "', "", '"TRA-01", manque="tout"', '"TRA-01", "TRA-02"']
)
def test_a_mark_that_says_nothing_true_stops_the_run(pytester: pytest.Pytester, mark: str) -> None:
    result = run(pytester, f"@pytest.mark.exigence({mark})\ndef test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_only_passing_tests_show_a_requirement(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    body = """
@pytest.fixture
def broken_at_the_end():
    yield
    raise RuntimeError

@pytest.mark.exigence("TRA-01")
@pytest.mark.exigence("TRA-02", partielle="le reste")
def test_passes(): pass

@pytest.mark.exigence("TRA-03")
def test_fails(): assert False

@pytest.mark.exigence("TRA-04")
def test_fails_at_teardown(broken_at_the_end): pass
"""
    run(pytester, body, *workers)
    assert shown(pytester) == [("TRA-01", None), ("TRA-02", "le reste")]


def test_the_report_ends_with_the_three_counts() -> None:
    ledger = {"TRA-01": "Tracer.", "TRA-02": "Sans contenu.", "TRA-03": "Sceller."}
    showings = [
        Showing("TRA-01", "tests/a.py::test_whole"),
        Showing("TRA-01", "tests/a.py::test_part", "la fin"),
        Showing("TRA-02", "tests/a.py::test_part", "la fin"),
    ]
    lines = report(ledger, showings)
    assert lines[-1] == "exigences : 1 montrées, 1 partielles, 1 non montrées"
    assert "    tests/a.py::test_part (manque : la fin)" in lines
