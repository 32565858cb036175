"""The door: may this actor do this act, and what may he do on this dossier.

`require` is called by every service before it reads or changes anything; the decision stays in the context, from which the
trace takes its rules and version. Facts are gathered here, once per transaction: no caller can forget one.
Source: C. trav. art. L. 4624-8, R. 4624-45-5.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from spst.habilitations import actions, choix, moteur, politique, queries, rules, situations
from spst.habilitations.actions import SECTIONS, Mode
from spst.habilitations.choix import Choix
from spst.habilitations.moteur import Decision, Destinataire, Verdict
from spst.habilitations.politique import Politique
from spst.habilitations.rules import DELEGABLE
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.errors import AccessDenied

_POLITIQUE = "habilitations.politique"


_compiled: dict[UUID, tuple[UUID, Politique]] = {}
"""The last policy of each SPST, by its row; a published version never changes."""

plug_facts = situations.plug
REPLACING = rules.REPLACING


@dataclass(frozen=True, slots=True)
class Droit:
    """What the actor may do in one section, with the rule and the article of each answer."""

    section: str
    consulter: Verdict
    remplir: Verdict

    @property
    def is_closed_by_spst(self) -> bool:
        """To read or to fill."""
        return self.consulter.is_closed_by_spst or self.remplir.is_closed_by_spst


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

    @property
    def opens(self) -> bool:
        return any(droit.consulter.allowed for droit in self.sections.values())


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
    situation = (
        situations.elsewhere(ctx, entry.name)
        if entry.domaine
        else situations.of_dossier(ctx, dossier_id, targets, action, sign=True)
    )
    policy = politique_in_force(ctx)
    decision = moteur.decide(policy, ctx.acteur.role, entry, situation, targets=targets, dossier_id=dossier_id)
    if _is_lifted(ctx, dossier_id, decision.sections.values()):
        lifted = replace(situation, acces_exceptionnel=True)
        decision = moteur.decide(policy, ctx.acteur.role, entry, lifted, targets=targets, dossier_id=dossier_id)
        ctx.motif = Motif(CodeMotif.EXCEPTIONNEL)
    ctx.decisions.append(decision)
    if not decision.allowed:
        raise refusal(decision)
    return decision


def permitted(ctx: Context, dossier_id: UUID) -> Droits:
    """What the actor may do on a dossier, section by section. No act: it leaves no decision and no trace.

    Raises: NotFound.
    """
    policy, cells = politique_in_force(ctx), dict[tuple[str, Mode], Verdict]()
    for mode in Mode:
        situation = situations.of_dossier(ctx, dossier_id, SECTIONS, mode)
        found = moteur.decide_matrix(policy, ctx.acteur.role, situation, mode)
        if _is_lifted(ctx, dossier_id, found.values()):
            found = moteur.decide_matrix(policy, ctx.acteur.role, replace(situation, acces_exceptionnel=True), mode)
        cells |= found
    droits = {s: Droit(s, cells[s, Mode.CONSULTER], cells[s, Mode.REMPLIR]) for s in SECTIONS}
    return Droits(droits, policy.version)


def permitted_many(ctx: Context, dossier_ids: Collection[UUID]) -> dict[UUID, Droits]:
    """`permitted` for a list: the facts of its dossiers are read in one statement.

    Raises: NotFound.
    """
    situations.learn(ctx, dossier_ids)
    return {dossier_id: permitted(ctx, dossier_id) for dossier_id in dossier_ids}


def read_politique(ctx: Context) -> Politique:
    """The policy in force, to be shown with its rules and their explanations.

    Raises: AccessDenied.
    """
    require(ctx, "politique.consult")
    return politique_in_force(ctx)


def asks_motif(ctx: Context, dossier_id: UUID) -> bool:
    """Whether the SPST asks the actor why, before he opens this dossier: a page then asks him, instead of refusing."""
    asked = ctx.acteur.role in choix.ROLES and choix.rule_of_motif(ctx.acteur.role) in politique_in_force(ctx).regles
    return asked and dossier_id not in ctx.motifs and not _runs_exceptionally(ctx, dossier_id)


def choix_in_force(ctx: Context) -> Choix:
    """The settings of the policy in force, for who applies them: it opens nothing."""
    numero = queries.last_politique_numero(ctx)
    kept = None if numero is None else queries.politique_choix(ctx, numero)
    return Choix() if kept is None else choix.from_json(kept)


def may(ctx: Context, action: str) -> bool:
    """Whether an act outside of the dossier is open to the actor, so that a page offers it or not. No act, hence no trace."""
    entry = actions.get(action)
    situation = situations.elsewhere(ctx, entry.name)
    return moteur.decide(politique_in_force(ctx), ctx.acteur.role, entry, situation).allowed


@dataclass(frozen=True, slots=True)
class Reponse:
    """The answer to a free question about an account. `par_delegation`, `par_protocole`: None when its role needs none;
    `dossiers_designes`: the delegation covers some dossiers only; `motif`: a reason is asked outside of appointments.

    The worker is supposed followed, and opposed to nothing.
    """

    role: Role
    droit: Droit
    par_delegation: bool | None
    dossiers_designes: bool
    par_protocole: bool | None
    motif: bool


def answer(ctx: Context, compte_id: UUID, role: Role, section: str, policy: Politique | None = None) -> Reponse:
    """May this account open that section today, and by which rule? `policy`: a draft, instead of what is in force.

    Raises: AccessDenied.
    """
    require(ctx, "politique.consult")
    delegations, supervisions = situations.written_for(ctx, compte_id)
    covering = [one for one in delegations if section in one.sections]
    best = choix.at_best(role)
    situation = replace(
        best,
        delegation=best.delegation.intersection(given for one in delegations for given in one.sections),
        supervision=bool(supervisions),
        avis_delegue=any(one.delegue_avis for one in supervisions),
    )
    asked = policy or politique_in_force(ctx)
    cells = moteur.decide_matrix(asked, role, situation)
    return Reponse(
        role=role,
        droit=Droit(section, cells[section, Mode.CONSULTER], cells[section, Mode.REMPLIR]),
        par_delegation=bool(covering) if role.famille is Famille.DELEGUE and section in DELEGABLE else None,
        dossiers_designes=bool(covering) and all(one.dossier_id is not None for one in covering),
        par_protocole=bool(supervisions) if role in situations.SUPERVISED else None,
        motif=role in choix.ROLES and choix.rule_of_motif(role) in asked.regles,
    )


def require_transmission(
    ctx: Context, destinataire: Destinataire, dossier_id: UUID, *, fondee: bool
) -> tuple[str, ...]:
    """The sections that leave the SPST for somebody outside of it; whoever sends them is judged by `require` first.

    `fondee`: the recipient asked, or public health is at risk. An opposition to transfers is read here, at the moment of sending.
    Raises: AccessDenied, NotFound.
    Source: L. 4624-8 al. 1 and 6, R. 4624-45-7.
    """
    situation = replace(situations.of_dossier(ctx, dossier_id, SECTIONS, Mode.CONSULTER), transmission_fondee=fondee)
    decision = moteur.decide_transmission(politique_in_force(ctx), destinataire, situation, dossier_id)
    ctx.decisions.append(decision)
    if not decision.allowed:
        raise refusal(decision)
    return decision.open_sections


def _is_lifted(ctx: Context, dossier_id: UUID | None, verdicts: Iterable[Verdict]) -> bool:
    """Whether an exceptional access gets past what closes: the policy of the SPST alone, never the law (HAB-06)."""
    by_spst = any(verdict.is_closed_by_spst for verdict in verdicts)
    return by_spst and dossier_id is not None and _runs_exceptionally(ctx, dossier_id)


def _runs_exceptionally(ctx: Context, dossier_id: UUID) -> bool:
    return ctx.acteur.role is Role.MDT and situations.runs_exceptionally(ctx, dossier_id)


def refusal(decision: Decision) -> AccessDenied:
    """The error that says a decision to whoever asked, with what its trace keeps."""
    return AccessDenied(
        decision.explication,
        action=decision.action,
        dossier_id=decision.dossier_id,
        sections=tuple(decision.sections),
        regles=decision.rules,
        version=decision.version,
        article=decision.article,
    )


def politique_in_force(ctx: Context) -> Politique:
    """For who applies it or explains a refusal; `read_politique` is for who reads it."""
    if _POLITIQUE not in ctx.cache:
        ctx.cache[_POLITIQUE] = _read_politique(ctx)
    policy: Politique = ctx.cache[_POLITIQUE]
    return policy


def _read_politique(ctx: Context) -> Politique:
    """The policy of an SPST says what its people do; the product's own jobs answer to what ships with it."""
    last = None if ctx.acteur.famille is Famille.SERVICE else queries.last_politique(ctx)
    if last is None:
        return politique.compile_politique(politique.default_text(), politique.DEFAULT_VERSION)
    numero, version_id = last
    known = _compiled.get(ctx.tenant_id)
    if known is None or known[0] != version_id:
        known = (version_id, politique.compile_politique(queries.politique_texte(ctx, numero), numero))
        _compiled[ctx.tenant_id] = known
    return known[1]
