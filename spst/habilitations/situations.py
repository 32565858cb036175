"""The situation in which somebody acts: the facts of the dossier, what was given to him in writing, how he logged in.

Everything is read once per transaction, so that a list costs no more statements than one dossier.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from spst.habilitations import queries
from spst.habilitations.models import Delegation, Supervision
from spst.habilitations.moteur import Situation
from spst.habilitations.ports import Exercice, Faits, FaitsDossier
from spst.habilitations.rules import ACTES, DELEGABLE, PorteeDelegation, covers, delegated_sections, given_sections
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import Context, Motif
from spst.kernel.unit_of_work import bind_context

_FAITS, _DELEGATIONS, _SUPERVISIONS, _SUIVIS, _ENREGISTREMENT, _EXCEPTIONNELS = (
    f"habilitations.{name}"
    for name in ("faits", "delegations", "supervisions", "suivis", "enregistrement", "exceptionnels")
)
REGISTRATION = "identite.register"
SUPERVISED = frozenset({Role.COLL, Role.INT, Role.INF, Role.IPA, Role.MPC})
"""Who exercises under the authority of a médecin du travail, or by protocol with him (R. 4623-14 II, R. 4623-41)."""

_T = TypeVar("_T")


class NotPlugged(RuntimeError):
    """`wiring` did not plug what tells a fact of another room: the process is badly built, and decides nothing."""


@dataclass(slots=True)
class _Ports:
    dossier: FaitsDossier | None = None
    exercice: Exercice | None = None


_ports = _Ports()


def plug(dossier: FaitsDossier, exercice: Exercice) -> None:
    _ports.dossier, _ports.exercice = dossier, exercice


def of_dossier(
    ctx: Context, dossier_id: UUID | None, targets: Collection[str], question: str, *, sign: bool = False
) -> Situation:
    """On a dossier, or on none that exists yet. `question`: the act, or the mode when a page asks what could be done.

    `sign`: it is an act, done under the delegation that opens it and for the reason that was given; otherwise a page asks what
    could be done, and a reason that is still to be given closes nothing.

    Raises: NotFound.
    """
    faits = Faits() if dossier_id is None else _faits(ctx, dossier_id)
    delegation, supervision = _delegation(ctx, dossier_id, targets, question), _supervision(ctx, dossier_id)
    if sign:
        _sign(ctx, delegation)
        ctx.protocole_id = None if supervision is None else supervision.id
        _state(ctx, dossier_id)
    return Situation(
        faits=faits,
        delegation=_opened_by(ctx, [delegation] if delegation else [], dossier_id, question),
        supervision=supervision is not None,
        avis_delegue=supervision is not None and supervision.delegue_avis,
        motif_donne=not sign or dossier_id is None or dossier_id in ctx.motifs,
        deux_facteurs=_deux_facteurs(ctx),
    )


def elsewhere(ctx: Context, action: str) -> Situation:
    """Outside of the dossier, where registration alone asks for more than the role (HAB-10); only a delegation that covers
    every dossier counts there."""
    if action != REGISTRATION:
        return Situation(deux_facteurs=_deux_facteurs(ctx))
    return Situation(
        delegation=_opened_by(ctx, _delegations(ctx), None, action),
        enregistrement=_enregistrement(ctx),
        deux_facteurs=_deux_facteurs(ctx),
    )


def roles_of(ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, frozenset[Role]]:
    """Roles that accounts hold now."""
    return _plugged(_ports.exercice, "Exercice").roles_of(ctx, compte_ids)


def entrusted_lately(ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Accounts that one colleague alone opened lately, and until when that counts."""
    return _plugged(_ports.exercice, "Exercice").entrusted_lately(ctx, compte_ids)


def outlived(ctx: Context, delegations: Collection[Delegation]) -> frozenset[UUID]:
    """Those given before a colleague held the code of who has them: the médecin trusted a person, and gives them again."""
    if not delegations:
        return frozenset()
    held = _plugged(_ports.exercice, "Exercice").code_held_at(ctx, {one.delegue_id for one in delegations})
    return frozenset(one.id for one in delegations if one.delegue_id in held and one.created_at <= held[one.delegue_id])


def hold_idleness(ctx: Context, inactivite_min: int) -> None:
    """Have the sessions that are open follow the limit that was just published."""
    _plugged(_ports.exercice, "Exercice").hold_idleness(ctx, inactivite_min)


def written_for(ctx: Context, compte_id: UUID) -> tuple[list[Delegation], list[Supervision]]:
    """What was given to an account in writing and stands now."""
    return (
        _delegations_of(ctx, compte_id),
        _standing(ctx, queries.supervisions_in_force(ctx, compte_id), "medecin_id"),
    )


def runs_exceptionally(ctx: Context, dossier_id: UUID) -> bool:
    """Whether an exceptional access of the actor to this dossier runs now (HAB-06): asked when what it lifts refuses."""
    known: dict[UUID, bool] = ctx.cache.setdefault(_EXCEPTIONNELS, {})
    if dossier_id not in known:
        known[dossier_id] = queries.has_acces_exceptionnel(ctx, dossier_id)
    return known[dossier_id]


def forget_exceptionnel(ctx: Context) -> None:
    ctx.cache.pop(_EXCEPTIONNELS, None)


def learn(ctx: Context, dossier_ids: Collection[UUID]) -> None:
    """Read the facts of a list of dossiers in one statement."""
    known: dict[UUID, Faits] = ctx.cache.setdefault(_FAITS, {})
    missing = set(dossier_ids) - known.keys()
    if missing:
        known.update(_plugged(_ports.dossier, "FaitsDossier").read_many(ctx, missing))
        _learn_suivis(ctx, missing)


def _opened_by(
    ctx: Context, delegations: Iterable[Delegation], dossier_id: UUID | None, question: str
) -> frozenset[str]:
    given = (replace(one, sections=given_sections(one, question)) for one in map(portee, delegations))
    return delegated_sections(given, dossier_id, ctx.clock.now())


def _deux_facteurs(ctx: Context) -> bool:
    return ctx.acteur.facteurs >= 2


def _faits(ctx: Context, dossier_id: UUID) -> Faits:
    known: dict[UUID, Faits] = ctx.cache.setdefault(_FAITS, {})
    if dossier_id not in known:
        known[dossier_id] = _plugged(_ports.dossier, "FaitsDossier").read(ctx, dossier_id)
    return known[dossier_id]


def _delegation(ctx: Context, dossier_id: UUID | None, targets: Collection[str], question: str) -> Delegation | None:
    """The delegation under which a delegate acts: the one already signed, else the one that opens most of what he asks."""
    if not DELEGABLE.intersection(targets):
        return None
    covering = [one for one in _delegations(ctx) if covers(portee(one), dossier_id)]
    covering = [one for one in covering if _follows(ctx, one.delegant_id, dossier_id)]
    if ctx.delegation_id is not None:
        covering = [one for one in covering if one.id == ctx.delegation_id]
    given = {one.id: given_sections(portee(one), question).intersection(targets) for one in covering}
    return max((one for one in covering if given[one.id]), key=lambda one: _breadth(one, given[one.id]), default=None)


def _breadth(delegation: Delegation, given: Collection[str]) -> tuple[int, int, int]:
    """What follows in the same transaction is done under it too: of two that open as much, the one that gives more."""
    actes = ACTES if delegation.actes is None else delegation.actes
    return len(given), len(delegation.sections), len(actes)


def _delegations(ctx: Context) -> list[Delegation]:
    if ctx.acteur.famille is not Famille.DELEGUE:
        return []
    return _once(ctx, _DELEGATIONS, lambda: _delegations_of(ctx, ctx.acteur.id))


def _delegations_of(ctx: Context, compte_id: UUID) -> list[Delegation]:
    found = _standing(ctx, queries.delegations_in_force(ctx, compte_id), "delegant_id")
    gone = outlived(ctx, found)
    return [one for one in found if one.id not in gone]


def _supervision(ctx: Context, dossier_id: UUID | None) -> Supervision | None:
    """The protocol in force with a médecin who follows this dossier; the one that delegates the avis first."""
    found = [one for one in _supervisions(ctx) if _follows(ctx, one.medecin_id, dossier_id)]
    return max(found, key=lambda one: one.delegue_avis, default=None)


def _supervisions(ctx: Context) -> list[Supervision]:
    if ctx.acteur.role not in SUPERVISED:
        return []
    return _once(
        ctx, _SUPERVISIONS, lambda: _standing(ctx, queries.supervisions_in_force(ctx, ctx.acteur.id), "medecin_id")
    )


def _follows(ctx: Context, medecin_id: UUID, dossier_id: UUID | None) -> bool:
    """Nobody gives more than he has: what a médecin wrote opens the dossiers that he follows, while he follows them."""
    # TO CONFIRM (R. 4624-45-5 al. 2, R. 4623-14 II): both speak of the médecin's responsibility, and of no dossier.
    if dossier_id is None:
        return True
    known: dict[UUID, frozenset[UUID]] = ctx.cache.setdefault(_SUIVIS, {})
    if dossier_id not in known:
        _learn_suivis(ctx, [dossier_id])
    return medecin_id in known.get(dossier_id, ())


def _learn_suivis(ctx: Context, dossier_ids: Collection[UUID]) -> None:
    medecins = {one.delegant_id for one in _delegations(ctx)} | {one.medecin_id for one in _supervisions(ctx)}
    if medecins:
        found = _plugged(_ports.dossier, "FaitsDossier").followed_by(ctx, medecins, dossier_ids)
        ctx.cache.setdefault(_SUIVIS, {}).update(found)


def _standing(ctx: Context, found: list[_T], medecin: str) -> list[_T]:
    """What a médecin gave stands while he practises here: his responsibility ends with his role (R. 4624-45-5 al. 2)."""
    if not found:
        return []
    roles = roles_of(ctx, {getattr(one, medecin) for one in found})
    return [one for one in found if Role.MDT in roles.get(getattr(one, medecin), ())]


def _enregistrement(ctx: Context) -> bool:
    """Asked of those alone to whom the ceiling does not open registration by their function."""
    if ctx.acteur.famille not in (Famille.ADMINISTRATIF, Famille.DELEGUE):
        return False
    return _once(ctx, _ENREGISTREMENT, lambda: queries.has_nominative(ctx, "enregistrement"))


def portee(delegation: Delegation) -> PorteeDelegation:
    return PorteeDelegation(
        sections=frozenset(delegation.sections),
        starts_on=delegation.starts_on,
        ends_on=delegation.ends_on,
        dossier_id=delegation.dossier_id,
        revoked_at=delegation.revoked_at,
        actes=None if delegation.actes is None else frozenset(delegation.actes),
    )


def _state(ctx: Context, dossier_id: UUID | None) -> None:
    """The trace says the reason that was given for this dossier."""
    if dossier_id is not None and dossier_id in ctx.motifs:
        ctx.motif = Motif(ctx.motifs[dossier_id])


def _sign(ctx: Context, delegation: Delegation | None) -> None:
    """One transaction acts under one delegation: the walls of the database open by it, and the trace names it."""
    if delegation is not None and ctx.delegation_id is None:
        ctx.delegation_id = delegation.id
        bind_context(ctx)


def _once(ctx: Context, key: str, read: Callable[[], _T]) -> _T:
    if key not in ctx.cache:
        ctx.cache[key] = read()
    found: _T = ctx.cache[key]
    return found


def _plugged(port: _T | None, name: str) -> _T:
    if port is None:
        raise NotPlugged(name)
    return port
