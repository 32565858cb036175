"""In which sector each establishment stands: reading it, moving it, taking a move back. The door is `services`.

Names and numbers of companies, counts of people: nobody's datum. A change decides who follows (L. 1110-4 I CSP), so it is
authorised and traced as any act on the register.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from spst.comptes import exercice
from spst.entreprises.errors import EtablissementNotFound, OwnPlacement, PlacementChanged, SecteurNotFound
from spst.entreprises.models import Contrat, Etablissement, SecteurEtablissement
from spst.habilitations import services as habilitations
from spst.kernel.clock import today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.tenants import queries as tenants
from spst.tenants.queries import SecteurVu as SecteurVu
from spst.traces import services as traces

_ETABLISSEMENT = cast(Table, Etablissement.__table__)
_CONTRAT = cast(Table, Contrat.__table__)
_PLACE = cast(Table, SecteurEtablissement.__table__)

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class EtablissementPlace:
    """An establishment, how many people work there today, its sector of today and since when (None: it has none)."""

    id: UUID
    nom: str
    siret: str
    commune: str | None
    salaries: int
    secteur_id: UUID | None
    depuis: date | None


@dataclass(frozen=True, slots=True)
class PageEtablissements:
    lignes: tuple[EtablissementPlace, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Deplacement:
    """What a move did to one establishment: enough to take it back."""

    etablissement_id: UUID
    secteur_id: UUID
    ancien_id: UUID | None


def secteurs(ctx: Context) -> tuple[SecteurVu, ...]:
    """Raises: AccessDenied."""
    habilitations.require(ctx, "registre.update")
    return tenants.secteurs(ctx)


def get_secteur(ctx: Context, secteur_id: UUID) -> SecteurVu:
    """Raises: SecteurNotFound, AccessDenied."""
    found = next((one for one in tenants.secteurs(ctx) if one.id == secteur_id), None)
    if found is None:
        raise SecteurNotFound
    habilitations.require(ctx, "registre.update")
    return found


def count_by_secteur(ctx: Context) -> Mapping[UUID | None, int]:
    """Number of establishments of each sector today; under None, of those that have none."""
    query = (
        select(_PLACE.c.secteur_id, func.count())
        .select_from(_ETABLISSEMENT.outerjoin(_PLACE, _of_today(ctx)))
        .where(_ETABLISSEMENT.c.tenant_id == ctx.tenant_id)
        .group_by(_PLACE.c.secteur_id)
    )
    return {row[0]: row[1] for row in ctx.session.execute(query)}


def etablissements_of(ctx: Context, secteur_id: UUID | None, page: int = 1) -> PageEtablissements:
    """Those of a sector today, or those that have none, in the order of names."""
    # A left join that finds nothing is compared with IS NULL, hence `is_` for None.
    condition = _PLACE.c.secteur_id.is_(None) if secteur_id is None else _PLACE.c.secteur_id == secteur_id
    counted = (
        select(func.count())
        .select_from(_ETABLISSEMENT.outerjoin(_PLACE, _of_today(ctx)))
        .where(_ETABLISSEMENT.c.tenant_id == ctx.tenant_id, condition)
    )
    lines = _places(ctx, condition).limit(PER_PAGE).offset(PER_PAGE * (page - 1))
    return PageEtablissements(_seen(ctx, lines), ctx.session.execute(counted).scalar_one())


def etablissements_by_id(ctx: Context, etablissement_ids: Collection[UUID]) -> tuple[EtablissementPlace, ...]:
    """In the order of names. Raises: EtablissementNotFound, when one of them is not of this SPST."""
    found = _seen(ctx, _places(ctx, _ETABLISSEMENT.c.id.in_(etablissement_ids)))
    if len(found) != len(set(etablissement_ids)):
        raise EtablissementNotFound
    return found


def place_etablissements(
    ctx: Context, secteur_id: UUID, etablissement_ids: Collection[UUID]
) -> tuple[Deplacement, ...]:
    """Put establishments in a sector from today on; those that stand in it already do not move.

    Nobody gives himself workers to follow: who is in an équipe of this sector asks a colleague.
    Raises: SecteurNotFound, EtablissementNotFound, AccessDenied, OwnPlacement, PlacementChanged.
    """
    get_secteur(ctx, secteur_id)
    if exercice.is_in_secteur(ctx, secteur_id):
        raise OwnPlacement
    known = etablissements_by_id(ctx, etablissement_ids)
    moves = tuple(Deplacement(one.id, secteur_id, one.secteur_id) for one in known if one.secteur_id != secteur_id)
    for move in moves:
        _move(ctx, move.etablissement_id, move.ancien_id, move.secteur_id)
    traces.record(ctx, "registre.update", details={"secteur": str(secteur_id), "etablissements": len(moves)})
    return moves


def undo_placement(ctx: Context, moves: Collection[Deplacement]) -> int:
    """Put establishments back where they were; returns how many. One that somebody moved since stays where it is.

    Raises: EtablissementNotFound, AccessDenied, PlacementChanged, when none is where the moves had put it.
    """
    stand = {one.id: one.secteur_id for one in etablissements_by_id(ctx, [move.etablissement_id for move in moves])}
    habilitations.require(ctx, "registre.update")
    back = [move for move in moves if stand[move.etablissement_id] == move.secteur_id]
    if not back:
        raise PlacementChanged
    for move in back:
        _move(ctx, move.etablissement_id, move.secteur_id, move.ancien_id)
    traces.record(ctx, "registre.update")
    return len(back)


def _move(ctx: Context, etablissement_id: UUID, leaves: UUID | None, joins: UUID | None) -> None:
    """End the row in force yesterday, begin another today. Raises: PlacementChanged, when somebody else was faster."""
    day = today(ctx.clock)
    if leaves is not None:
        _end(ctx, etablissement_id, leaves, day - timedelta(days=1))
    if joins is not None:
        _begin(ctx, etablissement_id, joins, day)


def _end(ctx: Context, etablissement_id: UUID, secteur_id: UUID, last_day: date) -> None:
    ended = ctx.session.execute(
        update(_PLACE)
        .where(
            _PLACE.c.tenant_id == ctx.tenant_id,
            _PLACE.c.etablissement_id == etablissement_id,
            _PLACE.c.secteur_id == secteur_id,
            _PLACE.c.ends_on.is_(None),
        )
        .values(ends_on=last_day)
        .returning(_PLACE.c.id)
    )
    if ended.one_or_none() is None:
        raise PlacementChanged


def _begin(ctx: Context, etablissement_id: UUID, secteur_id: UUID, first_day: date) -> None:
    values = {
        "tenant_id": ctx.tenant_id,
        "id": new_id(ctx.clock.now()),
        "etablissement_id": etablissement_id,
        "secteur_id": secteur_id,
        "starts_on": first_day,
        "created_at": ctx.clock.now(),
        "created_by": ctx.acteur.id,
    }
    try:
        ctx.session.execute(insert(_PLACE).values(**values))
    except IntegrityError as error:
        raise PlacementChanged from error


def _of_today(ctx: Context) -> ColumnElement[bool]:
    """Joins an establishment to its sector of the day."""
    day = today(ctx.clock)
    return and_(
        _PLACE.c.tenant_id == _ETABLISSEMENT.c.tenant_id,
        _PLACE.c.etablissement_id == _ETABLISSEMENT.c.id,
        _PLACE.c.starts_on <= day,
        or_(_PLACE.c.ends_on.is_(None), _PLACE.c.ends_on >= day),
    )


def _places(ctx: Context, *conditions: ColumnElement[bool]) -> Select[Any]:
    day = today(ctx.clock)
    salaries = (
        select(func.count(_CONTRAT.c.travailleur_id.distinct()))
        .where(
            _CONTRAT.c.tenant_id == _ETABLISSEMENT.c.tenant_id,
            _CONTRAT.c.etablissement_id == _ETABLISSEMENT.c.id,
            _CONTRAT.c.starts_on <= day,
            or_(_CONTRAT.c.ends_on.is_(None), _CONTRAT.c.ends_on >= day),
        )
        .scalar_subquery()
    )
    columns = (_ETABLISSEMENT.c[name] for name in ("id", "nom", "siret", "commune"))
    return (
        select(*columns, salaries, _PLACE.c.secteur_id, _PLACE.c.starts_on)
        .select_from(_ETABLISSEMENT.outerjoin(_PLACE, _of_today(ctx)))
        .where(_ETABLISSEMENT.c.tenant_id == ctx.tenant_id, *conditions)
        .order_by(_ETABLISSEMENT.c.nom, _ETABLISSEMENT.c.siret)
    )


def _seen(ctx: Context, query: Select[Any]) -> tuple[EtablissementPlace, ...]:
    return tuple(EtablissementPlace(*row) for row in ctx.session.execute(query))
