"""What is read of a dossier: at most one statement per section, the tenant named in each.

Statements of an opening are built once, and only their values change: building them anew took a third of it.
"""

from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BindParameter, Row, Select, Table, and_, bindparam, lateral, or_, select, true

from spst.comptes.models import Compte, EquipeMembre, Habilitation
from spst.dmst.models import (
    Courrier,
    Dossier,
    Information,
    MedecinTraitant,
    Opposition,
    Regime,
    SectionDmst,
    Suivi,
)
from spst.dmst.vues import SectionLegale
from spst.identite.queries import MATRICULE
from spst.kernel.context import Context
from spst.tenants.models import Equipe

DOSSIER = cast(Table, Dossier.__table__)
SUIVI = cast(Table, Suivi.__table__)
REGIME = cast(Table, Regime.__table__)
MEDECIN_TRAITANT = cast(Table, MedecinTraitant.__table__)
COURRIER = cast(Table, Courrier.__table__)
INFORMATION = cast(Table, Information.__table__)
OPPOSITION = cast(Table, Opposition.__table__)
_SECTION = cast(Table, SectionDmst.__table__)
_COMPTE = cast(Table, Compte.__table__)
_EQUIPE = cast(Table, Equipe.__table__)
_MEMBRE = cast(Table, EquipeMembre.__table__)
_HABILITATION = cast(Table, Habilitation.__table__)

_TENANT: BindParameter[UUID] = bindparam("tenant")
_DOSSIER: BindParameter[UUID] = bindparam("dossier")
_DAY: BindParameter[date] = bindparam("day")
_NOW: BindParameter[datetime] = bindparam("now")
_AUTEUR = (_COMPTE.c.civilite, _COMPTE.c.prenom, _COMPTE.c.nom)


def sections_at(ctx: Context, day: date) -> tuple[SectionLegale, ...]:
    """The parts of the dossier in the text in force that day, in its order."""
    return tuple(SectionLegale(*row) for row in ctx.session.execute(_sections(), {"day": day}))


@cache
def _sections() -> Select[Any]:
    return (
        select(_SECTION.c.code, _SECTION.c.titre, _SECTION.c.contenu, _SECTION.c.article)
        .where(_SECTION.c.effective_from <= _DAY)
        .where(or_(_SECTION.c.effective_to.is_(None), _SECTION.c.effective_to >= _DAY))
        .order_by(_SECTION.c.rang)
    )


class EnTeteRow(NamedTuple):
    travailleur_id: UUID
    created_at: Any


def find_dossier(ctx: Context, dossier_id: UUID) -> EnTeteRow | None:
    query = select(DOSSIER.c.travailleur_id, DOSSIER.c.created_at).where(
        DOSSIER.c.tenant_id == ctx.tenant_id, DOSSIER.c.id == dossier_id
    )
    row = ctx.session.execute(query).one_or_none()
    return None if row is None else EnTeteRow(*row)


def dossier_ids(ctx: Context, travailleur_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """By travailleur."""
    query = select(DOSSIER.c.travailleur_id, DOSSIER.c.id).where(
        DOSSIER.c.tenant_id == ctx.tenant_id, DOSSIER.c.travailleur_id.in_(travailleur_ids)
    )
    return {row.travailleur_id: row.id for row in ctx.session.execute(query)}


def equipes_of_actor(ctx: Context) -> list[UUID]:
    now = ctx.clock.now()
    query = select(_MEMBRE.c.equipe_id).where(
        _MEMBRE.c.tenant_id == ctx.tenant_id,
        _MEMBRE.c.compte_id == ctx.acteur.id,
        _MEMBRE.c.starts_at <= now,
        or_(_MEMBRE.c.ends_at.is_(None), _MEMBRE.c.ends_at > now),
    )
    return list(ctx.session.scalars(query))


def has_equipe(ctx: Context, equipe_id: UUID) -> bool:
    query = select(_EQUIPE.c.id).where(_EQUIPE.c.tenant_id == ctx.tenant_id, _EQUIPE.c.id == equipe_id)
    return ctx.session.execute(query).one_or_none() is not None


def identite_row(ctx: Context, dossier_id: UUID) -> Row[Any]:
    """S1: matricule and last médecin traitant."""
    return ctx.session.execute(_identite(), _of(ctx, dossier_id)).one()


@cache
def _identite() -> Select[Any]:
    last = lateral(
        _authored(MEDECIN_TRAITANT, "id", "nom_sealed", "contact_sealed", "created_at")
        .where(MEDECIN_TRAITANT.c.tenant_id == _TENANT, MEDECIN_TRAITANT.c.dossier_id == _DOSSIER)
        .order_by(MEDECIN_TRAITANT.c.created_at.desc(), MEDECIN_TRAITANT.c.id.desc())
        .limit(1)
    )
    of_dossier = and_(MATRICULE.c.tenant_id == DOSSIER.c.tenant_id, MATRICULE.c.dossier_id == DOSSIER.c.id)
    return (
        select(MATRICULE.c.id.label("matricule_id"), MATRICULE.c.matricule_sealed, MATRICULE.c.oid, last)
        .select_from(DOSSIER.outerjoin(MATRICULE, of_dossier).outerjoin(last, true()))
        .where(DOSSIER.c.tenant_id == _TENANT, DOSSIER.c.id == _DOSSIER)
    )


def courriers(ctx: Context, dossier_id: UUID) -> list[Row[Any]]:
    columns = ("id", "sens", "date_courrier", "correspondant_sealed", "objet_sealed", "texte_sealed")
    return _of_dossier(ctx, COURRIER, dossier_id, columns, "date_courrier")


def informations(ctx: Context, dossier_id: UUID) -> list[Row[Any]]:
    columns = ("id", "notice_version", "canal", "given_on", "precision_sealed")
    return _of_dossier(ctx, INFORMATION, dossier_id, columns, "given_on")


def oppositions(ctx: Context, dossier_id: UUID) -> list[Row[Any]]:
    columns = ("id", "portee", "declared_at", "withdrawn_at", "precision_sealed")
    return _of_dossier(ctx, OPPOSITION, dossier_id, columns, "declared_at")


def _of_dossier(ctx: Context, table: Table, dossier_id: UUID, columns: tuple[str, ...], latest: str) -> list[Row[Any]]:
    return list(ctx.session.execute(_rows(table, columns, latest), _of(ctx, dossier_id)))


@cache
def _rows(table: Table, columns: tuple[str, ...], latest: str) -> Select[Any]:
    """Rows of one section, the latest first, with their author's name."""
    return (
        _authored(table, *columns)
        .where(table.c.tenant_id == _TENANT, table.c.dossier_id == _DOSSIER)
        .order_by(table.c[latest].desc(), table.c.id.desc())
    )


def _of(ctx: Context, dossier_id: UUID) -> dict[str, Any]:
    return {"tenant": ctx.tenant_id, "dossier": dossier_id}


def _authored(table: Table, *columns: str) -> Select[Any]:
    author = and_(_COMPTE.c.tenant_id == table.c.tenant_id, _COMPTE.c.id == table.c.created_by)
    return select(*(table.c[name] for name in columns), *_AUTEUR).outerjoin(_COMPTE, author)
