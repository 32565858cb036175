"""The policy engine: a question, its answer, and the rule that gave it. No database, no context.

Anything that is not a clean "allow" is a refusal: no matching permit, a forbid, a request outside of the schema, and any error
while evaluating a rule (Cedar ignores a rule that fails, even a forbid: `diagnostics.errors` is therefore read each time).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import cedarpy

from spst.habilitations.actions import DOMAINES, INSPECTION, SECTIONS, Action, Mode
from spst.habilitations.politique import Politique, Recours, Regle, schema
from spst.habilitations.ports import Faits
from spst.habilitations.rules import DELEGABLE
from spst.kernel.acteur import Famille, Role

RECEIVE = "recevoir"

_ARTICLE_OF_THE_DOSSIER = "R. 4624-45-5"
_ARTICLE_ELSEWHERE = "RGPD art. 32"
NO_RULE = "Aucune règle ne l’ouvre à votre rôle"
_ENGINE_FAULT = "La règle n’a pas pu être évaluée\u00a0: l’accès reste fermé"


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a rule may test. The defaults open nothing."""

    faits: Faits = field(default_factory=Faits)
    delegation: frozenset[str] = frozenset()
    supervision: bool = False
    avis_delegue: bool = False
    enregistrement: bool = False
    transmission_fondee: bool = False
    motif_donne: bool = False
    deux_facteurs: bool = False
    acces_exceptionnel: bool = False


FLAGS = tuple(one.name for one in fields(Situation) if one.name not in ("faits", "delegation"))
"""What a rule may test beside the facts of the dossier and the delegated sections."""


class Destinataire(StrEnum):
    """Outside of the SPST: to whom the law says that a dossier goes, or never goes (L. 4624-8, R. 4624-45-7, R. 4624-49)."""

    SPST = "spst"
    INSPECTION_MEDICALE = "inspection_medicale"
    EMPLOYEUR = "employeur"
    CSE = "cse"
    INSPECTION_TRAVAIL = "inspection_travail"
    ASSURANCE_MALADIE = "assurance_maladie"


Qui = Role | Destinataire
"""Who asks: somebody in a role, or a recipient outside of the SPST. A rule names roles, never an account (`politique`)."""

OF_THE_WORKER = frozenset({"P-112", "P-114", "P-115", "P-116"})
"""Rules of the ceiling that close because of what the worker chose, or of his follow-up (SIR)."""
OF_THE_STRANGER = frozenset({"P-110", "P-111", "P-113", "P-119", "P-120", "P-121"})
"""Those that close because nothing ties the actor to this worker: no follow-up, no delegation, no protocol."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one section or domain. `rules`: those that made it, the one explained first; empty when none opens.

    `recours`: to whom one turns when it is closed.
    """

    allowed: bool
    rules: tuple[str, ...]
    explication: str
    article: str
    recours: Recours

    @property
    def is_closed_by_spst(self) -> bool:
        """By the policy of the SPST alone: no rule of the law closes it too."""
        return not self.allowed and bool(self.rules) and self.rules[0].startswith("R-")


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one act.

    `rules`: those that allowed it, or those that refused it. `sections`: the verdict of each section asked for (empty for an
    act outside of the dossier). `explication`: a French sentence that names its article.
    """

    action: str
    mode: str
    dossier_id: UUID | None
    allowed: bool
    rules: tuple[str, ...]
    version: str
    explication: str
    article: str
    sections: Mapping[str, Verdict]

    @property
    def open_sections(self) -> tuple[str, ...]:
        return tuple(section for section, verdict in self.sections.items() if verdict.allowed)


def decide(
    politique: Politique,
    role: Role,
    action: Action,
    situation: Situation,
    *,
    targets: Iterable[str] | None = None,
    dossier_id: UUID | None = None,
) -> Decision:
    """May somebody in this role do this, in this situation? One call of the engine, whatever the number of sections.

    `targets`: some of the sections of the action instead of all.
    Raises: ValueError, when a target is not one of the action's.
    """
    asked = tuple(action.targets if targets is None else targets)
    if not asked or not set(asked) <= set(action.targets):
        raise ValueError(f"{action.name} touches {action.targets}, not {asked}")
    questions = tuple((action.name, target) for target in asked)
    verdicts = dict(zip(asked, _answers(politique, role, questions, situation), strict=True))
    return _decision(politique, action, dossier_id, verdicts)


def decide_matrix(
    politique: Politique, role: Role, situation: Situation, *modes: Mode
) -> dict[tuple[str, Mode], Verdict]:
    """The eight sections of one dossier, consult and fill or some of the `modes`, in one call of the engine."""
    cells = [(section, mode) for section in SECTIONS for mode in modes or Mode]
    questions = tuple((str(mode), section) for section, mode in cells)
    return dict(zip(cells, _answers(politique, role, questions, situation), strict=True))


def decide_one(politique: Politique, role: Role, name: str, target: str, situation: Situation) -> Verdict:
    """One cell: `name` is an action or a mode, `target` a section or a domain."""
    return _answers(politique, role, ((name, target),), situation)[0]


def decide_transmission(
    politique: Politique, destinataire: Destinataire, situation: Situation, dossier_id: UUID | None = None
) -> Decision:
    """Which sections of a dossier may a recipient outside of the SPST be sent? Allowed as soon as one is."""
    questions = tuple((RECEIVE, section) for section in SECTIONS)
    verdicts = dict(zip(SECTIONS, _answers(politique, destinataire, questions, situation), strict=True))
    return _decided(politique, RECEIVE, Mode.CONSULTER, verdicts, dossier_id, each=True)


def _decision(politique: Politique, action: Action, dossier_id: UUID | None, verdicts: dict[str, Verdict]) -> Decision:
    decided = _decided(politique, action.name, action.mode, verdicts, dossier_id, each=action.each)
    return replace(decided, sections={}) if action.domaine else decided


def _decided(
    politique: Politique, name: str, mode: Mode, verdicts: dict[str, Verdict], dossier_id: UUID | None, *, each: bool
) -> Decision:
    opened = [verdict for verdict in verdicts.values() if verdict.allowed]
    closed = [verdict for verdict in verdicts.values() if not verdict.allowed]
    allowed = bool(opened) if each else not closed
    deciding = opened if allowed else closed
    return Decision(
        action=name,
        mode=str(mode),
        dossier_id=dossier_id,
        allowed=allowed,
        rules=tuple(dict.fromkeys(rule for verdict in deciding for rule in verdict.rules)),
        version=politique.version,
        explication=deciding[0].explication,
        article=deciding[0].article,
        sections=verdicts,
    )


@lru_cache(maxsize=8192)
def _answers(
    politique: Politique, who: Qui, questions: tuple[tuple[str, str], ...], situation: Situation
) -> tuple[Verdict, ...]:
    """One call of the engine. Kept because the answer depends on nothing else: every fact that a rule may test is an argument,
    a policy is known by its identity and never changes, and Cedar has no clock."""
    context = json.dumps(_context(situation))
    requests = [_request(who, action, target, context) for action, target in questions]
    results = cedarpy.is_authorized_batch(requests, politique.handle, _world(), schema())
    return tuple(
        _verdict(politique, result, on_dossier=target not in DOMAINES, stranger=_is_stranger(who, situation))
        for (_, target), result in zip(questions, results, strict=True)
    )


def _is_stranger(who: Qui, situation: Situation) -> bool:
    """A delegate to whom nothing of this dossier was delegated: the rule that says so covers two sections, what it says all."""
    return isinstance(who, Role) and who.famille is Famille.DELEGUE and not situation.delegation


def _verdict(politique: Politique, result: cedarpy.AuthzResult, *, on_dossier: bool, stranger: bool) -> Verdict:
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        return _closed(_ENGINE_FAULT, on_dossier)
    ids = sorted(_told(result.diagnostics.id_annotations_by_reason.values(), stranger), key=_explanation_order)
    if not ids:
        return _closed(NO_RULE, on_dossier)
    return _explained(politique, tuple(ids), allowed=result.allowed)


@lru_cache(maxsize=4096)
def _explained(politique: Politique, ids: tuple[str, ...], *, allowed: bool) -> Verdict:
    """One object for the many answers that the same rules give."""
    regle = politique.regles[ids[0]]
    return Verdict(allowed, ids, sentence(regle), regle.article, regle.recours)


def _told(ids: Collection[str], stranger: bool) -> Collection[str]:
    """What a worker chose, or how he is followed, is told to nobody who has no part in his follow-up anyway."""
    hides = stranger or OF_THE_STRANGER.intersection(ids)
    return [one for one in ids if one not in OF_THE_WORKER] if hides else ids


def _closed(reason: str, on_dossier: bool) -> Verdict:
    """A refusal that no rule made."""
    article = _ARTICLE_OF_THE_DOSSIER if on_dossier else _ARTICLE_ELSEWHERE
    return Verdict(False, (), f"{reason} ({article}).", article, no_rule_recours(on_dossier=on_dossier))


def no_rule_recours(*, on_dossier: bool) -> Recours:
    """To whom one turns where no rule opens."""
    return Recours.MEDECIN if on_dossier else Recours.DIRECTION


def _explanation_order(rule_id: str) -> tuple[bool, str]:
    """The law before the SPST's own rules, then by number."""
    return (not rule_id.startswith("P-"), rule_id)


def sentence(regle: Regle) -> str:
    """A rule as it is said to whoever meets it, with its article."""
    return f"{regle.explication.rstrip('.')} ({regle.article})."


def _request(who: Qui, action: str, target: str, context: str) -> dict[str, Any]:
    return {
        "principal": {"type": "Acteur" if isinstance(who, Role) else "Destinataire", "id": str(who)},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Domaine" if target in DOMAINES else "Volet", "id": target},
        "context": context,
    }


def _context(situation: Situation) -> dict[str, Any]:
    faits = situation.faits
    return {
        **{name: getattr(faits, name) for name in Faits.__slots__},
        "delegation": [{"__entity": {"type": "Volet", "id": section}} for section in sorted(situation.delegation)],
        **{name: getattr(situation, name) for name in FLAGS},
    }


@cache
def _world() -> cedarpy.Entities:
    """What never changes: families, roles with somebody in each, sections, domains."""
    families = [_entity("Famille", str(famille)) for famille in Famille]
    roles = [_entity("Role", str(role), ("Famille", str(role.famille))) for role in Role]
    people = [_entity("Acteur", str(role), ("Role", str(role))) for role in Role]
    volets = [_entity("Volet", section, *(("Partie", part) for part in _parts(section))) for section in SECTIONS]
    parts = [_entity("Partie", part) for part in sorted({part for section in SECTIONS for part in _parts(section)})]
    domains = [_entity("Domaine", domaine) for domaine in DOMAINES]
    return cedarpy.Entities.from_json_str(json.dumps([*families, *roles, *people, *parts, *volets, *domains]), schema())


def _parts(section: str) -> tuple[str, ...]:
    if section == "S8":
        return ("traces",)
    parts = ("contenu", "delegable") if section in DELEGABLE else ("contenu", "sante")
    return (*parts, "inspection") if section in INSPECTION else parts


def _entity(kind: str, name: str, *parents: tuple[str, str]) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": parent_kind, "id": parent} for parent_kind, parent in parents],
    }
