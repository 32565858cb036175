"""Reads of the traces. Ids sort by time, so a period is a range of ids, and a page ends where the next one begins."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, Text, Uuid, extract, func, select
from sqlalchemy import cast as cast_as

from spst.comptes.models import Compte
from spst.dmst.models import Dossier
from spst.habilitations.simulation import Acces, Groupe
from spst.journal import rules
from spst.journal.rules import Acces as AccesLu
from spst.journal.rules import Filtres, Ligne, Objet
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, midnight
from spst.kernel.context import Context
from spst.kernel.ids import first_id_at
from spst.traces.models import Trace, TraceReserve
from spst.web.filters import personnel

_TRACE = cast(Table, Trace.__table__)
_RESERVE = cast(Table, TraceReserve.__table__)
_COMPTE = cast(Table, Compte.__table__)

_WITH_COMPTE = _TRACE.outerjoin(
    _COMPTE, (_COMPTE.c.tenant_id == _TRACE.c.tenant_id) & (_COMPTE.c.id == _TRACE.c.acteur_id)
)
_CHANGED = _COMPTE.alias("change")
_WITH_CHANGED = _WITH_COMPTE.outerjoin(
    _CHANGED,
    (_CHANGED.c.tenant_id == _TRACE.c.tenant_id) & (_CHANGED.c.id == cast_as(_TRACE.c.details["compte"].astext, Uuid)),
)
_NAME = (_COMPTE.c.civilite, _COMPTE.c.prenom, _COMPTE.c.nom)
_BATCH = 1000


def page(
    ctx: Context, filtres: Filtres, dossiers: Sequence[UUID] | None, limit: int, before: UUID | None, after: UUID | None
) -> list[Ligne]:
    """At most `limit` lines, newest first: older than `before`, or the ones just newer than `after`."""
    query = _filtered(ctx, _lines(), filtres, dossiers).limit(limit)
    if after is not None:
        found = _read(ctx, query.where(_TRACE.c.id > after).order_by(_TRACE.c.id.asc()))
        return found[::-1]
    if before is not None:
        query = query.where(_TRACE.c.id < before)
    return _read(ctx, query.order_by(_TRACE.c.id.desc()))


def every(
    ctx: Context, filtres: Filtres, dossiers: Sequence[UUID] | None, before: UUID | None
) -> Iterator[list[Ligne]]:
    """All the lines older than `before`, newest first, a thousand at a time."""
    while batch := page(ctx, filtres, dossiers, _BATCH, before, None):
        yield batch
        before = batch[-1].id


def lines_of(ctx: Context, trace_ids: Collection[UUID]) -> dict[UUID, Ligne]:
    """Some lines by their ids."""
    query = _lines().where(_TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.id.in_(trace_ids))
    return {one.id: one for one in _read(ctx, query)} if trace_ids else {}


def actors(ctx: Context, trace_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose lines these are: an account, by the id of each line."""
    query = select(_TRACE.c.id, _TRACE.c.acteur_id).where(
        _TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.id.in_(trace_ids)
    )
    return {row.id: row.acteur_id for row in ctx.session.execute(query)} if trace_ids else {}


def count(ctx: Context, filtres: Filtres, dossiers: Sequence[UUID] | None, before: UUID | None = None) -> int:
    query = _filtered(ctx, select(func.count()).select_from(_TRACE), filtres, dossiers)
    if before is not None:
        query = query.where(_TRACE.c.id < before)
    return int(ctx.session.scalar(query) or 0)


def by_hour(ctx: Context, filtres: Filtres, dossiers: Sequence[UUID] | None) -> list[int]:
    """Accesses by hour of the day of the SPST, from 0 to 23."""
    hour = extract("hour", func.timezone(str(PARIS), _TRACE.c.at))
    query = select(hour.label("hour"), func.count().label("n")).select_from(_TRACE).group_by(hour)
    found = {int(row.hour): int(row.n) for row in ctx.session.execute(_filtered(ctx, query, filtres, dossiers))}
    return [found.get(hour, 0) for hour in range(24)]


def decisions(ctx: Context, filtres: Filtres, dossiers: Sequence[UUID] | None) -> dict[str, int]:
    """Lines by decision."""
    query = select(_TRACE.c.decision, func.count().label("n")).select_from(_TRACE).group_by(_TRACE.c.decision)
    return {row.decision: int(row.n) for row in ctx.session.execute(_filtered(ctx, query, filtres, dossiers))}


def alike(ctx: Context, filtres: Filtres) -> list[Groupe]:
    """Accesses of the staff to dossiers, counted by account and by what decides of them: no dossier is named."""
    same = (
        _TRACE.c.acteur_id,
        _TRACE.c.role,
        _TRACE.c.action,
        _TRACE.c.sections,
        _TRACE.c.decision,
        _TRACE.c.regles,
    )
    query = (
        select(*same, func.count().label("n"))
        .where(_TRACE.c.dossier_id.is_not(None), _TRACE.c.role != str(Role.SAL))
        .group_by(*same)
    )
    return [_groupe(row) for row in ctx.session.execute(_filtered(ctx, query, filtres, None))]


def _groupe(row: Any) -> Groupe:
    acces = Acces(Role(row.role), row.action, tuple(row.sections), row.decision == rules.PERMIS, tuple(row.regles))
    return Groupe(row.acteur_id, acces, int(row.n))


def dossiers_behind(ctx: Context, reference: str) -> list[UUID]:
    """The dossiers whose opaque reference this is: it goes one way only, so each is computed and compared."""
    query = select(Dossier.id).where(Dossier.tenant_id == ctx.tenant_id)
    return [
        found
        for found in ctx.session.scalars(query.execution_options(yield_per=5000))
        if reference_of(ctx, found) == reference
    ]


def reference_of(ctx: Context, dossier_id: UUID) -> str:
    return rules.reference(ctx.runtime.keyring.reference(ctx.tenant_id, dossier_id))


def accounts(ctx: Context) -> list[tuple[UUID, str]]:
    """Accounts that the filter offers, by name."""
    query = (
        select(_COMPTE.c.id, *_NAME)
        .where(_COMPTE.c.tenant_id == ctx.tenant_id)
        .order_by(_COMPTE.c.nom, _COMPTE.c.prenom)
    )
    return [(row.id, personnel(*row[1:])) for row in ctx.session.execute(query)]


def _lines() -> Select[Any]:
    return select(
        _TRACE.c.id,
        _TRACE.c.at,
        _TRACE.c.role,
        _TRACE.c.action,
        _TRACE.c.dossier_id,
        _TRACE.c.sections,
        _TRACE.c.decision,
        _TRACE.c.regles,
        _TRACE.c.politique_version,
        _TRACE.c.correlation_id,
        _COMPTE.c.id.label("compte_id"),
        _TRACE.c.details["filtres"].astext.label("filtres"),
        _TRACE.c.details["geste"].astext.label("geste"),
        _TRACE.c.details["role"].astext.label("role_change"),
        _TRACE.c.details["volet"].astext.label("volet_change"),
        _TRACE.c.details["niveau"].astext.label("niveau_change"),
        _CHANGED.c.civilite.label("civilite_change"),
        _CHANGED.c.prenom.label("prenom_change"),
        _CHANGED.c.nom.label("nom_change"),
        *_NAME,
    ).select_from(_WITH_CHANGED)


def _filtered(ctx: Context, query: Any, filtres: Filtres, dossiers: Sequence[UUID] | None) -> Any:
    query = query.where(
        _TRACE.c.tenant_id == ctx.tenant_id,
        _TRACE.c.id >= first_id_at(midnight(filtres.start)),
        _TRACE.c.id < first_id_at(midnight(filtres.end + timedelta(days=1))),
    )
    if filtres.compte_id is not None:
        query = query.where(_TRACE.c.acteur_id == filtres.compte_id)
    if filtres.role is not None:
        query = query.where(_TRACE.c.role == filtres.role)
    if filtres.acte is not None:
        query = query.where(_TRACE.c.action.in_(filtres.acte.names))
    if filtres.section is not None:
        query = query.where(_TRACE.c.sections.contains([filtres.section]))
    if filtres.decision is not None:
        query = query.where(_TRACE.c.decision == filtres.decision)
    if filtres.demande is not None:
        query = query.where(cast_as(_TRACE.c.correlation_id, Text).like(f"%-{filtres.demande}"))
    if filtres.on_dossier:
        query = query.where(_TRACE.c.dossier_id.is_not(None))
    if dossiers is None:
        return query
    hidden = () if ctx.acteur.role is Role.DPO else rules.DISCREETS
    return query.where(_TRACE.c.dossier_id.in_(dossiers), _TRACE.c.action.not_in(hidden))


def _may_follow(ctx: Context, action: str) -> bool:
    """Whether the reader may know on which dossier this was done."""
    return action not in rules.DISCREETS or ctx.acteur.role is Role.DPO


def _read(ctx: Context, query: Select[Any]) -> list[Ligne]:
    return [_ligne(ctx, row) for row in ctx.session.execute(query)]


def _ligne(ctx: Context, row: Any) -> Ligne:
    personne, role = rules.personne_of(row.role, _name(row))
    changed = personnel(row.civilite_change, row.prenom_change, row.nom_change) if row.nom_change else None
    return Ligne(
        id=row.id,
        at=row.at,
        personne=personne,
        role=role,
        acte=rules.acte_on(row.action, row.geste, Objet(changed, row.role_change, row.volet_change, row.niveau_change)),
        sections=tuple(row.sections),
        reference=reference_of(ctx, row.dossier_id) if row.dossier_id and _may_follow(ctx, row.action) else None,
        decision=row.decision,
        regles=tuple(row.regles),
        version=row.politique_version,
        action=row.action,
        code_role=row.role,
        compte_id=row.compte_id,
        demande=row.correlation_id,
        filtres=row.filtres or "",
    )


def accesses(
    ctx: Context,
    dossier_id: UUID,
    limit: int | None,
    before: UUID | None,
    decision: str | None = None,
    only: Collection[UUID] | None = None,
    hidden: Collection[str] = (),
) -> list[AccesLu]:
    """Accesses to one dossier with their reasons, newest first. `limit`: None for all of them; `only`: of these lines alone;
    `hidden`: acts that are left out."""
    reserve = (_RESERVE.c.tenant_id == _TRACE.c.tenant_id) & (_RESERVE.c.trace_id == _TRACE.c.id)
    query = (
        select(
            _TRACE.c.id,
            _TRACE.c.at,
            _TRACE.c.role,
            _TRACE.c.action,
            _TRACE.c.sections,
            _TRACE.c.decision,
            _RESERVE.c.motif,
            _RESERVE.c.precision,
            *_NAME,
        )
        .select_from(_WITH_COMPTE.outerjoin(_RESERVE, reserve))
        .where(_TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.dossier_id == dossier_id, _TRACE.c.action.not_in(hidden))
        .order_by(_TRACE.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_TRACE.c.id < before)
    if decision is not None:
        query = query.where(_TRACE.c.decision == decision)
    if only is not None:
        query = query.where(_TRACE.c.id.in_(only))
    return [_acces(row) for row in ctx.session.execute(query)]


def count_accesses(ctx: Context, dossier_id: UUID, hidden: Collection[str] = ()) -> tuple[int, int]:
    """All the accesses to a dossier, and those that were refused; `hidden`: acts that are left out."""
    refused = func.count().filter(_TRACE.c.decision == rules.REFUSE)
    query = select(func.count(), refused).where(
        _TRACE.c.tenant_id == ctx.tenant_id, _TRACE.c.dossier_id == dossier_id, _TRACE.c.action.not_in(hidden)
    )
    total, refus = ctx.session.execute(query).one()
    return int(total), int(refus)


def has_others(ctx: Context, dossier_id: UUID, since: datetime, until: datetime) -> bool:
    """Whether anybody but the worker and the program stands in the accesses to a dossier, from an instant to before another."""
    query = select(_TRACE.c.id).where(
        _TRACE.c.tenant_id == ctx.tenant_id,
        _TRACE.c.dossier_id == dossier_id,
        _TRACE.c.id >= first_id_at(since),
        _TRACE.c.id < first_id_at(until),
        _TRACE.c.role.not_in((str(Role.SAL), str(Role.SRV))),
    )
    return ctx.session.execute(query.limit(1)).first() is not None


def _name(row: Any) -> str | None:
    """Of the account behind a line, which an act of the worker or of the program has not."""
    return personnel(row.civilite, row.prenom, row.nom) if row.nom is not None else None


def _acces(row: Any) -> AccesLu:
    is_own = row.role == "SAL"
    qui, profession = rules.personne_of(row.role, _name(row))
    why = rules.pourquoi(row.motif, row.precision)
    return AccesLu(
        id=row.id,
        at=row.at,
        qui=qui,
        profession=profession,
        acte=rules.essai_of(row.action, row.decision),
        phrase=rules.phrase(row.action, row.role, _name(row), row.decision, why),
        motif=rules.motif_of(row.motif, row.precision),
        sections=tuple(row.sections),
        decision=row.decision,
        is_own=is_own,
        volets=rules.volets(row.sections),
        is_reportable=row.role not in {"SAL", "SRV"} and row.action not in rules.DISCREETS,
        sujet=rules.sujet(row.role, _name(row)),
    )
