"""What an account may do by name, beside its role: registration of identities (HAB-10). Given by the direction, felt at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from spst.comptes import comptes_queries as queries
from spst.comptes.errors import CompteNotFound, HabilitationNotFound, HabilitationRefused, OwnHabilitationRefused
from spst.comptes.models import Compte
from spst.habilitations import services as habilitations
from spst.habilitations.models import HabilitationNominative
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces

ENREGISTREMENT = "enregistrement"


@dataclass(frozen=True, slots=True)
class Code:
    """A habilitation by name. `titre`: what it lets do; `phrase`: what it opens, in one sentence."""

    titre: str
    phrase: str


CODES = {
    ENREGISTREMENT: Code("Enregistrer des identités", "Inscrire un salarié au registre et corriger ses traits."),
    "insi": Code("Appeler INSi", "Chercher et vérifier l’identité nationale de santé d’un salarié."),
    "dmp_consulter": Code(
        "Consulter le DMP", "Lire les documents du dossier médical partagé d’un salarié qui l’accepte."
    ),
    "dmp_alimenter": Code("Alimenter le DMP", "Déposer un document dans le dossier médical partagé d’un salarié."),
    "mssante": Code("Utiliser MSSanté", "Écrire et recevoir par la messagerie sécurisée de santé du service."),
}
_CONCERNED = frozenset({Famille.ADMINISTRATIF, Famille.DELEGUE})
"""Health professionals register by their function; for anybody else it would open nothing."""


@dataclass(frozen=True, slots=True)
class NominativeVue:
    """A habilitation by name that runs. `granted_by`: as that person is shown."""

    id: UUID
    code: str
    granted_at: datetime
    granted_by: str | None


def nominatives(ctx: Context, compte_id: UUID) -> tuple[NominativeVue, ...]:
    """Those that the account holds now. Raises: AccessDenied."""
    habilitations.require(ctx, "compte.list")
    compte = queries.head(ctx, compte_id)
    if compte is not None and compte.departs_at is not None and compte.departs_at <= ctx.clock.now():
        return ()
    found = ctx.session.execute(
        select(
            HabilitationNominative.id,
            HabilitationNominative.code,
            HabilitationNominative.granted_at,
            Compte.civilite + " " + Compte.prenom + " " + Compte.nom,
        )
        .join(
            Compte,
            (Compte.tenant_id == HabilitationNominative.tenant_id) & (Compte.id == HabilitationNominative.granted_by),
            isouter=True,
        )
        .where(
            HabilitationNominative.tenant_id == ctx.tenant_id,
            HabilitationNominative.compte_id == compte_id,
            HabilitationNominative.revoked_at.is_(None),
        )
    )
    return tuple(NominativeVue(*row) for row in found)


def may_hold(roles: tuple[Role, ...]) -> bool:
    """Whether registration by name would open anything to an account with these roles."""
    return any(role.famille in _CONCERNED for role in roles)


def grant_enregistrement(ctx: Context, compte_id: UUID) -> None:
    """Let the account register identities.

    Raises: CompteNotFound, AccessDenied, HabilitationRefused, OwnHabilitationRefused.
    """
    habilitations.require(ctx, "habilitation.grant")
    compte = queries.head(ctx, compte_id, lock=True)
    if compte is None:
        raise CompteNotFound
    if compte_id == ctx.acteur.id:
        raise OwnHabilitationRefused("Personne ne s’habilite soi-même. Demandez à un autre administrateur.")
    if not may_hold(tuple(map(Role, queries.open_roles(ctx, compte_id)))):
        raise HabilitationRefused(
            "Les professionnels de santé enregistrent par leur fonction. Cette habilitation est pour un administratif, un "
            "assistant ou un intervenant en prévention."
        )
    if any(one.code == ENREGISTREMENT for one in nominatives(ctx, compte_id)):
        raise HabilitationRefused("Ce compte est déjà habilité à enregistrer des identités.")
    ctx.session.execute(
        insert(HabilitationNominative).values(
            tenant_id=ctx.tenant_id,
            id=new_id(),
            compte_id=compte_id,
            code=ENREGISTREMENT,
            granted_at=ctx.clock.now(),
            granted_by=ctx.acteur.id,
        )
    )
    traces.record(ctx, "habilitation.grant", details={"compte": str(compte_id), "geste": "enregistrement_accorde"})


def revoke_nominative(ctx: Context, nominative_id: UUID) -> UUID:
    """Take it back; felt at the next request. Returns the account. Raises: HabilitationNotFound, AccessDenied."""
    habilitations.require(ctx, "habilitation.revoke")
    query = (
        update(HabilitationNominative)
        .where(
            HabilitationNominative.tenant_id == ctx.tenant_id,
            HabilitationNominative.id == nominative_id,
            HabilitationNominative.revoked_at.is_(None),
        )
        .values(revoked_at=ctx.clock.now(), revoked_by=ctx.acteur.id)
        .returning(HabilitationNominative.compte_id)
    )
    compte_id = ctx.session.scalar(query)
    if compte_id is None:
        raise HabilitationNotFound
    traces.record(ctx, "habilitation.revoke", details={"compte": str(compte_id), "geste": "enregistrement_retire"})
    return compte_id
