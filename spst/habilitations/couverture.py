"""Whether the cases would see a rule of the ceiling go, shrink or swell: each rule is changed in every small way, and replayed.

A rule is covered in a folder when some change of it makes a case of that folder fail. One without a case in `deny` could open
too much unseen; one without a case in `permit` could refuse a lawful act unseen.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import cedarpy

from spst.habilitations import cas, politique
from spst.habilitations.cas import Cas
from spst.habilitations.politique import Politique

FOLDERS = ("permit", "deny")

WITHOUT_EFFECT: Mapping[str, tuple[str, ...]] = {
    "action : tous": (
        # Whoever fills a part consults it too, by the permit before; a recipient can do nothing but receive.
        *("P-002", "P-004", "P-006", "P-008", "P-010", "P-012", "P-014", "P-016", "P-018", "P-022", "P-024"),
        *("P-030", "P-031", "P-032", "P-034"),
    ),
    # Everybody else who would be let in has a permit of his own, or a forbid that closes the door.
    "principal : tous": ("P-018", "P-031"),
}
"""Changes that change no answer, so that no case can see them."""

Expr = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """The ceiling with one rule changed. `change`: what was done to it, in a few words."""

    rule: str
    change: str
    politique: Politique


@dataclass(frozen=True, slots=True)
class Couverture:
    """What the cases see of one rule. `survivors`: changes that no case sees. `folders`: where a case sees one."""

    rule: str
    survivors: tuple[str, ...]
    folders: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(folder for folder in FOLDERS if folder not in self.folders)


def measure(rule: str, cases: Iterable[Cas]) -> Couverture:
    """Change the rule in every small way, and see which changes the cases of the ceiling notice."""
    ordered = sorted((c for c in cases if c.politique == "plafond"), key=lambda c: c.rule != rule)
    changed = list(mutants(rule))
    seen = {mutant.change: _first_seen(mutant, ordered) for mutant in changed}
    folders = {folder for folder in seen.values() if folder}
    for folder in set(FOLDERS) - folders:
        inside = [case for case in ordered if _folder(case) == folder]
        folders |= {folder for mutant in changed if _first_seen(mutant, inside)}
    survivors = tuple(change for change, folder in seen.items() if folder is None)
    return Couverture(rule, survivors, frozenset(folders))


def mutants(rule: str) -> Iterator[Mutant]:
    """The rule left out, its scope opened, each of its conditions left out, each choice and each conjunct left out."""
    parsed = json.loads(cedarpy.policies_to_json_str(politique.ceiling_text()))
    name = next(key for key, one in parsed["staticPolicies"].items() if one["annotations"]["id"] == rule)
    for change, changed in _changes(parsed["staticPolicies"][name]):
        if rule in WITHOUT_EFFECT.get(change, ()):
            continue
        rules = {key: one for key, one in parsed["staticPolicies"].items() if key != name}
        if changed is not None:
            rules[name] = changed
        yield Mutant(rule, change, _built({**parsed, "staticPolicies": rules}))


def _built(parsed: Mapping[str, Any]) -> Politique:
    text = cedarpy.policies_from_json_str(json.dumps(parsed))
    return Politique("mutant", politique.ceiling_alone().regles, cedarpy.PolicySet.from_str(text))


def _first_seen(mutant: Mutant, ordered: Iterable[Cas]) -> str | None:
    """The folder of the first case that the change makes fail."""
    failing = (case for case in ordered if not cas.is_expected(case, cas.ask(case, mutant.politique)))
    found = next(failing, None)
    return None if found is None else _folder(found)


def _folder(case: Cas) -> str:
    return "permit" if case.is_permit else "deny"


def _changes(rule: Expr) -> Iterator[tuple[str, Expr | None]]:
    yield "ôtée", None
    for part in ("principal", "action", "resource"):
        if rule[part]["op"] != "All":
            yield f"{part} : tous", {**rule, part: {"op": "All"}}
    for rank, one in enumerate(rule["action"].get("entities", ())):
        kept = [other for other in rule["action"]["entities"] if other is not one]
        yield f"action {rank + 1} ôtée", {**rule, "action": {"op": "in", "entities": kept}}
    for rank, condition in enumerate(rule["conditions"]):
        others = rule["conditions"][:rank] + rule["conditions"][rank + 1 :]
        yield f"{condition['kind']} ôté", {**rule, "conditions": others}
        for change, body in _weaker(condition["body"]):
            changed = {**rule, "conditions": deepcopy(rule["conditions"])}
            changed["conditions"][rank]["body"] = body
            yield f"{condition['kind']} : {change}", changed


def _weaker(body: Expr) -> Iterator[tuple[str, Expr]]:
    """Each expression one step away from `body`: a side of "and" or "or" alone, a choice left out, an inner step."""
    for operator, content in body.items():
        if operator in ("&&", "||"):
            yield f"{operator} à gauche seul", content["left"]
            yield f"{operator} à droite seul", content["right"]
        if operator == "Set" and len(content) > 1:
            for rank in range(len(content)):
                yield f"choix {rank + 1} ôté", {"Set": content[:rank] + content[rank + 1 :]}
        elif isinstance(content, dict):
            for key, inner in content.items():
                if isinstance(inner, dict):
                    for change, weaker in _weaker(inner):
                        yield change, {operator: {**content, key: weaker}}
