"""What an account may do by name, beside its role: registration of identities (HAB-10), INSi, DMP, MSSanté (AUT-07).

Given by the direction, felt at once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from spst.comptes import comptes_queries as queries
from spst.comptes import independance
from spst.comptes.errors import CompteNotFound, HabilitationNotFound, HabilitationRefused, OwnHabilitationRefused
from spst.comptes.models import Compte, compte_stands
from spst.habilitations import services as habilitations
from spst.habilitations.models import HabilitationNominative
from spst.kernel.acteur import Famille, Role
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces
from spst.web.filters import personnel

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
_CONCERNED = {
    ENREGISTREMENT: frozenset({Famille.ADMINISTRATIF, Famille.DELEGUE}),
    "insi": frozenset({Famille.SANTE, Famille.ADMINISTRATIF, Famille.DELEGUE}),
    "dmp_consulter": frozenset({Famille.SANTE}),
    "dmp_alimenter": frozenset({Famille.SANTE}),
    "mssante": frozenset({Famille.SANTE, Famille.ADMINISTRATIF, Famille.DELEGUE}),
}
"""To whom each would open something: health professionals register by their function, and they alone meet the DMP."""


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
            Compte.civilite,
            Compte.prenom,
            Compte.nom,
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
    return tuple(
        NominativeVue(row.id, row.code, row.granted_at, row.nom and personnel(row.civilite, row.prenom, row.nom))
        for row in found
    )


def holders(ctx: Context) -> dict[str, tuple[str, ...]]:
    """Who may do what by name now, by code, as people are shown: neither suspended nor gone. Raises: AccessDenied."""
    habilitations.require(ctx, "moyen.consult")
    query = (
        select(HabilitationNominative.code, Compte.civilite, Compte.prenom, Compte.nom)
        .join(
            Compte,
            (Compte.tenant_id == HabilitationNominative.tenant_id) & (Compte.id == HabilitationNominative.compte_id),
        )
        .where(
            HabilitationNominative.tenant_id == ctx.tenant_id,
            HabilitationNominative.revoked_at.is_(None),
            compte_stands(ctx.clock.now()),
        )
        .order_by(Compte.nom, Compte.prenom)
    )
    found: dict[str, tuple[str, ...]] = dict.fromkeys(CODES, ())
    for code, *name in ctx.session.execute(query):
        found[code] += (personnel(*name),)
    return found


def may_hold(code: str, roles: tuple[Role, ...]) -> bool:
    """Whether this habilitation would open anything to an account with these roles."""
    return any(role.famille in _CONCERNED[code] for role in roles)


def grant(ctx: Context, compte_id: UUID, code: str) -> None:
    """Give a habilitation by name. `code`: one of CODES.

    Raises: CompteNotFound, AccessDenied, HabilitationRefused, OwnHabilitationRefused.
    """
    habilitations.require(ctx, "habilitation.grant")
    compte = queries.head(ctx, compte_id, lock=True)
    if compte is None:
        raise CompteNotFound
    if compte_id == ctx.acteur.id:
        raise OwnHabilitationRefused("Personne ne s’habilite soi-même. Demandez à un autre administrateur.")
    independance.check_gift(ctx, compte_id)
    if not may_hold(code, tuple(map(Role, queries.open_roles(ctx, compte_id)))):
        raise HabilitationRefused(_ELSEWHERE if code == ENREGISTREMENT else _NOTHING)
    if any(one.code == code for one in nominatives(ctx, compte_id)):
        raise HabilitationRefused(f"Ce compte est déjà habilité\u00a0: {CODES[code].titre.lower()}.")
    ctx.session.execute(
        insert(HabilitationNominative).values(
            tenant_id=ctx.tenant_id,
            id=new_id(),
            compte_id=compte_id,
            code=code,
            granted_at=ctx.clock.now(),
            granted_by=ctx.acteur.id,
        )
    )
    traces.record(ctx, "habilitation.grant", details={"compte": str(compte_id), "geste": f"{code}_accorde"})


def restore(ctx: Context, nominative_id: UUID) -> UUID:
    """Give again one that was taken back. Returns the account. Raises: HabilitationNotFound, and as `grant`."""
    habilitations.require(ctx, "habilitation.grant")
    query = select(HabilitationNominative).where(
        HabilitationNominative.tenant_id == ctx.tenant_id, HabilitationNominative.id == nominative_id
    )
    former = ctx.session.scalar(query)
    if former is None:
        raise HabilitationNotFound
    grant(ctx, former.compte_id, former.code)
    return former.compte_id


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
        .returning(HabilitationNominative.compte_id, HabilitationNominative.code)
    )
    row = ctx.session.execute(query).one_or_none()
    if row is None:
        raise HabilitationNotFound
    traces.record(ctx, "habilitation.revoke", details={"compte": str(row.compte_id), "geste": f"{row.code}_retire"})
    compte_id: UUID = row.compte_id
    return compte_id


_ELSEWHERE = (
    "Les professionnels de santé enregistrent par leur fonction. Cette habilitation est pour un administratif, un "
    "assistant ou un intervenant en prévention."
)
_NOTHING = "Aucun rôle de ce compte ne permet cette habilitation. Accordez-lui d’abord un rôle qui la porte."
