"""Which roles accounts hold now: what is given in writing stands as long as they do."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from spst.comptes import independance, remises, sessions
from spst.comptes.models import Compte, EquipeMembre, Habilitation, compte_stands
from spst.habilitations import services as habilitations
from spst.habilitations.models import Remplacement
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import Context
from spst.tenants.models import Equipe
from spst.web.filters import personnel

_FOLLOW = frozenset({Famille.SANTE, Famille.DELEGUE})


@dataclass(frozen=True, slots=True)
class Collegue:
    """Somebody of the staff who practises now. `nom`: as every page names him."""

    id: UUID
    nom: str
    roles: frozenset[Role]


def collegues(ctx: Context) -> tuple[Collegue, ...]:
    """The staff of the SPST by name, suspended accounts and those without a role left out. Raises: AccessDenied."""
    habilitations.require(ctx, "protocole.consult")
    people = ctx.session.execute(
        select(Compte.id, Compte.civilite, Compte.prenom, Compte.nom)
        .where(Compte.tenant_id == ctx.tenant_id, compte_stands(ctx.clock.now()))
        .order_by(Compte.nom, Compte.prenom)
    ).all()
    roles = ExerciceFromTables().roles_of(ctx, [one.id for one in people])
    return tuple(
        Collegue(one.id, personnel(one.civilite, one.prenom, one.nom), roles[one.id])
        for one in people
        if one.id in roles
    )


def names_of(ctx: Context, compte_ids: Collection[UUID]) -> dict[UUID, str]:
    """Accounts as every page names them, for a page that its caller authorised."""
    query = select(Compte.id, Compte.civilite, Compte.prenom, Compte.nom).where(
        Compte.tenant_id == ctx.tenant_id, Compte.id.in_(compte_ids)
    )
    return {row.id: personnel(row.civilite, row.prenom, row.nom) for row in ctx.session.execute(query)}


def holders_of(ctx: Context, role: Role) -> tuple[str, ...]:
    """Who holds a role now, as every page names them, in the order of names: to whom a refusal sends."""
    query = (
        select(Compte.civilite, Compte.prenom, Compte.nom)
        .join(Habilitation, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.compte_id))
        .where(Habilitation.role == str(role), *_held(ctx))
        .order_by(Compte.nom, Compte.prenom)
    )
    return tuple(personnel(row.civilite, row.prenom, row.nom) for row in ctx.session.execute(query))


def is_in_secteur(ctx: Context, secteur_id: UUID) -> bool:
    """Whether the actor, under any of his roles, or a médecin whom he replaces, follows whoever works in this sector."""
    now = ctx.clock.now()
    roles = ExerciceFromTables().roles_of(ctx, [ctx.acteur.id]).get(ctx.acteur.id, frozenset())
    if not any(role.famille in _FOLLOW for role in roles):
        return False
    replaced = select(Remplacement.medecin_id).where(
        Remplacement.tenant_id == ctx.tenant_id,
        Remplacement.remplacant_id == ctx.acteur.id,
        Remplacement.starts_on <= now,
        Remplacement.ends_on > now,
        or_(Remplacement.revoked_at.is_(None), Remplacement.revoked_at > now),
    )
    query = (
        select(EquipeMembre.id)
        .join(Equipe, (Equipe.tenant_id == EquipeMembre.tenant_id) & (Equipe.id == EquipeMembre.equipe_id))
        .where(
            EquipeMembre.tenant_id == ctx.tenant_id,
            or_(EquipeMembre.compte_id == ctx.acteur.id, EquipeMembre.compte_id.in_(replaced)),
            Equipe.secteur_id == secteur_id,
            EquipeMembre.starts_at <= now,
            or_(EquipeMembre.ends_at.is_(None), EquipeMembre.ends_at > now),
        )
    )
    return ctx.session.scalar(query.limit(1)) is not None


class ExerciceFromTables:
    """Implements `habilitations.ports.Exercice`."""

    def roles_of(self, ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, frozenset[Role]]:
        found = defaultdict[UUID, set[Role]](set)
        query = (
            select(Habilitation.compte_id, Habilitation.role)
            .join(Compte, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.compte_id))
            .where(Habilitation.compte_id.in_(compte_ids), *_held(ctx))
        )
        for compte_id, role in ctx.session.execute(query):
            found[compte_id].add(Role(role))
        return {compte_id: frozenset(roles) for compte_id, roles in found.items()}

    def entrusted_lately(self, ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
        return independance.recent(ctx, compte_ids)

    def code_held_at(self, ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
        return remises.held_at(ctx, compte_ids)

    def hold_idleness(self, ctx: Context, inactivite_min: int) -> None:
        sessions.hold_idleness(ctx, inactivite_min)


def _held(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    """A role of an account that opens something now."""
    now = ctx.clock.now()
    return (
        Habilitation.tenant_id == ctx.tenant_id,
        Habilitation.starts_at <= now,
        Habilitation.revoked_at.is_(None),
        or_(Habilitation.ends_at.is_(None), Habilitation.ends_at > now),
        compte_stands(now),
    )
