"""A role of health takes two people of the direction: one asks for it, another confirms it. Until then it opens nothing.

Neither for himself. The database holds the same (`role_demande`, `habilitation`). Serves PGSSI-S, AUTZ-06, AUT-06.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from spst.comptes import comptes_queries, independance, octroi_rules, octrois
from spst.comptes.errors import (
    DemandeNotFound,
    HabilitationRefused,
    OwnDemandeRefused,
    OwnHabilitationRefused,
)
from spst.comptes.models import Compte, RoleDemande
from spst.comptes.octroi_rules import DemandeRole
from spst.habilitations import deux_personnes
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.traces import services as traces
from spst.web.filters import personnel

ACCORDEE, ECARTEE = "accordee", "ecartee"


@dataclass(frozen=True, slots=True)
class DemandeVue:
    """A demand that waits. `personne`, `asked_by_nom`: as they are shown; `is_own`, `is_asker`: of whoever reads.

    `obstacle`: why whoever reads cannot confirm it yet, in a sentence.
    """

    id: UUID
    compte_id: UUID
    personne: str
    role: Role
    starts_at: datetime
    ends_at: datetime | None
    hors_structure: bool
    attestation: str | None
    asked_at: datetime
    asked_by_nom: str | None
    is_own: bool
    is_asker: bool
    obstacle: str | None = None

    @property
    def may_confirm(self) -> bool:
        return not (self.is_own or self.is_asker or self.obstacle)


def waiting(ctx: Context, compte_id: UUID | None = None) -> tuple[DemandeVue, ...]:
    """Demands that nobody has closed, the oldest first; of one account when it is named. Raises: AccessDenied."""
    habilitations.require(ctx, "compte.list")
    asker = Compte.__table__.alias("asker")
    query = (
        select(RoleDemande, Compte.civilite, Compte.prenom, Compte.nom, asker.c.civilite, asker.c.prenom, asker.c.nom)
        .join(Compte, (Compte.tenant_id == RoleDemande.tenant_id) & (Compte.id == RoleDemande.compte_id))
        .outerjoin(asker, (asker.c.tenant_id == RoleDemande.tenant_id) & (asker.c.id == RoleDemande.asked_by))
        .where(RoleDemande.tenant_id == ctx.tenant_id, RoleDemande.closed_at.is_(None))
        .order_by(RoleDemande.asked_at, RoleDemande.id)
    )
    if compte_id is not None:
        query = query.where(RoleDemande.compte_id == compte_id)
    found = [
        _vue(ctx, row, personnel(*names[:3]), personnel(*names[3:]) if names[5] is not None else None)
        for row, *names in ctx.session.execute(query)
    ]
    return tuple(_with_obstacles(ctx, found))


def _with_obstacles(ctx: Context, found: list[tuple[UUID, DemandeVue]]) -> Iterator[DemandeVue]:
    why = deux_personnes.obstacles(ctx, {asker for asker, _ in found}) if found else {}
    for asker, one in found:
        yield one if one.is_own or one.is_asker else replace(one, obstacle=why.get(asker))


def ask(ctx: Context, compte_id: UUID, demande: DemandeRole) -> UUID:
    """Ask for a role that takes two people; the caller has authorised the act and checked the role."""
    if is_asked(ctx, compte_id, demande.role):
        raise HabilitationRefused("Ce rôle est déjà demandé pour ce compte. Une autre personne doit le confirmer.")
    demande_id = new_id()
    ctx.session.execute(
        insert(RoleDemande).values(
            tenant_id=ctx.tenant_id,
            id=demande_id,
            compte_id=compte_id,
            role=str(demande.role),
            starts_at=demande.starts_at,
            ends_at=demande.ends_at,
            hors_structure=demande.hors_structure,
            attestation=demande.attestation,
            asked_at=ctx.clock.now(),
            asked_by=ctx.acteur.id,
        )
    )
    details = {"compte": str(compte_id), "role": str(demande.role), "geste": "role_demande"}
    traces.record(ctx, "habilitation.grant", details=details)
    return demande_id


def confirm(ctx: Context, demande_id: UUID) -> tuple[UUID, Role]:
    """Grant what somebody else asked for, from now at the earliest; the account, and the role.

    Everything is checked again: the account may have changed since.
    Raises: DemandeNotFound, HabilitationRefused, OwnDemandeRefused, OwnHabilitationRefused, NotYetTwoPeople.
    """
    asked = _locked(ctx, demande_id, "habilitation.grant")
    if asked.asked_by == ctx.acteur.id:
        raise OwnDemandeRefused
    if asked.compte_id == ctx.acteur.id:
        raise OwnHabilitationRefused
    deux_personnes.require(ctx, asked.asked_by, "habilitation.grant")
    demande = replace(_demande(asked), starts_at=max(asked.starts_at, ctx.clock.now()))
    octrois.check(ctx, octrois.head(ctx, asked.compte_id), demande)
    _close(ctx, demande_id, ACCORDEE)
    octrois.add_role(ctx, asked.compte_id, demande, demande_id=demande_id, asked_by=asked.asked_by)
    details = {"compte": str(asked.compte_id), "role": asked.role, "geste": "role_confirme"}
    traces.record(ctx, "habilitation.grant", details=details)
    return asked.compte_id, demande.role


def dismiss(ctx: Context, demande_id: UUID) -> UUID:
    """Set a demand aside, which one person may do, the one who asked too. Returns the account.

    Raises: DemandeNotFound, HabilitationRefused.
    """
    asked = _locked(ctx, demande_id, "habilitation.revoke")
    _close(ctx, demande_id, ECARTEE)
    details = {"compte": str(asked.compte_id), "role": asked.role, "geste": "role_ecarte"}
    traces.record(ctx, "habilitation.revoke", details=details)
    return asked.compte_id


def compte_of(ctx: Context, demande_id: UUID) -> UUID:
    """The account for which a role was asked. Raises: DemandeNotFound."""
    return _find(ctx, demande_id).compte_id


def _locked(ctx: Context, demande_id: UUID, action: str) -> RoleDemande:
    """The demand as it stands once its account is locked: of two who close it at once, the second is told."""
    octrois.authorised(ctx, compte_of(ctx, demande_id), action)
    asked = _find(ctx, demande_id)
    if asked.closed_at is not None:
        raise HabilitationRefused("Cette demande est déjà close. Relisez les rôles de ce compte.")
    return asked


def _find(ctx: Context, demande_id: UUID) -> RoleDemande:
    query = select(RoleDemande).where(RoleDemande.tenant_id == ctx.tenant_id, RoleDemande.id == demande_id)
    found = ctx.session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise DemandeNotFound
    return found


def _close(ctx: Context, demande_id: UUID, issue: str) -> None:
    ctx.session.execute(
        update(RoleDemande)
        .where(RoleDemande.tenant_id == ctx.tenant_id, RoleDemande.id == demande_id)
        .values(closed_at=ctx.clock.now(), closed_by=ctx.acteur.id, issue=issue)
    )


def _demande(row: RoleDemande) -> DemandeRole:
    return DemandeRole(Role(row.role), row.starts_at, row.ends_at, row.hors_structure, row.attestation)


def _vue(ctx: Context, row: RoleDemande, personne: str, asked_by_nom: str | None) -> tuple[UUID, DemandeVue]:
    return row.asked_by, DemandeVue(
        id=row.id,
        compte_id=row.compte_id,
        personne=personne,
        role=Role(row.role),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        hors_structure=row.hors_structure,
        attestation=row.attestation,
        asked_at=row.asked_at,
        asked_by_nom=asked_by_nom,
        is_own=row.compte_id == ctx.acteur.id,
        is_asker=row.asked_by == ctx.acteur.id,
    )


def is_asked(ctx: Context, compte_id: UUID, role: Role) -> bool:
    """Whether a role waits for a second person, for this account."""
    return any(one.role is role for one in waiting(ctx, compte_id))


def takes_two(ctx: Context, role: Role) -> bool:
    """Roles of health do; that of the direction too, as long as somebody else has it, or had it these last days: one person who
    made himself a colleague would be two."""
    since = ctx.clock.now() - independance.DELAI
    return role in octroi_rules.A_DEUX or (
        role is Role.DIR and comptes_queries.lately_directions(ctx, ctx.acteur.id, since) > 0
    )
