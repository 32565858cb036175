"""How the SPST is organised: its secteurs, its centres, the équipes that follow a secteur and receive in a centre.

The direction names them; an équipe never changes secteur, as whom it follows would change under the feet of the workers: another
one is created, and its members join it. Source: C. trav. L. 4622-8 (équipes), D. 4622-25 (secteurs).
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, insert, or_, select, update

from spst.comptes.errors import OrganisationRefused
from spst.comptes.models import Compte, EquipeMembre, compte_stands
from spst.habilitations import services as habilitations
from spst.kernel.context import Context
from spst.kernel.errors import NotFound
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.tenants.models import Centre, Equipe, Secteur, Structure
from spst.traces import services as traces
from spst.web.filters import personnel

ACTION = "organisation.update"


class Partie(StrEnum):
    """What bears a name in an organisation."""

    SECTEUR = "secteur"
    CENTRE = "centre"
    EQUIPE = "equipe"


_TABLE: dict[Partie, Table] = {
    partie: cast(Table, model.__table__)
    for partie, model in ((Partie.SECTEUR, Secteur), (Partie.CENTRE, Centre), (Partie.EQUIPE, Equipe))
}
_TAKEN = {
    Partie.SECTEUR: "Un secteur porte déjà ce nom.",
    Partie.CENTRE: "Un centre porte déjà ce nom.",
    Partie.EQUIPE: "Une équipe porte déjà ce nom.",
}


@dataclass(frozen=True, slots=True)
class EquipeOrganisee:
    """`centre`: where it receives. `membres`: accounts and names of who is in it now, and whose account stands."""

    id: UUID
    nom: str
    centre: str
    membres: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class SecteurOrganise:
    id: UUID
    nom: str
    equipes: tuple[EquipeOrganisee, ...]


@dataclass(frozen=True, slots=True)
class CentreVu:
    id: UUID
    nom: str
    commune: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """Each by name. `structures`: (id, name and SIRET) of the establishments of the SPST, where a centre may stand."""

    secteurs: tuple[SecteurOrganise, ...]
    centres: tuple[CentreVu, ...]
    structures: tuple[tuple[UUID, str], ...]


def organisation(ctx: Context) -> Organisation:
    """Raises: AccessDenied."""
    habilitations.require(ctx, "compte.list")
    found = Organisation(_secteurs(ctx), _centres(ctx), _structures(ctx))
    traces.record(ctx, "compte.list")
    return found


def add_secteur(ctx: Context, nom: str) -> UUID:
    """Raises: AccessDenied, OrganisationRefused."""
    return _add(ctx, Partie.SECTEUR, nom)


def add_centre(ctx: Context, nom: str, commune: str, structure_id: UUID) -> UUID:
    """Raises: AccessDenied, NotFound, OrganisationRefused."""
    habilitations.require(ctx, ACTION)
    _check_here(ctx, cast(Table, Structure.__table__), structure_id)
    return _add(ctx, Partie.CENTRE, nom, commune=" ".join(commune.split()), structure_id=structure_id)


def add_equipe(ctx: Context, nom: str, secteur_id: UUID, centre_id: UUID) -> UUID:
    """An équipe without members: it follows nobody until somebody joins it.

    Raises: AccessDenied, NotFound, OrganisationRefused.
    """
    habilitations.require(ctx, ACTION)
    _check_here(ctx, _TABLE[Partie.SECTEUR], secteur_id)
    _check_here(ctx, _TABLE[Partie.CENTRE], centre_id)
    return _add(ctx, Partie.EQUIPE, nom, secteur_id=secteur_id, centre_id=centre_id)


def rename(ctx: Context, partie: Partie, partie_id: UUID, nom: str) -> None:
    """Raises: AccessDenied, NotFound, OrganisationRefused."""
    habilitations.require(ctx, ACTION)
    table = _TABLE[partie]
    _check_here(ctx, table, partie_id)
    named = _free_name(ctx, partie, nom, but=partie_id)
    mine = (table.c.tenant_id == ctx.tenant_id, table.c.id == partie_id)
    ctx.session.execute(update(table).where(*mine).values(nom=named))
    _trace(ctx, partie, partie_id, "renomme")


def _add(ctx: Context, partie: Partie, nom: str, **columns: Any) -> UUID:
    habilitations.require(ctx, ACTION)
    partie_id, named = new_id(), _free_name(ctx, partie, nom)
    values = {"tenant_id": ctx.tenant_id, "id": partie_id, "nom": named, **columns}
    ctx.session.execute(insert(_TABLE[partie]).values(**values))
    _trace(ctx, partie, partie_id, "cree")
    return partie_id


def _trace(ctx: Context, partie: Partie, partie_id: UUID, done: str) -> None:
    traces.record(ctx, ACTION, details={"geste": f"{partie}_{done}", "partie": str(partie_id)})


def _free_name(ctx: Context, partie: Partie, nom: str, but: UUID | None = None) -> str:
    """The name, without its spare spaces. Raises: OrganisationRefused, when another one has it, whatever the capitals."""
    table, named = _TABLE[partie], " ".join(nom.split())
    if not named:
        raise OrganisationRefused("Donnez un nom.")
    one_at_a_time(ctx, "organisation", ctx.tenant_id)
    query = select(table.c.id).where(table.c.tenant_id == ctx.tenant_id, func.lower(table.c.nom) == named.lower())
    if ctx.session.scalar(query.where(table.c.id != but) if but else query) is not None:
        raise OrganisationRefused(_TAKEN[partie])
    return named


def _check_here(ctx: Context, table: Table, row_id: UUID) -> None:
    """Raises: NotFound."""
    query = select(table.c.id).where(table.c.tenant_id == ctx.tenant_id, table.c.id == row_id)
    if ctx.session.scalar(query) is None:
        raise NotFound


def _secteurs(ctx: Context) -> tuple[SecteurOrganise, ...]:
    membres = _membres(ctx)
    query = (
        select(
            Secteur.id,
            Secteur.nom,
            Equipe.id.label("equipe_id"),
            Equipe.nom.label("equipe"),
            Centre.nom.label("centre"),
        )
        .outerjoin(Equipe, (Equipe.tenant_id == Secteur.tenant_id) & (Equipe.secteur_id == Secteur.id))
        .outerjoin(Centre, (Centre.tenant_id == Equipe.tenant_id) & (Centre.id == Equipe.centre_id))
        .where(Secteur.tenant_id == ctx.tenant_id)
        .order_by(Secteur.nom, Secteur.id, Equipe.nom, Equipe.id)
    )
    return tuple(
        SecteurOrganise(
            *key,
            tuple(
                EquipeOrganisee(row.equipe_id, row.equipe, row.centre, tuple(membres.get(row.equipe_id, ())))
                for row in rows
                if row.equipe_id
            ),
        )
        for key, rows in groupby(ctx.session.execute(query), key=lambda row: (row.id, row.nom))
    )


def _membres(ctx: Context) -> dict[UUID, list[tuple[UUID, str]]]:
    now = ctx.clock.now()
    query = (
        select(EquipeMembre.equipe_id, Compte.id, Compte.civilite, Compte.prenom, Compte.nom)
        .join(Compte, (Compte.tenant_id == EquipeMembre.tenant_id) & (Compte.id == EquipeMembre.compte_id))
        .where(
            EquipeMembre.tenant_id == ctx.tenant_id,
            EquipeMembre.starts_at <= now,
            or_(EquipeMembre.ends_at.is_(None), EquipeMembre.ends_at > now),
            compte_stands(now),
        )
        .order_by(Compte.nom, Compte.prenom)
    )
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in ctx.session.execute(query):
        found.setdefault(row.equipe_id, []).append((row.id, personnel(row.civilite, row.prenom, row.nom)))
    return found


def _centres(ctx: Context) -> tuple[CentreVu, ...]:
    query = select(Centre.id, Centre.nom, Centre.commune).where(Centre.tenant_id == ctx.tenant_id).order_by(Centre.nom)
    return tuple(CentreVu(*row) for row in ctx.session.execute(query))


def _structures(ctx: Context) -> tuple[tuple[UUID, str], ...]:
    query = select(Structure.id, Structure.nom, Structure.siret).where(Structure.tenant_id == ctx.tenant_id)
    return tuple(
        (row.id, f"{row.nom}, {row.siret}")
        for row in ctx.session.execute(query.order_by(Structure.nom, Structure.siret))
    )
