"""Why something was refused: what was asked, which rule of which version closed it, to whom one turns. It decides nothing.

A refusal carries its rules (`AccessDenied.facts`). One that was met before the policies, at the door of the addresses, carries
none: the policies are then asked what they would have answered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from spst.habilitations import actions, choix, exceptionnel, moteur, queries, services, situations
from spst.habilitations.actions import SECTIONS, Action
from spst.habilitations.moteur import Situation
from spst.habilitations.politique import Recours, Regle
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.errors import NotFound


class Origine(StrEnum):
    """Who closes: the law, the SPST, or the SPST until one says why he opens the dossier."""

    LOI = "loi"
    SERVICE = "service"
    MOTIF = "motif"


@dataclass(frozen=True, slots=True)
class Explication:
    """`acte`: as the journal writes it. `phrase`: the rule to read first, with its article. `sections`: those that were asked.

    `regles`: the one to read first comes first; none when no rule opens. `version`: "number-fingerprint"; `published_at`: None
    for the policy that ships with the product. `exceptionnel`: the médecin who was refused may ask for an exceptional access.
    """

    acte: str
    phrase: str
    dossier_id: UUID | None
    sections: tuple[str, ...]
    regles: tuple[Regle, ...]
    origine: Origine
    recours: Recours
    version: str
    published_at: datetime | None
    exceptionnel: bool


def of_refusal(ctx: Context, facts: Mapping[str, object]) -> Explication | None:
    """The refusal that an `AccessDenied` carries, explained to whoever met it; None when the policies would not refuse it."""
    name = facts.get("action")
    if not isinstance(name, str):
        return None
    action, dossier_id = actions.get(name), cast("UUID | None", facts.get("dossier_id"))
    rules = cast("Sequence[str] | None", facts.get("regles"))
    if rules is None:
        situation = _situation(ctx, action, dossier_id)
        decision = moteur.decide(services.politique_in_force(ctx), ctx.acteur, action, situation, dossier_id=dossier_id)
        if decision.allowed:
            return None
        rules = decision.rules
    sections = cast("Sequence[str]", facts.get("sections") or action.sections)
    return _explained(ctx, action.label, dossier_id, sections, rules)


def of_section(ctx: Context, dossier_id: UUID, section: str | None = None) -> Explication | None:
    """Why a section of a dossier, or all of it, is closed to the actor; None when it opens. No act: it leaves no trace.

    Raises: NotFound.
    """
    asked = SECTIONS if section is None else (section,)
    verdicts = [services.permitted(ctx, dossier_id).sections[one].consulter for one in asked]
    if any(verdict.allowed for verdict in verdicts):
        return None
    return _explained(ctx, actions.get("dossier.open").label, dossier_id, asked, verdicts[0].rules)


def _explained(
    ctx: Context, acte: str, dossier_id: UUID | None, sections: Sequence[str], rules: Sequence[str]
) -> Explication:
    policy, origine = services.politique_in_force(ctx), _origine(ctx.acteur.role, rules)
    known = tuple(policy.regles[rule] for rule in rules if rule in policy.regles)
    return Explication(
        acte=acte,
        phrase=moteur.sentence(known[0]) if known else moteur.NO_RULE,
        dossier_id=dossier_id,
        sections=tuple(sections),
        regles=known,
        origine=origine,
        recours=known[0].recours if known else moteur.no_rule_recours(on_dossier=bool(sections)),
        version=policy.version,
        published_at=queries.published_at(ctx, policy.numero),
        exceptionnel=origine is Origine.SERVICE and dossier_id is not None and exceptionnel.is_offered(ctx, dossier_id),
    )


def _origine(role: Role, rules: Sequence[str]) -> Origine:
    if not rules or not rules[0].startswith("R-"):
        return Origine.LOI
    return Origine.MOTIF if role in choix.ROLES and rules[0] == choix.rule_of_motif(role) else Origine.SERVICE


def _situation(ctx: Context, action: Action, dossier_id: UUID | None) -> Situation:
    """As the tables show it to the actor; a dossier that they hide from him has no fact."""
    if action.domaine is None and dossier_id is not None:
        try:
            return situations.of_dossier(ctx, dossier_id, action.targets, action.name)
        except NotFound:
            pass
    return situations.elsewhere(ctx, action.name)
