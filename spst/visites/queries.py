"""SELECTs of visits and notes. They name the tenant always; texts come out sealed, services open them."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Select, Table, and_, exists, func, or_, select

from spst.comptes.models import Compte
from spst.dmst.models import Dossier, Regime
from spst.kernel.context import Context
from spst.visites.models import Addendum, Conclusion, RendezVous, TypeVisite, Visite, VisiteNote
from spst.visites.rules import TypeLegal

VISITE = cast(Table, Visite.__table__)
NOTE = cast(Table, VisiteNote.__table__)
CONCLUSION = cast(Table, Conclusion.__table__)
ADDENDUM = cast(Table, Addendum.__table__)
RENDEZ_VOUS = cast(Table, RendezVous.__table__)
_TYPE = cast(Table, TypeVisite.__table__)
COMPTE = cast(Table, Compte.__table__)
DOSSIER = cast(Table, Dossier.__table__)
REGIME = cast(Table, Regime.__table__)


IS_OPEN = and_(VISITE.c.closed_at.is_(None), VISITE.c.abandoned_at.is_(None))
STAFF = (COMPTE.c.id.label("staff_id"), COMPTE.c.civilite, COMPTE.c.prenom, COMPTE.c.nom)
_TOLD = (
    CONCLUSION.c.id.label("conclusion_id"),
    CONCLUSION.c.information_sealed,
    CONCLUSION.c.orientation_medecin,
    CONCLUSION.c.prochaine_visite_on,
)


# ──── Types


def types_in_force(ctx: Context, on: date) -> list[TypeLegal]:
    """The law of a day, in the order of its source."""
    query = _types(on).order_by(_TYPE.c.libelle_agenda.desc(), _TYPE.c.libelle)
    return [_legal(row) for row in ctx.session.execute(query)]


def type_in_force(ctx: Context, code: str, on: date) -> TypeLegal | None:
    row = ctx.session.execute(_types(on).where(_TYPE.c.code == code)).one_or_none()
    return None if row is None else _legal(row)


def _types(on: date) -> Select[Any]:
    return select(_TYPE).where(
        _TYPE.c.effective_from <= on, or_(_TYPE.c.effective_to.is_(None), _TYPE.c.effective_to >= on)
    )


def _legal(row: Row[Any]) -> TypeLegal:
    return TypeLegal(
        row.code,
        row.libelle,
        row.libelle_agenda,
        tuple(row.regimes),
        tuple(row.praticiens),
        row.interval_max_mois,
        row.article,
    )


def regime_on(ctx: Context, dossier_id: UUID, on: date) -> str | None:
    query = (
        select(REGIME.c.regime)
        .where(
            REGIME.c.tenant_id == ctx.tenant_id,
            REGIME.c.dossier_id == dossier_id,
            REGIME.c.effective_from <= on,
            or_(REGIME.c.effective_to.is_(None), REGIME.c.effective_to >= on),
        )
        .order_by(REGIME.c.effective_from.desc())
        .limit(1)
    )
    return ctx.session.scalars(query).first()


def libelle_of(code: Any, at: Any) -> Any:
    """The label of a type on the day of a visit; of the nearest text, for a visit older than the texts that are kept."""
    day = func.date(func.timezone("Europe/Paris", at))
    label = (
        select(_TYPE.c.libelle)
        .where(_TYPE.c.code == code)
        .order_by((_TYPE.c.effective_from <= day).desc(), func.abs(_TYPE.c.effective_from - day))
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(label, code).label("libelle")


# ──── Visits


def visite(ctx: Context, visite_id: UUID) -> Row[Any]:
    """A visit with its type, its professional, the arrival of its worker and its conclusion."""
    query = (
        select(VISITE, libelle_of(VISITE.c.type_code, VISITE.c.started_at), *STAFF, RENDEZ_VOUS.c.arrived_at, *_TOLD)
        .select_from(
            VISITE.join(COMPTE, same_row(VISITE, COMPTE, VISITE.c.professionnel_id))
            .outerjoin(RENDEZ_VOUS, same_row(VISITE, RENDEZ_VOUS, VISITE.c.rendez_vous_id))
            .outerjoin(
                CONCLUSION, and_(CONCLUSION.c.tenant_id == VISITE.c.tenant_id, CONCLUSION.c.visite_id == VISITE.c.id)
            )
        )
        .where(VISITE.c.tenant_id == ctx.tenant_id, VISITE.c.id == visite_id)
    )
    return ctx.session.execute(query).one()


def visites_of(ctx: Context, dossier_id: UUID, *, closed_only: bool) -> list[Row[Any]]:
    """The visits of a dossier, latest first, with what they told the worker; an abandoned one if something was written in it."""
    written = exists().where(NOTE.c.tenant_id == VISITE.c.tenant_id, NOTE.c.visite_id == VISITE.c.id)
    query = (
        select(VISITE, libelle_of(VISITE.c.type_code, VISITE.c.started_at), *STAFF, *_TOLD)
        .select_from(
            VISITE.join(COMPTE, same_row(VISITE, COMPTE, VISITE.c.professionnel_id)).outerjoin(
                CONCLUSION, and_(CONCLUSION.c.tenant_id == VISITE.c.tenant_id, CONCLUSION.c.visite_id == VISITE.c.id)
            )
        )
        .where(
            VISITE.c.tenant_id == ctx.tenant_id,
            VISITE.c.dossier_id == dossier_id,
            or_(VISITE.c.abandoned_at.is_(None), written),
        )
        .order_by(VISITE.c.started_at.desc(), VISITE.c.id.desc())
    )
    if closed_only:
        query = query.where(VISITE.c.closed_at.is_not(None))
    return list(ctx.session.execute(query))


def closed_before(ctx: Context, visite: Row[Any], limit: int) -> list[Row[Any]]:
    """The last closed visits before one, latest first: their types and instants alone."""
    query = (
        select(VISITE.c.id, VISITE.c.started_at, libelle_of(VISITE.c.type_code, VISITE.c.started_at))
        .where(
            VISITE.c.tenant_id == ctx.tenant_id,
            VISITE.c.dossier_id == visite.dossier_id,
            VISITE.c.started_at < visite.started_at,
            VISITE.c.closed_at.is_not(None),
        )
        .order_by(VISITE.c.started_at.desc())
        .limit(limit)
    )
    return list(ctx.session.execute(query))


def locked_visite(ctx: Context, visite_id: UUID) -> Row[Any]:
    """The visit, held until the end of the transaction: two closings wait for each other."""
    query = select(VISITE).where(VISITE.c.tenant_id == ctx.tenant_id, VISITE.c.id == visite_id).with_for_update()
    return ctx.session.execute(query).one()


def visite_by_id(ctx: Context, visite_id: UUID) -> Row[Any] | None:
    query = select(VISITE).where(VISITE.c.tenant_id == ctx.tenant_id, VISITE.c.id == visite_id)
    return ctx.session.execute(query).one_or_none()


def open_visite(ctx: Context, dossier_id: UUID) -> Row[Any] | None:
    """The actor's own open visit in a dossier; the database lets him have one."""
    query = select(VISITE).where(
        VISITE.c.tenant_id == ctx.tenant_id,
        VISITE.c.dossier_id == dossier_id,
        VISITE.c.professionnel_id == ctx.acteur.id,
        IS_OPEN,
    )
    return ctx.session.execute(query).one_or_none()


# ──── Notes


def note_to_save(ctx: Context, visite_id: UUID, rubrique: str) -> Row[Any]:
    """Whether the visit is closed or abandoned, and the actor's own note in a rubrique (columns None when there is none yet)."""
    query = (
        select(
            VISITE.c.closed_at,
            VISITE.c.abandoned_at,
            NOTE.c.id,
            NOTE.c.texte_sealed,
            NOTE.c.revision,
            NOTE.c.operation_id,
            NOTE.c.saved_at,
            NOTE.c.traced_at,
            NOTE.c.traced_session,
        )
        .select_from(
            VISITE.outerjoin(
                NOTE,
                and_(
                    NOTE.c.tenant_id == VISITE.c.tenant_id,
                    NOTE.c.visite_id == VISITE.c.id,
                    NOTE.c.rubrique == rubrique,
                    NOTE.c.auteur_id == ctx.acteur.id,
                ),
            )
        )
        .where(VISITE.c.tenant_id == ctx.tenant_id, VISITE.c.id == visite_id)
    )
    return cast("Row[Any]", ctx.session.execute(query).one())


def notes_of(ctx: Context, visite_id: UUID) -> list[Row[Any]]:
    """Every note of a visit, by author then rubrique."""
    query = (
        select(NOTE, *STAFF)
        .select_from(NOTE.join(COMPTE, same_row(NOTE, COMPTE, NOTE.c.auteur_id)))
        .where(NOTE.c.tenant_id == ctx.tenant_id, NOTE.c.visite_id == visite_id)
        .order_by(NOTE.c.id)
    )
    return list(ctx.session.execute(query))


def previous_notes(ctx: Context, visite: Row[Any]) -> list[Row[Any]]:
    """For each rubrique, the notes of the last closed visit before this one that has any."""
    rank = func.dense_rank().over(
        partition_by=NOTE.c.rubrique, order_by=(VISITE.c.started_at.desc(), VISITE.c.id.desc())
    )
    ranked = (
        select(NOTE, VISITE.c.started_at, rank.label("rank"))
        .select_from(NOTE.join(VISITE, and_(VISITE.c.tenant_id == NOTE.c.tenant_id, VISITE.c.id == NOTE.c.visite_id)))
        .where(
            VISITE.c.tenant_id == ctx.tenant_id,
            VISITE.c.dossier_id == visite.dossier_id,
            VISITE.c.started_at < visite.started_at,
            VISITE.c.closed_at.is_not(None),
        )
        .subquery()
    )
    query = (
        select(ranked, *STAFF)
        .select_from(
            ranked.join(COMPTE, and_(COMPTE.c.tenant_id == ranked.c.tenant_id, COMPTE.c.id == ranked.c.auteur_id))
        )
        .where(ranked.c.rank == 1)
        .order_by(ranked.c.id)
    )
    return list(ctx.session.execute(query))


def texts_for_worker(ctx: Context, visite_id: UUID, rubrique: str) -> list[Row[Any]]:
    query = (
        select(NOTE.c.id, NOTE.c.texte_sealed)
        .where(NOTE.c.tenant_id == ctx.tenant_id, NOTE.c.visite_id == visite_id, NOTE.c.rubrique == rubrique)
        .order_by(NOTE.c.id)
    )
    return list(ctx.session.execute(query))


def addenda_of(ctx: Context, visite_id: UUID) -> list[Row[Any]]:
    query = (
        select(ADDENDUM, *STAFF)
        .select_from(ADDENDUM.join(COMPTE, same_row(ADDENDUM, COMPTE, ADDENDUM.c.auteur_id)))
        .where(ADDENDUM.c.tenant_id == ctx.tenant_id, ADDENDUM.c.visite_id == visite_id)
        .order_by(ADDENDUM.c.added_at, ADDENDUM.c.id)
    )
    return list(ctx.session.execute(query))


# ──── Appointments


def libelle_of_rendez_vous(ctx: Context, rendez_vous_id: UUID) -> str | None:
    query = select(RENDEZ_VOUS.c.libelle).where(
        RENDEZ_VOUS.c.tenant_id == ctx.tenant_id, RENDEZ_VOUS.c.id == rendez_vous_id
    )
    return ctx.session.scalars(query).one_or_none()


_OF_DOSSIER = RENDEZ_VOUS.outerjoin(
    DOSSIER,
    and_(DOSSIER.c.tenant_id == RENDEZ_VOUS.c.tenant_id, DOSSIER.c.travailleur_id == RENDEZ_VOUS.c.travailleur_id),
)


def dossier_of_rendez_vous(ctx: Context, rendez_vous_id: UUID) -> UUID | None:
    query = (
        select(DOSSIER.c.id)
        .select_from(_OF_DOSSIER)
        .where(RENDEZ_VOUS.c.tenant_id == ctx.tenant_id, RENDEZ_VOUS.c.id == rendez_vous_id)
    )
    return ctx.session.scalars(query).one_or_none()


def is_expected(ctx: Context, dossier_id: UUID, start: datetime, end: datetime) -> bool:
    """Whether the worker of this dossier has an appointment in the SPST in that time."""
    query = (
        select(RENDEZ_VOUS.c.id)
        .select_from(_OF_DOSSIER)
        .where(
            RENDEZ_VOUS.c.tenant_id == ctx.tenant_id,
            DOSSIER.c.id == dossier_id,
            RENDEZ_VOUS.c.starts_at >= start,
            RENDEZ_VOUS.c.starts_at < end,
        )
        .limit(1)
    )
    return ctx.session.scalars(query).first() is not None


def locked_rendez_vous(ctx: Context, rendez_vous_id: UUID) -> Row[Any] | None:
    """An appointment and the dossier of its worker, held until the end of the transaction."""
    query = (
        select(RENDEZ_VOUS, DOSSIER.c.id.label("dossier_id"))
        .select_from(_OF_DOSSIER)
        .where(RENDEZ_VOUS.c.tenant_id == ctx.tenant_id, RENDEZ_VOUS.c.id == rendez_vous_id)
        .with_for_update(of=RENDEZ_VOUS)
    )
    return ctx.session.execute(query).one_or_none()


def same_row(table: Table, target: Table, column: Any) -> Any:
    return and_(target.c.tenant_id == table.c.tenant_id, target.c.id == column)
