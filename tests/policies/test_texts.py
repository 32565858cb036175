"""The texts of `policies/`: numbered, sourced, in French, and in step with the action registry."""

import json
import re
from functools import cache
from typing import Any

import cedarpy
import pytest

from spst.habilitations import actions, politique
from spst.habilitations.actions import Mode

README = (politique.POLICIES / "README.md").read_text(encoding="utf-8")
TEXTS = {"ceiling": politique.ceiling_text(), "default": politique.default_text()}


@cache
def annotations(text: str) -> list[dict[str, Any]]:
    policies = json.loads(cedarpy.policies_to_json_str(TEXTS[text]))["staticPolicies"].values()
    return [{"effect": policy["effect"], **policy["annotations"]} for policy in policies]


@pytest.mark.parametrize("text", sorted(TEXTS))
def test_every_rule_has_a_number_an_article_and_a_french_sentence(text: str) -> None:
    for note in annotations(text):
        assert re.fullmatch(r"[PR]-\d{3}", note["id"])
        assert re.search(r"[LR]\. \d{4}|RGPD art\. \d", note["article"]), note["id"]
        assert note["explication"][0].isupper(), note["id"]
        assert note["explication"].endswith("."), note["id"]


@pytest.mark.exigence("HAB-08", partielle="à qui s’adresser, pour chaque règle qui interdit")
@pytest.mark.parametrize("text", sorted(TEXTS))
def test_every_forbid_says_to_whom_one_turns_and_no_permit_does(text: str) -> None:
    known = {str(one) for one in politique.Recours}
    for note in annotations(text):
        assert (note.get("recours") in known) is (note["effect"] == "forbid"), note["id"]


@pytest.mark.parametrize("text", sorted(TEXTS))
def test_sentences_keep_french_typography(text: str) -> None:
    for note in annotations(text):
        assert "'" not in note["explication"], note["id"]
        assert not re.search(r"(?<![\u00a0\u202f])[:;!?]", note["explication"]), note["id"]


def test_permits_are_numbered_below_forbids() -> None:
    for note in annotations("ceiling"):
        assert (note["id"] < "P-100") is (note["effect"] == "permit"), note["id"]


@pytest.mark.exigence("HAB-03")
def test_default_policy_only_forbids() -> None:
    assert {note["effect"] for note in annotations("default")} == {"forbid"}


def test_readme_lists_every_rule_with_its_article() -> None:
    listed = dict(re.findall(r"^\| ([PR]-\d{3}) \|.*\| ([^|]+) \|$", README, flags=re.MULTILINE))
    expected = {note["id"]: note["article"] for text in TEXTS for note in annotations(text)}
    assert listed == expected


def test_schema_knows_exactly_the_actions_of_the_registry_with_their_mode_and_kind() -> None:
    declared: dict[str, tuple[str, str]] = {}
    for block in re.findall(
        r'action\s+("[^;{]+?)\s+in \[(\w+)\] appliesTo {[^}]*resource: \[(\w+)\]', politique.schema_text()
    ):
        names, mode, resource = block
        declared.update(dict.fromkeys(re.findall(r'"([^"]+)"', names), (mode, resource)))
    registry = {a.name: (str(a.mode), "Domaine" if a.domaine else "Volet") for a in actions.all()}
    assert declared == registry


def test_schema_declares_both_modes() -> None:
    assert f"action {Mode.CONSULTER}, {Mode.REMPLIR} appliesTo" in politique.schema_text()
