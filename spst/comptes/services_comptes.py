"""Accounts of an SPST, their roles and their sessions: what its direction does.

Every act is authorised, traced with the account that it touches, and takes effect at once: sessions of an account that
loses a role, or is suspended, end in the same transaction. Serves PGSSI-S (habilitations), AUTZ-05, AUTZ-06.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from spst.comptes import comptes_queries as queries
from spst.comptes import demandes, departs, independance, local, octroi_rules, octrois, remises, sessions
from spst.comptes.comptes_queries import CompteVu, HabilitationVue
from spst.comptes.errors import (
    CompteAlreadyExists,
    CompteNotFound,
    CompteRefused,
    HabilitationNotFound,
    HabilitationRefused,
    LastDirection,
    OwnCompteRefused,
)
from spst.comptes.local import Inscription
from spst.comptes.models import Compte, EquipeMembre, Habilitation
from spst.comptes.models_connexion import IdentiteElectronique, Rattachement
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.comptes.sessions import SessionVue
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.kernel.errors import NotFound
from spst.kernel.ids import new_id
from spst.kernel.locks import one_at_a_time
from spst.tenants import rules as tenant_rules
from spst.tenants import services as tenants
from spst.tenants.models import Equipe
from spst.tenants.services import DemandeSpst
from spst.traces import services as traces


@dataclass(frozen=True, slots=True)
class CompteCreated:
    """`inscription`: the one-time code of somebody without RPPS number, shown once."""

    compte_id: UUID
    inscription: Inscription | None


@dataclass(frozen=True, slots=True)
class Administrateur:
    """One of the two people with whom an SPST begins."""

    compte: DemandeCompte
    role: Role


def open_spst(
    ctx: Context, demande: DemandeSpst, administrateurs: Sequence[Administrateur], psc_issuer: str
) -> tuple[CompteCreated, ...]:
    """Create an SPST with its two first administrators; `ctx` is a service's, on a connection of spst_ops.

    Two, so that neither can be locked out nor grant himself anything; one at least is of the direction.
    Raises: CompteRefused, IdentiteLegaleRefused, SpstAlreadyExists, AccessDenied.
    """
    roles = [administrateur.role for administrateur in administrateurs]
    if len(roles) != 2 or Role.DIR not in roles or not set(roles) <= {Role.DIR, Role.DPO}:
        raise CompteRefused("Donnez exactement deux administrateurs\u00a0: DIR ou DPO, dont un DIR au moins.")
    habilitations.require(ctx, "tenant.create")
    tenants.create_tenant(ctx, demande)
    created = []
    for administrateur in administrateurs:
        compte = _add_compte(ctx, administrateur.compte, psc_issuer)
        octrois.add_role(ctx, compte.compte_id, DemandeRole(administrateur.role, ctx.clock.now()))
        created.append(compte)
    return tuple(created)


def list_comptes(ctx: Context, q: str = "") -> list[CompteVu]:
    habilitations.require(ctx, "compte.list")
    found = queries.comptes(ctx, q)
    traces.record(ctx, "compte.list")
    return found


def get_compte(ctx: Context, compte_id: UUID) -> CompteVu:
    """Raises: CompteNotFound."""
    habilitations.require(ctx, "compte.list")
    found = queries.comptes(ctx, only=compte_id)
    if not found:
        raise CompteNotFound
    traces.record(ctx, "compte.list")
    return found[0]


def get_habilitation(ctx: Context, habilitation_id: UUID) -> tuple[CompteVu, HabilitationVue]:
    """A role, whatever became of it, and the account that has or had it. Raises: HabilitationNotFound."""
    compte = get_compte(ctx, compte_of(ctx, habilitation_id))
    return compte, next(one for one in compte.habilitations if one.id == habilitation_id)


def compte_of(ctx: Context, habilitation_id: UUID) -> UUID:
    """The account that has or had a role. Raises: HabilitationNotFound."""
    return _habilitation(ctx, habilitation_id).compte_id


def is_last_direction(ctx: Context, compte_id: UUID) -> bool:
    """Whether nobody else could log in as the direction: this account can then neither lose that role nor be suspended."""
    habilitations.require(ctx, "compte.list")
    return _is_last_direction(ctx, compte_id)


def is_alone_in_direction(ctx: Context) -> bool:
    """Whether nobody else could confirm what the actor asks."""
    habilitations.require(ctx, "compte.list")
    return not queries.other_directions(ctx, ctx.acteur.id)


def list_sessions(ctx: Context, compte_id: UUID) -> list[SessionVue]:
    """Sessions that are open now. Raises: CompteNotFound."""
    octrois.head(ctx, compte_id)
    habilitations.require(ctx, "compte.list")
    found = sessions.of_account(ctx, compte_id)
    traces.record(ctx, "compte.list")
    return found


def create_compte(ctx: Context, demande: DemandeCompte, psc_issuer: str) -> CompteCreated:
    """Open an account without any role. With an RPPS number its holder comes by Pro Santé Connect, else by a code.

    Raises: CompteRefused, CompteAlreadyExists.
    """
    habilitations.require(ctx, "compte.create")
    created = _add_compte(ctx, demande, psc_issuer)
    traces.record(ctx, "compte.create", details={"compte": str(created.compte_id)})
    return created


def grant_habilitation(ctx: Context, compte_id: UUID, demande: DemandeRole) -> UUID:
    """Give a role; one of health, or of the direction, is only asked for, until somebody else confirms it (`demandes`).

    Returns the id of the role, or of the demand. Raises: CompteNotFound, HabilitationRefused.
    """
    octrois.check(ctx, octrois.authorised(ctx, compte_id, "habilitation.grant"), demande)
    if demandes.takes_two(ctx, demande.role):
        return demandes.ask(ctx, compte_id, demande)
    habilitation_id = octrois.add_role(ctx, compte_id, demande)
    traces.record(ctx, "habilitation.grant", details={"compte": str(compte_id), "role": str(demande.role)})
    return habilitation_id


def revoke_habilitation(ctx: Context, habilitation_id: UUID) -> UUID:
    """Take a role back; the sessions of the account end at once. Returns the account.

    Raises: HabilitationNotFound, HabilitationRefused, LastDirection.
    """
    compte_id = compte_of(ctx, habilitation_id)
    octrois.authorised(ctx, compte_id, "habilitation.revoke")
    held = _habilitation(ctx, habilitation_id)
    if held.revoked_at is not None:
        raise HabilitationRefused("Ce rôle est déjà retiré.")
    if held.ends_at is not None and held.ends_at <= ctx.clock.now():
        raise HabilitationRefused("Ce rôle est déjà terminé\u00a0: il n’ouvre plus rien.")
    if held.role == Role.DIR:
        keep_a_direction(ctx, compte_id)
    held.revoked_at, held.revoked_by = ctx.clock.now(), ctx.acteur.id
    ctx.session.flush()
    sessions.end_all(ctx, compte_id)
    traces.record(ctx, "habilitation.revoke", details={"compte": str(compte_id), "role": held.role})
    return compte_id


def restore_habilitation(ctx: Context, habilitation_id: UUID) -> tuple[UUID, Role]:
    """Grant again a role that was taken back, as it was; the account, and the role.

    It is a new grant: the time without it stays written, and a role of health takes two people again.

    Raises: HabilitationNotFound, HabilitationRefused.
    """
    compte_id = compte_of(ctx, habilitation_id)
    habilitations.require(ctx, "habilitation.grant")
    former = _habilitation(ctx, habilitation_id)
    if former.revoked_at is None:
        raise HabilitationRefused("Ce rôle n’a pas été retiré.")
    role, starts_at = Role(former.role), max(former.starts_at, ctx.clock.now())
    demande = DemandeRole(role, starts_at, former.ends_at, former.hors_structure, former.attestation)
    grant_habilitation(ctx, compte_id, demande)
    return compte_id, role


def suspend_compte(ctx: Context, compte_id: UUID, why: str) -> None:
    """Close an account until it is reopened; its roles stay written. Raises: CompteNotFound, CompteRefused, LastDirection."""
    octrois.authorised(ctx, compte_id, "compte.update")
    if compte_id == ctx.acteur.id:
        raise OwnCompteRefused("Personne ne suspend son propre compte. Demandez à un autre administrateur.")
    keep_a_direction(ctx, compte_id)
    _change(ctx, compte_id, suspended_at=ctx.clock.now(), suspended_why=why)
    sessions.end_all(ctx, compte_id)
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "suspension"})


def resume_compte(ctx: Context, compte_id: UUID) -> None:
    """Open an account again, with the roles it had; somebody who had left comes back without any. Raises: CompteNotFound."""
    compte = octrois.authorised(ctx, compte_id, "compte.update")
    independance.check_gift(ctx, compte_id)
    now = ctx.clock.now()
    if compte.departs_at is not None and compte.departs_at <= now:
        departs.end_rights(ctx, compte_id, compte.departs_at)
        _change(ctx, compte_id, departs_at=None)
    _change(ctx, compte_id, suspended_at=None, suspended_why=None, inusite=False, counted_from=now)
    if compte.rpps is None:
        remises.record(ctx, compte_id, remises.REOUVERTURE)
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "reouverture"})


def renew_inscription(ctx: Context, compte_id: UUID) -> Inscription:
    """Enrol somebody again who lost password, application and recovery codes; what he had is dead.

    Not one's own account: a stolen session would then be a stolen account. Raises: CompteNotFound, CompteRefused.
    """
    compte = octrois.authorised(ctx, compte_id, "compte.update")
    if compte_id == ctx.acteur.id:
        raise OwnCompteRefused("Personne ne se réinscrit soi-même. Demandez à un autre administrateur.")
    independance.check_gift(ctx, compte_id)
    identite_id = local.identity_of(ctx, compte_id)
    if compte.rpps is not None or identite_id is None:
        raise CompteRefused("Ce compte entre par Pro Santé Connect\u00a0: il n’a pas de code d’inscription.")
    inscription = local.issue_inscription(ctx, identite_id)
    remises.record(ctx, compte_id)
    sessions.end_all(ctx, compte_id)
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "reinscription"})
    return inscription


def revoke_sessions(ctx: Context, compte_id: UUID) -> int:
    """End all sessions of an account; returns how many. Raises: CompteNotFound."""
    octrois.authorised(ctx, compte_id, "session.revoke")
    ended = sessions.end_all(ctx, compte_id)
    traces.record(ctx, "session.revoke", details={"compte": str(compte_id)})
    return ended


def join_equipe(ctx: Context, compte_id: UUID, equipe_id: UUID) -> None:
    """Put an account in an équipe: it then follows the workers entrusted to it. Raises: NotFound, CompteRefused."""
    if ctx.session.scalar(select(Equipe.id).where(Equipe.tenant_id == ctx.tenant_id, Equipe.id == equipe_id)) is None:
        raise NotFound
    octrois.authorised(ctx, compte_id, "compte.update")
    if compte_id == ctx.acteur.id:
        raise OwnCompteRefused("Personne ne se place soi-même dans une équipe. Demandez à un autre administrateur.")
    independance.check_gift(ctx, compte_id)
    if any(equipe.equipe_id == equipe_id for equipe in queries.comptes(ctx, only=compte_id)[0].equipes):
        raise CompteRefused("Ce compte est déjà dans cette équipe.")
    ctx.session.execute(
        insert(EquipeMembre).values(
            tenant_id=ctx.tenant_id,
            id=new_id(),
            compte_id=compte_id,
            equipe_id=equipe_id,
            starts_at=ctx.clock.now(),
        )
    )
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "equipe_entree"})


def leave_equipe(ctx: Context, membre_id: UUID) -> UUID:
    """End a membership; returns the account. Raises: NotFound."""
    compte_id = queries.compte_of_membre(ctx, membre_id)
    if compte_id is None:
        raise NotFound
    octrois.authorised(ctx, compte_id, "compte.update")
    ctx.session.execute(
        update(EquipeMembre)
        .where(EquipeMembre.tenant_id == ctx.tenant_id, EquipeMembre.id == membre_id)
        .values(ends_at=ctx.clock.now())
    )
    traces.record(ctx, "compte.update", details={"compte": str(compte_id), "geste": "equipe_sortie"})
    return compte_id


def _habilitation(ctx: Context, habilitation_id: UUID) -> Habilitation:
    found = queries.habilitation(ctx, habilitation_id)
    if found is None:
        raise HabilitationNotFound
    return found


def keep_a_direction(ctx: Context, compte_id: UUID) -> None:
    """Two administrators who take each other's role away do it one after the other: the second is refused."""
    one_at_a_time(ctx, "direction", ctx.tenant_id)
    if _is_last_direction(ctx, compte_id):
        raise LastDirection


def _is_last_direction(ctx: Context, compte_id: UUID) -> bool:
    return str(Role.DIR) in queries.open_roles(ctx, compte_id) and not queries.other_directions(ctx, compte_id)


def _change(ctx: Context, compte_id: UUID, **values: object) -> None:
    ctx.session.execute(
        update(Compte).where(Compte.tenant_id == ctx.tenant_id, Compte.id == compte_id).values(**values)
    )


def _add_compte(ctx: Context, demande: DemandeCompte, psc_issuer: str) -> CompteCreated:
    demande = _clean(demande)
    octroi_rules.check_compte(demande)
    compte_id = new_id()
    try:
        ctx.session.execute(
            insert(Compte).values(
                tenant_id=ctx.tenant_id,
                id=compte_id,
                civilite=demande.civilite,
                prenom=demande.prenom,
                nom=demande.nom,
                rpps=demande.rpps,
                email=demande.email,
                created_at=ctx.clock.now(),
            )
        )
    except IntegrityError as error:
        raise CompteAlreadyExists from error
    if demande.rpps is not None:
        _attach_by_rpps(ctx, demande.rpps, compte_id, psc_issuer)
        return CompteCreated(compte_id, None)
    remises.record(ctx, compte_id)
    return CompteCreated(compte_id, local.add_identity(ctx, demande.email or "", compte_id))


def _clean(demande: DemandeCompte) -> DemandeCompte:
    return replace(
        demande,
        prenom=" ".join(demande.prenom.split()),
        nom=" ".join(demande.nom.split()),
        rpps=tenant_rules.compact(demande.rpps or "") or None,
        email=unicodedata.normalize("NFC", demande.email or "").strip() or None,
    )


def _attach_by_rpps(ctx: Context, rpps: str, compte_id: UUID, issuer: str) -> None:
    """The person is known by his RPPS number before Pro Santé Connect first names him (`sub`)."""
    identity = upsert(IdentiteElectronique).values(id=new_id(), iss=issuer, rpps=rpps)
    identite_id = ctx.session.scalar(
        identity.on_conflict_do_update(index_elements=["iss", "rpps"], set_={"rpps": rpps}).returning(
            IdentiteElectronique.id
        )
    )
    ctx.session.execute(
        insert(Rattachement).values(
            id=new_id(),
            identite_id=identite_id,
            tenant_id=ctx.tenant_id,
            compte_id=compte_id,
            created_at=ctx.clock.now(),
        )
    )
