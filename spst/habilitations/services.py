"""The door: may this actor do this act, and what may he do on this dossier.

`require` is called by every service before it reads or changes anything; the decision stays in the context, from which the
trace takes its rules and version. Facts are gathered here, once per transaction: no caller can forget one.
Source: C. trav. art. L. 4624-8, R. 4624-45-5.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from spst.habilitations import actions, moteur, politique, queries
from spst.habilitations.actions import SECTIONS, Action, Mode
from spst.habilitations.models import Delegation
from spst.habilitations.moteur import Decision, Situation, Verdict
from spst.habilitations.politique import Politique
from spst.habilitations.ports import Faits, FaitsDossier
from spst.habilitations.rules import DELEGABLE, PorteeDelegation, delegated_sections
from spst.kernel.acteur import Famille
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied
from spst.kernel.unit_of_work import bind_context

_FAITS = "habilitations.faits"
_POLITIQUE = "habilitations.politique"


class NotPlugged(RuntimeError):
    """`wiring` did not plug what tells the facts of a dossier: the process is badly built, and decides nothing."""


@dataclass(slots=True)
class _Ports:
    dossier: FaitsDossier | None = None


_ports = _Ports()
_compiled: dict[UUID, tuple[int, Politique]] = {}
"""The last policy of each SPST; a published version never changes."""


def plug_faits(impl: FaitsDossier) -> None:
    _ports.dossier = impl


@dataclass(frozen=True, slots=True)
class Droit:
    """What the actor may do in one section, with the rule and the article of each answer."""

    section: str
    consulter: Verdict
    remplir: Verdict


@dataclass(frozen=True, slots=True)
class Droits:
    """The eight sections of one dossier, in order: a closed one stays listed, with the sentence and article that close it.

    For pages. It judges sections and modes; an act is judged by `require`.
    """

    sections: Mapping[str, Droit]
    version: str

    def can_consult(self, section: str) -> bool:
        return self.sections[section].consulter.allowed

    def can_fill(self, section: str) -> bool:
        return self.sections[section].remplir.allowed


def require(
    ctx: Context, action: str, dossier_id: UUID | None = None, sections: Iterable[str] | None = None
) -> Decision:
    """Authorise an act, or refuse it.

    `sections`: some of the action's, instead of all. An action whose sections are decided one by one (`dossier.open`) is allowed
    as soon as one is; `decision.open_sections` says which. Without `dossier_id`, an act on the dossier has no fact for it: only
    `dossier.create` can be allowed. A delegate's act is signed with the delegation that opens it.

    Raises: AccessDenied (its message is the French explanation), NotFound, ActionUnknown, ValueError.
    """
    entry = actions.get(action)
    targets = tuple(entry.targets if sections is None else map(str, sections))
    decision = moteur.decide(
        _politique_in_force(ctx),
        ctx.acteur,
        entry,
        _situation_of_act(ctx, entry, dossier_id, targets),
        targets=targets,
        dossier_id=dossier_id,
    )
    ctx.decisions.append(decision)
    if not decision.allowed:
        raise _refusal(decision)
    return decision


def permitted(ctx: Context, dossier_id: UUID) -> Droits:
    """What the actor may do on a dossier, section by section. No act: it leaves no decision and no trace.

    Raises: NotFound.
    """
    delegation = _delegation(ctx, dossier_id, SECTIONS)
    situation = _situation(ctx, _faits(ctx, dossier_id), _opened_by(ctx, delegation, dossier_id))
    policy = _politique_in_force(ctx)
    cells = moteur.decide_matrix(policy, ctx.acteur, situation)
    droits = {s: Droit(s, cells[s, Mode.CONSULTER], cells[s, Mode.REMPLIR]) for s in SECTIONS}
    return Droits(droits, policy.version)


def permitted_many(ctx: Context, dossier_ids: Collection[UUID]) -> dict[UUID, Droits]:
    """`permitted` for a list: the facts of its dossiers are read in one statement.

    Raises: NotFound.
    """
    if _ports.dossier is None:
        raise NotPlugged("FaitsDossier")
    known: dict[UUID, Faits] = ctx.cache.setdefault(_FAITS, {})
    missing = set(dossier_ids) - known.keys()
    if missing:
        known.update(_ports.dossier.read_many(ctx, missing))
    return {dossier_id: permitted(ctx, dossier_id) for dossier_id in dossier_ids}


def read_politique(ctx: Context) -> Politique:
    """The policy in force, to be shown with its rules and their explanations.

    Raises: AccessDenied.
    """
    require(ctx, "politique.consult")
    return _politique_in_force(ctx)


def politique_published_at(ctx: Context) -> datetime | None:
    """When the policy in force was published; None while the SPST has the one that ships with the product."""
    require(ctx, "politique.consult")
    numero = queries.last_politique_numero(ctx)
    return None if numero is None else queries.politique_published_at(ctx, numero)


def may(ctx: Context, action: str) -> bool:
    """Whether an act outside of the dossier is open to the actor, so that a page offers it or not. No act, hence no trace."""
    entry = actions.get(action)
    situation = _situation(ctx, Faits(), frozenset())
    return moteur.decide(_politique_in_force(ctx), ctx.acteur, entry, situation).allowed


def _refusal(decision: Decision) -> AccessDenied:
    return AccessDenied(
        decision.explication,
        action=decision.action,
        dossier_id=decision.dossier_id,
        sections=tuple(decision.sections),
        regles=decision.rules,
        version=decision.version,
        article=decision.article,
    )


def _situation_of_act(ctx: Context, action: Action, dossier_id: UUID | None, targets: tuple[str, ...]) -> Situation:
    if action.domaine is not None:
        return _situation(ctx, Faits(), frozenset())
    faits = Faits() if dossier_id is None else _faits(ctx, dossier_id)
    delegation = _delegation(ctx, dossier_id, targets)
    _sign(ctx, delegation)
    return _situation(ctx, faits, _opened_by(ctx, delegation, dossier_id))


def _situation(ctx: Context, faits: Faits, delegation: frozenset[str]) -> Situation:
    return Situation(faits=faits, delegation=delegation, deux_facteurs=ctx.acteur.facteurs >= 2)


def _faits(ctx: Context, dossier_id: UUID) -> Faits:
    known: dict[UUID, Faits] = ctx.cache.setdefault(_FAITS, {})
    if dossier_id not in known:
        if _ports.dossier is None:
            raise NotPlugged("FaitsDossier")
        known[dossier_id] = _ports.dossier.read(ctx, dossier_id)
    return known[dossier_id]


def _delegation(ctx: Context, dossier_id: UUID | None, sections: tuple[str, ...]) -> Delegation | None:
    """The delegation under which a delegate acts: the one already signed, else the one that opens most of what he asks."""
    if ctx.acteur.famille is not Famille.DELEGUE or not DELEGABLE.intersection(sections):
        return None
    found = queries.delegations_in_force(ctx, ctx.acteur.id, dossier_id, ctx.clock.now())
    if ctx.delegation_id is not None:
        found = [delegation for delegation in found if delegation.id == ctx.delegation_id]
    return max(found, key=lambda delegation: len(set(sections).intersection(delegation.sections)), default=None)


def _opened_by(ctx: Context, delegation: Delegation | None, dossier_id: UUID | None) -> frozenset[str]:
    if delegation is None:
        return frozenset()
    portee = PorteeDelegation(
        sections=frozenset(delegation.sections),
        starts_on=delegation.starts_on,
        ends_on=delegation.ends_on,
        dossier_id=delegation.dossier_id,
        revoked_at=delegation.revoked_at,
    )
    return delegated_sections([portee], dossier_id, ctx.clock.now())


def _sign(ctx: Context, delegation: Delegation | None) -> None:
    """One transaction acts under one delegation: the walls of the database open by it, and the trace names it."""
    if delegation is not None and ctx.delegation_id is None:
        ctx.delegation_id = delegation.id
        bind_context(ctx)


def _politique_in_force(ctx: Context) -> Politique:
    if _POLITIQUE not in ctx.cache:
        ctx.cache[_POLITIQUE] = _read_politique(ctx)
    policy: Politique = ctx.cache[_POLITIQUE]
    return policy


def _read_politique(ctx: Context) -> Politique:
    """The policy of an SPST says what its people do; the product's own jobs answer to what ships with it."""
    numero = None if ctx.acteur.famille is Famille.SERVICE else queries.last_politique_numero(ctx)
    if numero is None:
        return politique.compile_politique(politique.default_text(), politique.DEFAULT_VERSION)
    known = _compiled.get(ctx.tenant_id)
    if known is None or known[0] != numero:
        known = (numero, politique.compile_politique(queries.politique_texte(ctx, numero), numero))
        _compiled[ctx.tenant_id] = known
    return known[1]
