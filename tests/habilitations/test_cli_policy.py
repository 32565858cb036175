"""`spst policy check` and `spst policy test`, as the operator runs them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from spst.cli.policy import policy
from spst.habilitations import cas, couverture, politique
from spst.habilitations.couverture import Mutant

DEFAULT = str(politique.POLICIES / "default.cedar")
CEILING = str(politique.POLICIES / "ceiling.cedar")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(policy, arguments)
    return result.exit_code, result.output


@pytest.mark.exigence("HAB-03")
def test_check_accepts_a_policy_that_only_forbids() -> None:
    code, output = run("check", DEFAULT, "--json")
    assert code == 0
    assert json.loads(output) == {"valide": True, "regles": ["R-001"]}


@pytest.mark.exigence("HAB-03")
def test_check_refuses_a_policy_that_permits_and_says_which_rule() -> None:
    code, output = run("check", CEILING)
    assert code == 1
    assert "P-001\u00a0: une politique de SPST interdit, elle n’autorise jamais" in output
    code, output = run("check", CEILING, "--json")
    assert code == 1
    assert json.loads(output)["valide"] is False


def test_check_without_a_file_is_a_wrong_use(tmp_path: Path) -> None:
    assert run("check", str(tmp_path / "absent.cedar"))[0] == 2


def test_replay_passes_every_case_and_counts_them() -> None:
    code, output = run("test", "--json")
    facts = json.loads(output)
    assert code == 0
    assert facts == {"cas": len(cas.load()), "ecarts": [], "regles_sans_cas": []}
    assert facts["cas"] > 272


def test_coverage_names_the_changes_of_a_rule_that_no_case_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(case for case in cas.load() if case.rule != "P-129")
    monkeypatch.setattr(cas, "load", lambda: kept)
    monkeypatch.setattr(couverture, "mutants", _only("P-129"))
    code, output = run("test", "--coverage")
    assert code == 1
    assert "P-129, ôtée\u00a0: aucun cas ne le voit" in output


def _only(rule: str) -> Callable[[str], Iterator[Mutant]]:
    """The changes of one rule: those of all take half a minute, and stand in tests/policies."""
    measured = couverture.mutants
    return lambda asked: measured(asked) if asked == rule else iter(())


def test_replay_names_the_case_that_fails_and_the_rules_that_no_case_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [replace(case, rule="P-002") for case in cas.load() if case.rule == "P-001"][:1]
    monkeypatch.setattr(cas, "load", lambda: tuple(wrong))
    code, output = run("test")
    assert code == 1
    assert "1 cas rejoués, 1 écart(s)." in output
    assert "attendu permis, P-002\u202f; obtenu permis, P-001" in output
    assert "P-101\u00a0: aucun cas ne la nomme" in output
