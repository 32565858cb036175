"""Each case file of `policies/` is a test; each cell of the access matrix is a case; no rule can go unseen."""

import json
from functools import cache

import cedarpy
import pytest

from spst.habilitations import actions, cas, couverture, politique
from spst.habilitations.actions import SECTIONS, Mode
from spst.habilitations.cas import Cas
from spst.habilitations.moteur import Destinataire
from spst.habilitations.politique import Politique
from spst.kernel.acteur import Role

CASES = cas.load()
CELLS = [c for c in CASES if isinstance(c.acteur, Role) and c.cell]
LEAVING = [c for c in CASES if isinstance(c.acteur, Destinataire) and c.cell]
CEILING_RULES = sorted(politique.read_regles(politique.ceiling_text()))
FORBIDS = [rule for rule in CEILING_RULES if rule >= "P-101"]

DOUBLY_CLOSED = {"P-103", "P-104", "P-105", "P-106", "P-107", "P-108", "P-127"}
"""Forbids on what no permit opens: they tell the reason, and hold if a permit is written too wide."""

# C. trav. art. L. 4624-8, R. 4624-45-5; roles in rows, S1 to S8 in columns: C consult, F fill.
MATRIX = """
MDT  CF CF CF CF CF CF CF C
COLL CF CF CF CF CF CF CF C
INT  CF CF CF CF CF CF CF C
INF  CF CF CF CF CF CF CF C
IPA  CF CF CF CF CF CF CF C
MPC  CF CF CF CF CF CF CF -
IPRP CF CF -  -  -  -  -  -
ASST CF CF -  -  -  -  -  -
PRO  -  -  -  -  -  -  -  -
ASS  -  -  -  -  -  -  -  -
ADM  -  -  -  -  -  -  -  -
DIR  -  -  -  -  -  -  -  C
DPO  -  -  -  -  -  -  -  C
AUD  -  -  -  -  -  -  -  C
TECH -  -  -  -  -  -  -  -
SAL  C  C  C  C  C  C  CF C
SRV  -  -  -  -  -  -  -  -
"""


# Who receives what outside of the SPST: L. 4624-8 al. 1 and 6, R. 4624-45-7, R. 4624-49.
RECIPIENTS = """
spst                R R R R R R R -
inspection_medicale R R R R R - - -
employeur           - - - - - - - -
cse                 - - - - - - - -
inspection_travail  - - - - - - - -
assurance_maladie   - - - - - - - -
"""


@cache
def shipped() -> dict[str, Politique]:
    return cas.shipped()


@cache
def ceiling_without(rule: str) -> Politique:
    parsed = json.loads(cedarpy.policies_to_json_str(politique.ceiling_text()))
    parsed["staticPolicies"] = {
        name: policy for name, policy in parsed["staticPolicies"].items() if policy["annotations"]["id"] != rule
    }
    return politique.build(cedarpy.policies_from_json_str(json.dumps(parsed)), "", politique.DEFAULT_VERSION)


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("case", CASES, ids=[f"{c.file}: {c.name}" for c in CASES])
def test_case_gets_its_answer_by_its_rule(case: Cas) -> None:
    gaps = cas.replay([case], shipped())
    assert [gap.describe() for gap in gaps] == []


@pytest.mark.exigence("HAB-01")
def test_every_cell_of_the_access_matrix_is_one_case_with_the_answer_of_the_law() -> None:
    law = {
        f"{role} {section} {mode}": letter in rights
        for role, *row in (line.split() for line in MATRIX.strip().splitlines())
        for section, rights in zip(SECTIONS, row, strict=True)
        for mode, letter in ((Mode.CONSULTER, "C"), (Mode.REMPLIR, "F"))
    }
    assert len(law) == len(Role) * len(SECTIONS) * len(Mode) == 272
    assert [c.cell for c in CELLS] == list(dict.fromkeys(c.cell for c in CELLS))
    assert {c.cell: c.is_permit for c in CELLS} == law


@pytest.mark.exigence("HAB-01")
def test_every_recipient_outside_of_the_spst_and_every_section_is_one_case_with_the_answer_of_the_law() -> None:
    law = {
        f"{who} {section} recevoir": letter == "R"
        for who, *row in (line.split() for line in RECIPIENTS.strip().splitlines())
        for section, letter in zip(SECTIONS, row, strict=True)
    }
    assert len(law) == len(Destinataire) * len(SECTIONS)
    assert len(LEAVING) == len(law)
    assert {c.cell: c.is_permit for c in LEAVING} == law
    assert all(str(c.cell).split() == [str(c.acteur), c.target, c.action] for c in LEAVING)


@pytest.mark.exigence("HAB-01")
def test_cell_asks_about_its_own_role_section_and_mode() -> None:
    for case in CELLS:
        role, section, mode = str(case.cell).split()
        asked = (case.acteur, case.target, case.action)
        through_the_journal = (role, "journal", "journal.consult")
        assert asked == (role, section, mode) or (asked == through_the_journal and section == "S8")


def test_two_cases_never_have_the_same_name() -> None:
    names = [(c.file, c.name) for c in CASES]
    assert len(names) == len(set(names))


def test_every_rule_is_named_by_a_case() -> None:
    assert cas.uncovered_rules(CASES, shipped()) == ()


def test_every_action_of_the_registry_is_opened_by_a_case_and_closed_by_another() -> None:
    names = {action.name for action in actions.all()}
    assert names <= {c.action for c in CASES if c.is_permit}
    assert names <= {c.action for c in CASES if not c.is_permit}


@pytest.mark.exigence("HAB-03")
@pytest.mark.parametrize("rule", CEILING_RULES)
def test_no_rule_of_the_ceiling_goes_shrinks_or_swells_without_a_case_of_each_folder_seeing_it(rule: str) -> None:
    found = couverture.measure(rule, CASES)
    assert found.survivors == ()
    assert found.missing == ()


def test_change_that_no_case_sees_is_named() -> None:
    blind = [case for case in CASES if case.rule != "P-114"]
    found = couverture.measure("P-114", blind)
    assert "ôtée" in found.survivors


@pytest.mark.exigence("HAB-03")
@pytest.mark.parametrize("rule", FORBIDS)
def test_dropping_a_forbid_of_the_ceiling_opens_a_door_unless_two_rules_close_it(rule: str) -> None:
    named = [c for c in CASES if c.rule == rule and c.politique == "plafond"]
    opened = [c for c in named if cas.ask(c, ceiling_without(rule)).allowed]
    assert bool(opened) is (rule not in DOUBLY_CLOSED)


@pytest.mark.exigence("HAB-01")
@pytest.mark.parametrize("rule", sorted(DOUBLY_CLOSED))
def test_forbid_that_doubles_an_absent_permit_beats_a_permit_written_too_wide(rule: str) -> None:
    wide = '@id("P-999") @article("-") @explication("-") permit (principal, action, resource);'
    careless = politique.build(politique.ceiling_text() + wide, "", politique.DEFAULT_VERSION)
    closed = [c for c in CASES if c.rule == rule and c.politique == "plafond"]
    assert closed
    assert cas.replay(closed, {"plafond": careless}) == ()


def test_case_in_the_wrong_folder_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cases")
    (folder / "permit").mkdir()
    source = cas.CASES / "deny" / "un_facteur.json"
    (folder / "permit" / "un_facteur.json").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ValueError, match="expects what its folder says"):
        cas.load(folder)
