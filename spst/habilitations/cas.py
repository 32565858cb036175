"""The cases of `policies/cases`: what each rule must open and close, as files; read and replayed at every change of a text."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from spst.habilitations import moteur, politique
from spst.habilitations.moteur import Destinataire, Situation, Verdict
from spst.habilitations.politique import POLICIES, Politique
from spst.habilitations.ports import Faits
from spst.habilitations.rules import PorteeDelegation, delegated_sections
from spst.kernel.acteur import Role

CASES = POLICIES / "cases"

_DOSSIERS = {"tous": None, "ce dossier": UUID(int=2), "autre dossier": UUID(int=3)}


@dataclass(frozen=True, slots=True)
class Cas:
    """One question with the answer that the law gives.

    `cell`: "role section mode" of the access matrix, when the case is one of its cells. `politique`: "plafond" (the ceiling
    alone) or "defaut" (with the default policy in it). `rule`: the one that explains the answer; None when no rule opens.
    """

    name: str
    file: str
    acteur: Role | Destinataire
    action: str
    target: str
    situation: Situation
    politique: str
    is_permit: bool
    rule: str | None
    cell: str | None


@dataclass(frozen=True, slots=True)
class Ecart:
    """A case whose answer is not the expected one."""

    cas: Cas
    verdict: Verdict

    def describe(self) -> str:
        expected = ("permis" if self.cas.is_permit else "refusé", self.cas.rule or "aucune règle")
        found = ("permis" if self.verdict.allowed else "refusé", next(iter(self.verdict.rules), "aucune règle"))
        return (
            f"{self.cas.file} · {self.cas.name}\u00a0: attendu {', '.join(expected)}\u202f; obtenu {', '.join(found)}"
        )


@cache
def load(directory: Path = CASES) -> tuple[Cas, ...]:
    """Every case of the folders `permit` and `deny`. A malformed file raises."""
    return tuple(cas for path in sorted(directory.glob("*/*.json")) for cas in _read(path))


def shipped() -> dict[str, Politique]:
    """The two policies that the cases name."""
    return {
        "plafond": politique.ceiling_alone(),
        "defaut": politique.compile_politique(politique.default_text(), politique.DEFAULT_VERSION),
    }


def replay(cases: Iterable[Cas], politiques: Mapping[str, Politique]) -> tuple[Ecart, ...]:
    """The cases that do not give the expected answer, by the expected rule."""
    answered = ((cas, ask(cas, politiques[cas.politique])) for cas in cases)
    return tuple(Ecart(cas, verdict) for cas, verdict in answered if not is_expected(cas, verdict))


def ask(cas: Cas, policy: Politique) -> Verdict:
    if isinstance(cas.acteur, Destinataire):
        return moteur.decide_transmission(policy, cas.acteur, cas.situation).sections[cas.target]
    return moteur.decide_one(policy, cas.acteur, cas.action, cas.target, cas.situation)


def is_expected(cas: Cas, verdict: Verdict) -> bool:
    return verdict.allowed == cas.is_permit and next(iter(verdict.rules), None) == cas.rule


def check_closed(policy: Politique) -> tuple[int, tuple[str, ...]]:
    """What the law closes, asked of a policy: how many questions, and those that it would open."""
    closed = [case for case in load() if case.politique == "plafond" and not case.is_permit]
    return len(closed), tuple(case.name for case in closed if ask(case, policy).allowed)


def uncovered_rules(cases: Iterable[Cas], politiques: Mapping[str, Politique]) -> tuple[str, ...]:
    """Rules that no case names: nobody would see them go."""
    known = {rule for policy in politiques.values() for rule in policy.regles}
    return tuple(sorted(known - {cas.rule for cas in cases}))


def _read(path: Path) -> Iterator[Cas]:
    content = json.loads(path.read_text(encoding="utf-8"))
    at = datetime.fromisoformat(content["at"])
    for case in content["cases"]:
        if case["expected"] != path.parent.name:
            raise ValueError(f"{path.name}: {case['name']}: a case expects what its folder says")
        yield Cas(
            name=case["name"],
            file=f"{path.parent.name}/{path.name}",
            acteur=Destinataire(case["destinataire"]) if "destinataire" in case else Role(case["acteur"]),
            action=case.get("action", moteur.RECEIVE),
            target=case["target"],
            situation=_situation({**content["context"], **case.get("context", {})}, at),
            politique=content["politique"],
            is_permit=case["expected"] == "permit",
            rule=case["rule"],
            cell=case.get("cell"),
        )


def _situation(context: dict[str, Any], at: datetime) -> Situation:
    delegations = [_delegation(item) for item in context["delegations"]]
    return Situation(
        faits=Faits(**{fact.name: context[fact.name] for fact in fields(Faits)}),
        delegation=delegated_sections(delegations, _DOSSIERS["ce dossier"], at),
        **{name: context[name] for name in moteur.FLAGS},
    )


def _delegation(item: dict[str, Any]) -> PorteeDelegation:
    revoked = item.get("revoked_at")
    return PorteeDelegation(
        sections=frozenset(item["sections"]),
        starts_on=datetime.fromisoformat(item["starts_on"]),
        ends_on=datetime.fromisoformat(item["ends_on"]),
        dossier_id=_DOSSIERS[item["dossier"]],
        revoked_at=datetime.fromisoformat(revoked) if revoked else None,
    )
