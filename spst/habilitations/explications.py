"""Why something was refused: what was asked, which rule of which version closed it, to whom one turns. It decides nothing.

A refusal carries its rules (`AccessDenied.facts`). The wall of the addresses stands before the policies: it asks here by which
rules they refuse too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from spst.kernel.errors import AccessDenied, NotFound


class Origine(StrEnum):
    """Who closes: the law, the SPST, or the SPST until one says why he opens the dossier."""

    LOI = "loi"
    SERVICE = "service"
    MOTIF = "motif"


@dataclass(frozen=True, slots=True)
class Explication:
    """`acte`: as the journal writes it. `phrase`: the rule to read first, with its article. `sections`: those that were asked.

    `fonctions`: roles that the policy lets do an act outside of the dossier; of the dossier, its rules say it.
    `regles`: the one to read first comes first; none when no rule opens. `version`: "number-fingerprint"; `published_at`: None
    for the policy that ships with the product. `exceptionnel`: the médecin who was refused may ask for an exceptional access.
    """

    acte: str
    phrase: str
    fonctions: tuple[Role, ...]
    dossier_id: UUID | None
    sections: tuple[str, ...]
    regles: tuple[Regle, ...]
    origine: Origine
    recours: Recours
    version: str
    published_at: datetime | None
    exceptionnel: bool


def refusal(ctx: Context, name: str, dossier_id: UUID | None) -> AccessDenied | None:
    """What the policies answer to somebody whom another wall stops, for him to read and for its trace; None if they open.

    Sections are those of a dossier that stands: an address behind which there is none touched none.
    """
    action = actions.get(name)
    situation = _situation(ctx, action, dossier_id)
    decision = moteur.decide(
        services.politique_in_force(ctx), ctx.acteur.role, action, situation, dossier_id=dossier_id
    )
    if decision.allowed:
        return None
    asked = decision if dossier_id else replace(decision, sections={})
    ctx.decisions.append(asked)
    return services.refusal(asked)


def of_refusal(ctx: Context, facts: Mapping[str, object]) -> Explication | None:
    """The refusal that an `AccessDenied` carries, explained to whoever met it; None when no policy made it."""
    name, rules = facts.get("action"), cast("Sequence[str] | None", facts.get("regles"))
    if not isinstance(name, str) or rules is None:
        return None
    action, dossier_id = actions.get(name), cast("UUID | None", facts.get("dossier_id"))
    sections = cast("Sequence[str]", facts.get("sections") or action.sections)
    return _explained(ctx, action.label, _open_to(ctx, action), dossier_id, sections, rules)


def of_section(ctx: Context, dossier_id: UUID, section: str | None = None) -> Explication | None:
    """Why a section of a dossier, or all of it, is closed to the actor; None when it opens. No act: it leaves no trace.

    Raises: NotFound.
    """
    asked = SECTIONS if section is None else (section,)
    verdicts = [services.permitted(ctx, dossier_id).sections[one].consulter for one in asked]
    if any(verdict.allowed for verdict in verdicts):
        return None
    return _explained(ctx, actions.get("dossier.open").label, (), dossier_id, asked, verdicts[0].rules)


def _open_to(ctx: Context, action: Action) -> tuple[Role, ...]:
    """Roles that could do an act outside of the dossier, in the order of the matrix."""
    if action.domaine is None:
        return ()
    policy = services.politique_in_force(ctx)
    return tuple(role for role in Role if role is not Role.SRV and choix.opens_at_best(policy, role, action))


def _explained(
    ctx: Context,
    acte: str,
    fonctions: tuple[Role, ...],
    dossier_id: UUID | None,
    sections: Sequence[str],
    rules: Sequence[str],
) -> Explication:
    policy, origine = services.politique_in_force(ctx), _origine(ctx.acteur.role, rules)
    known = tuple(policy.regles[rule] for rule in rules if rule in policy.regles)
    return Explication(
        acte=acte,
        fonctions=fonctions,
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
