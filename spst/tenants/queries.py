"""Reads of the public part of the SPSTs, and of how one is organised."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select

from spst.kernel.context import Context
from spst.tenants.errors import SpstNotFound
from spst.tenants.models import Equipe, Secteur, Structure, Tenant, TypeSpst

_Public = Select[UUID, str, str, str, datetime | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class SpstPublic:
    """What anybody may read of an SPST."""

    id: UUID
    slug: str
    nom: str
    type: TypeSpst
    suspended_at: datetime | None
    telephone: str | None = None
    courriel: str | None = None

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None


@dataclass(frozen=True, slots=True)
class SecteurVu:
    """A sector, and the names of its équipes."""

    id: UUID
    nom: str
    equipes: tuple[str, ...]


def by_slug(connection: Connection, slug: str) -> SpstPublic:
    """Raises: SpstNotFound."""
    return _one(connection, _public().where(Tenant.slug == slug))


def by_id(connection: Connection, tenant_id: UUID) -> SpstPublic:
    """Raises: SpstNotFound."""
    return _one(connection, _public().where(Tenant.id == tenant_id))


def in_service(connection: Connection) -> list[SpstPublic]:
    rows = connection.execute(_public().where(Tenant.suspended_at.is_(None)).order_by(Tenant.id))
    return [_spst(row) for row in rows]


def _public() -> _Public:
    return select(
        Tenant.id, Tenant.slug, Tenant.nom, Tenant.type, Tenant.suspended_at, Tenant.telephone, Tenant.courriel
    )


def _one(connection: Connection, query: _Public) -> SpstPublic:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SpstNotFound()
    return _spst(row)


def _spst(row: Any) -> SpstPublic:
    return SpstPublic(row.id, row.slug, row.nom, TypeSpst(row.type), row.suspended_at, row.telephone, row.courriel)


def sirets(ctx: Context) -> frozenset[str]:
    """SIRETs of the establishments of the SPST."""
    return frozenset(ctx.session.scalars(select(Structure.siret).where(Structure.tenant_id == ctx.tenant_id)))


def lieux(ctx: Context) -> dict[str, str]:
    """Names of the establishments of the SPST, by their SIRET and by their FINESS number."""
    query = select(Structure.siret, Structure.finess, Structure.nom).where(Structure.tenant_id == ctx.tenant_id)
    rows = ctx.session.execute(query).all()
    return {number: row.nom for row in rows for number in (row.siret, row.finess) if number}


def equipes(ctx: Context) -> list[tuple[UUID, str]]:
    """Équipes by name."""
    query = select(Equipe.id, Equipe.nom).where(Equipe.tenant_id == ctx.tenant_id).order_by(Equipe.nom)
    return [(row.id, row.nom) for row in ctx.session.execute(query)]


def secteurs(ctx: Context) -> tuple[SecteurVu, ...]:
    """Sectors by name, those without équipe included."""
    query = (
        select(Secteur.id, Secteur.nom, Equipe.nom.label("equipe"))
        .outerjoin(Equipe, (Equipe.tenant_id == Secteur.tenant_id) & (Equipe.secteur_id == Secteur.id))
        .where(Secteur.tenant_id == ctx.tenant_id)
        .order_by(Secteur.nom, Secteur.id, Equipe.nom)
    )
    grouped = groupby(ctx.session.execute(query), key=lambda row: (row.id, row.nom))
    return tuple(SecteurVu(*key, tuple(row.equipe for row in rows if row.equipe)) for key, rows in grouped)
