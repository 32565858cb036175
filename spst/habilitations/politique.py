"""Policies: read from `policies/`, checked, compiled. A compiled policy is immutable and can be kept as long as one likes.

The ceiling comes with the product. The policy of an SPST only forbids: `compile_politique` refuses anything else, and writes each
of its rules so that an exceptional access gets past it, and never past the ceiling.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cedarpy

from spst.habilitations.errors import PolitiqueRefused

POLICIES = Path(__file__).resolve().parents[2] / "policies"
"""Texts and cases, beside the package: the image copies them there too."""

DEFAULT_VERSION = 0
"""Number of the default policy; an SPST publishes from 1 on."""

_TENANT_RULE = re.compile(r"R-\d{3}")
_UNLESS_EXCEPTIONAL = {"kind": "unless", "body": {".": {"left": {"Var": "context"}, "attr": "acces_exceptionnel"}}}


class Recours(StrEnum):
    """To whom one turns when a rule closes something: the annotation `@recours` of each forbid."""

    CONNEXION = "connexion"
    DIRECTION = "direction"
    MEDECIN = "medecin"
    SALARIE = "salarie"
    PERSONNE = "personne"


@dataclass(frozen=True, slots=True)
class Regle:
    """One policy, as it is explained. What an SPST closes, its direction can open: a rule that names nobody is hers."""

    id: str
    is_permit: bool
    article: str
    explication: str
    recours: Recours = Recours.DIRECTION


@dataclass(frozen=True, slots=True, eq=False)
class Politique:
    """The ceiling and, within it, the policy of an SPST. `version`: "number-fingerprint" of every text that decides.

    Known by identity: two objects are two policies, even with the same version.
    """

    version: str
    regles: Mapping[str, Regle]
    handle: cedarpy.PolicySet

    @property
    def numero(self) -> int:
        return numero_of(self.version)


def numero_of(version: str) -> int:
    """The number that an SPST gave to a version.

    >>> numero_of("3-1f0c9a2b")
    3
    """
    return int(version.partition("-")[0])


@cache
def schema_text() -> str:
    return (POLICIES / "spst.cedarschema").read_text(encoding="utf-8")


@cache
def schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str(schema_text())


@cache
def ceiling_text() -> str:
    return (POLICIES / "ceiling.cedar").read_text(encoding="utf-8")


@cache
def default_text() -> str:
    return (POLICIES / "default.cedar").read_text(encoding="utf-8")


@cache
def ceiling_alone() -> Politique:
    """What the law allows, whatever an SPST decides."""
    return build(ceiling_text(), "", DEFAULT_VERSION)


@lru_cache(maxsize=256)
def compile_politique(tenant_text: str, number: int) -> Politique:
    """The ceiling with the policy of an SPST inside it.

    Raises: PolitiqueRefused.
    """
    return build(ceiling_text(), tenant_text, number)


def build(ceiling: str, tenant_text: str, number: int) -> Politique:
    """Parse and validate both texts; every engine handle is built here, once.

    Raises: PolitiqueRefused, for the ceiling too: a product whose ceiling does not match its schema decides nothing.
    """
    restrictions = compile_tenant_text(tenant_text)
    check_schema(ceiling)
    regles = {**read_regles(ceiling), **read_regles(restrictions)}
    digest = hashlib.sha256("\0".join([schema_text(), ceiling, tenant_text]).encode()).hexdigest()
    handle = cedarpy.PolicySet.from_str(f"{ceiling}\n{restrictions}")
    return Politique(f"{number}-{digest[:8]}", regles, handle)


def compile_tenant_text(text: str) -> str:
    """The restrictions of an SPST as the engine reads them: each lifted by an exceptional access.

    Raises: PolitiqueRefused, with the reasons in French in `facts["raisons"]`.
    """
    parsed = _parse(text)
    rules = list(parsed["staticPolicies"].values())
    reasons = _faults(parsed, rules)
    if reasons:
        raise PolitiqueRefused(raisons=reasons)
    check_schema(text)
    for rule in rules:
        rule["conditions"].append(_UNLESS_EXCEPTIONAL)
    return cedarpy.policies_from_json_str(json.dumps(parsed))


def _faults(parsed: Mapping[str, Any], rules: list[dict[str, Any]]) -> list[str]:
    ids = [str(rule["annotations"].get("id") or "sans numéro") for rule in rules]
    reasons = [f"{name}\u00a0: une politique de SPST interdit, elle n’autorise jamais" for name in _permits(ids, rules)]
    if parsed["templates"] or parsed["templateLinks"]:
        reasons.append("les modèles de règle ne sont pas admis")
    reasons += [f"{name}\u00a0: le numéro s’écrit R-001" for name in ids if not _TENANT_RULE.fullmatch(name)]
    reasons += [
        f"{name}\u00a0: numéro utilisé deux fois" for name in sorted({name for name in ids if ids.count(name) > 1})
    ]
    reasons += [
        f"{name}\u00a0: une règle nomme des rôles, jamais un compte"
        for name, rule in zip(ids, rules, strict=True)
        if _names_an_account(rule)
    ]
    for name, rule in zip(ids, rules, strict=True):
        missing = [key for key in ("article", "explication") if not rule["annotations"].get(key)]
        reasons += [f"{name}\u00a0: @{key} manque" for key in missing]
        if _recours(rule["annotations"]) is None:
            reasons.append(f"{name}\u00a0: @recours ne désigne personne de connu")
    return reasons


def _names_an_account(part: Any) -> bool:
    """What one role may do is then the same for everybody in it: the matrix, the trial and the answers kept rely on it."""
    if isinstance(part, dict):
        return (part.get("type") == "Acteur" and "id" in part) or any(map(_names_an_account, part.values()))
    return isinstance(part, list) and any(map(_names_an_account, part))


def _recours(notes: Mapping[str, str]) -> Recours | None:
    asked = notes.get("recours", Recours.DIRECTION)
    return Recours(asked) if asked in set(Recours) else None


def _permits(ids: list[str], rules: list[dict[str, Any]]) -> list[str]:
    return [name for name, rule in zip(ids, rules, strict=True) if rule["effect"] != "forbid"]


def _parse(text: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise PolitiqueRefused(raisons=[f"texte illisible\u00a0: {error}"]) from error
    return parsed


def check_schema(text: str) -> None:
    """Raises: PolitiqueRefused. Without this, a rule that reads an absent attribute would be ignored by the engine."""
    result = cedarpy.validate_policies(text, schema())
    if not result.validation_passed:
        raise PolitiqueRefused(raisons=[str(error) for error in result.errors])


def read_regles(text: str) -> dict[str, Regle]:
    """The rules of a text by number. Raises: PolitiqueRefused when one has no number, no article or no explanation."""
    regles: dict[str, Regle] = {}
    for rule in _parse(text)["staticPolicies"].values():
        notes, recours = rule["annotations"], _recours(rule["annotations"])
        known = all(notes.get(key) for key in ("id", "article", "explication"))
        if not known or recours is None or notes["id"] in regles:
            raise PolitiqueRefused(
                raisons=[f"{notes.get('id')}\u00a0: numéro unique, @article, @explication et @recours connu demandés"]
            )
        is_permit = rule["effect"] == "permit"
        regles[notes["id"]] = Regle(notes["id"], is_permit, notes["article"], notes["explication"], recours)
    return regles
