"""What is read of jobs and exposures: one statement each, corrected rows left out."""

from datetime import date
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    lateral,
    or_,
    select,
    true,
)

from spst.comptes.models import Compte
from spst.dmst.models import Dossier
from spst.expositions.models import Emploi, Exposition, NomenclatureExposition
from spst.identite.models import Travailleur
from spst.kernel.context import Context

EMPLOI = cast(Table, Emploi.__table__)
EXPOSITION = cast(Table, Exposition.__table__)
_NOMENCLATURE = cast(Table, NomenclatureExposition.__table__)
_COMPTE = cast(Table, Compte.__table__)
_DOSSIER = cast(Table, Dossier.__table__)
_TRAVAILLEUR = cast(Table, Travailleur.__table__)
_AUTEUR = (_COMPTE.c.civilite, _COMPTE.c.prenom, _COMPTE.c.nom)


def birth_of(ctx: Context, dossier_id: UUID) -> date | None:
    """Birth date of a dossier's travailleur; None when the tenant has no such dossier."""
    of_dossier = and_(_TRAVAILLEUR.c.tenant_id == _DOSSIER.c.tenant_id, _TRAVAILLEUR.c.id == _DOSSIER.c.travailleur_id)
    query = (
        select(_TRAVAILLEUR.c.date_naissance)
        .join(_DOSSIER, of_dossier)
        .where(_DOSSIER.c.tenant_id == ctx.tenant_id, _DOSSIER.c.id == dossier_id)
    )
    return ctx.session.execute(query).scalar_one_or_none()


def nomenclature(ctx: Context, day: date) -> list[Row[Any]]:
    query = select(_NOMENCLATURE).where(*_in_force(day)).order_by(_NOMENCLATURE.c.famille, _NOMENCLATURE.c.libelle)
    return list(ctx.session.execute(query))


def is_in_nomenclature(ctx: Context, code: str, day: date) -> bool:
    query = select(exists().where(_NOMENCLATURE.c.code == code, *_in_force(day)))
    return bool(ctx.session.execute(query).scalar_one())


def _in_force(day: date) -> tuple[ColumnElement[bool], ...]:
    """The text of a day: `effective_to` is its last one."""
    ended = _NOMENCLATURE.c.effective_to
    return _NOMENCLATURE.c.effective_from <= day, or_(ended.is_(None), ended >= day)


def emplois(ctx: Context, dossier_id: UUID) -> list[Row[Any]]:
    return list(ctx.session.execute(_emplois(), {"tenant": ctx.tenant_id, "dossier": dossier_id}))


def expositions(ctx: Context, dossier_id: UUID, day: date) -> list[Row[Any]]:
    """Exposures with the label of their code that day: that of the text in force, else of the last text that knew it."""
    return list(ctx.session.execute(_expositions(), {"tenant": ctx.tenant_id, "dossier": dossier_id, "day": day}))


@cache
def _emplois() -> Select[Any]:
    return _current(EMPLOI, "id", "intitule", "employeur", "starts_on", "ends_on", "source", "created_at", "corrige_id")


@cache
def _expositions() -> Select[Any]:
    day: BindParameter[date] = bindparam("day")
    label = lateral(
        select(*(_NOMENCLATURE.c[name] for name in ("libelle", "famille", "sir", "facteur_l4161")))
        .where(_NOMENCLATURE.c.code == EXPOSITION.c.code, _NOMENCLATURE.c.effective_from <= day)
        .order_by(_NOMENCLATURE.c.effective_from.desc())
        .limit(1)
    )
    names = ("id", "code", "starts_on", "ends_on", "source", "commentaire_sealed", "created_at", "corrige_id")
    return _current(EXPOSITION, *names).add_columns(label).outerjoin(label, true())


def _current(table: Table, *names: str) -> Select[Any]:
    """Rows of a dossier that no other one replaces, the oldest period first, with their author's name."""
    later = table.alias()
    replaced = exists().where(later.c.tenant_id == table.c.tenant_id, later.c.corrige_id == table.c.id)
    author = and_(_COMPTE.c.tenant_id == table.c.tenant_id, _COMPTE.c.id == table.c.created_by)
    return (
        select(*(table.c[name] for name in names), *_AUTEUR)
        .select_from(table)
        .outerjoin(_COMPTE, author)
        .where(table.c.tenant_id == bindparam("tenant"), table.c.dossier_id == bindparam("dossier"), ~replaced)
        .order_by(table.c.starts_on, table.c.id)
    )


def find_exposition(ctx: Context, exposition_id: UUID) -> Row[Any] | None:
    """Period of an exposure, locked, and whether another row replaces it."""
    later = EXPOSITION.alias()
    replaced = exists().where(later.c.tenant_id == EXPOSITION.c.tenant_id, later.c.corrige_id == EXPOSITION.c.id)
    query = (
        select(EXPOSITION.c.starts_on, EXPOSITION.c.ends_on, replaced.label("replaced"))
        .where(EXPOSITION.c.tenant_id == ctx.tenant_id, EXPOSITION.c.id == exposition_id)
        .with_for_update()
    )
    return ctx.session.execute(query).one_or_none()
