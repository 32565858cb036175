"""Reads of the accounts of one SPST, as pages show them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from spst.comptes.models import Compte, CompteNom, EquipeMembre, Habilitation
from spst.comptes.models_connexion import Authentificateur, Rattachement, SessionOuverte
from spst.comptes.rules import LIMITES, is_in_force
from spst.comptes.sessions import is_live
from spst.kernel.acteur import Role
from spst.kernel.context import Context
from spst.tenants.models import Equipe
from spst.web.filters import personnel


@dataclass(frozen=True, slots=True)
class HabilitationVue:
    """A role of an account. `etat`: "en_cours", "a_venir", "terminee", "retiree"."""

    id: UUID
    role: Role
    starts_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None
    hors_structure: bool
    attestation: str | None
    granted_by: str | None
    confirmed_by: str | None
    etat: str

    @property
    def is_open(self) -> bool:
        return self.etat in {"en_cours", "a_venir"}


@dataclass(frozen=True, slots=True)
class EquipeVue:
    """A membership of an équipe."""

    membre_id: UUID
    equipe_id: UUID
    nom: str


@dataclass(frozen=True, slots=True)
class CompteVu:
    """An account as the direction sees it. `inscription`: "a_faire" or "faite" on the second path, None with RPPS."""

    id: UUID
    civilite: str
    prenom: str
    nom: str
    rpps: str | None
    email: str | None
    created_at: datetime
    suspended_at: datetime | None
    suspended_why: str | None
    departs_at: datetime | None
    last_login_at: datetime | None
    counted_from: datetime
    inusite: bool
    has_left: bool
    inscription: str | None
    inscription_expires_at: datetime | None
    sessions: int
    habilitations: tuple[HabilitationVue, ...] = ()
    equipes: tuple[EquipeVue, ...] = ()

    @property
    def nom_complet(self) -> str:
        return personnel(self.civilite, self.prenom, self.nom)

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(h.role for h in self.habilitations if h.etat == "en_cours")


@dataclass(frozen=True, slots=True)
class CompteHead:
    """What rules ask about an account before it is changed."""

    id: UUID
    rpps: str | None
    email: str | None
    suspended_at: datetime | None
    departs_at: datetime | None


def head(ctx: Context, compte_id: UUID, *, lock: bool = False) -> CompteHead | None:
    """`lock`: until the end of the transaction, so that two administrators do not change the account at once.

    Only who may change the row can lock it: it is found first, locked once the act is authorised.
    """
    query = select(Compte.id, Compte.rpps, Compte.email, Compte.suspended_at, Compte.departs_at).where(
        Compte.tenant_id == ctx.tenant_id, Compte.id == compte_id
    )
    row = ctx.session.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else CompteHead(*row)


def habilitation(ctx: Context, habilitation_id: UUID) -> Habilitation | None:
    """A role as it was granted, whatever became of it: as the database has it now, once somebody else's act was awaited."""
    query = select(Habilitation).where(Habilitation.tenant_id == ctx.tenant_id, Habilitation.id == habilitation_id)
    return ctx.session.scalar(query.execution_options(populate_existing=True))


def compte_of_membre(ctx: Context, membre_id: UUID) -> UUID | None:
    """The account whose membership of an équipe still runs."""
    return ctx.session.scalar(
        select(EquipeMembre.compte_id).where(
            EquipeMembre.tenant_id == ctx.tenant_id, EquipeMembre.id == membre_id, EquipeMembre.ends_at.is_(None)
        )
    )


def comptes(ctx: Context, q: str = "", only: UUID | None = None) -> list[CompteVu]:
    """Accounts by name; `q`: words of the name, of a former one, an RPPS number or an address."""
    query = _query(ctx)
    if only is not None:
        query = query.where(Compte.id == only)
    for word in q.split():
        columns = (Compte.nom, Compte.prenom, Compte.rpps, Compte.email)
        named = or_(*(column.icontains(word, autoescape=True) for column in columns))
        query = query.where(or_(named, Compte.id.in_(_once_called(ctx, word))))
    rows = ctx.session.execute(query.order_by(Compte.nom, Compte.prenom, Compte.id)).mappings().all()
    ids = [row["id"] for row in rows]
    departures = {row["id"]: row["departs_at"] for row in rows if row["departs_at"] is not None}
    roles = _habilitations(ctx, ids, departures)
    teams = _equipes(ctx, [row["id"] for row in rows if not row["has_left"]])
    return [_compte(dict(row), tuple(roles[row["id"]]), tuple(teams[row["id"]])) for row in rows]


def _once_called(ctx: Context, word: str) -> Select[UUID]:
    named = (column.icontains(word, autoescape=True) for column in (CompteNom.nom, CompteNom.prenom))
    return select(CompteNom.compte_id).where(CompteNom.tenant_id == ctx.tenant_id, or_(*named))


def _query(ctx: Context) -> Any:
    """One row per account: its own columns, its enrolment on the second path, its sessions that are open now."""
    tenant, now = ctx.tenant_id, ctx.clock.now()
    local = (
        select(
            Rattachement.compte_id.label("compte_id"),
            Authentificateur.totp_confirmed_at.label("confirmed_at"),
            Authentificateur.inscription_expires_at.label("inscription_expires_at"),
        )
        .join(Authentificateur, Authentificateur.identite_id == Rattachement.identite_id)
        .where(Rattachement.tenant_id == tenant, Rattachement.revoked_at.is_(None))
        .subquery()
    )
    sessions = (
        select(SessionOuverte.acteur_id.label("compte_id"), func.count().label("n"))
        .where(
            SessionOuverte.tenant_id == tenant,
            SessionOuverte.espace == "pro",
            is_live(now, LIMITES["pro"].inactivite),
        )
        .group_by(SessionOuverte.acteur_id)
        .subquery()
    )
    columns = [
        getattr(Compte, name)
        for name in (
            "id",
            "civilite",
            "prenom",
            "nom",
            "rpps",
            "email",
            "created_at",
            "suspended_at",
            "suspended_why",
            "departs_at",
            "last_login_at",
            "counted_from",
            "inusite",
        )
    ]
    return (
        select(
            *columns,
            local.c.compte_id.label("local"),
            local.c.confirmed_at,
            local.c.inscription_expires_at,
            func.coalesce(sessions.c.n, 0).label("sessions"),
            func.coalesce(Compte.departs_at <= now, false()).label("has_left"),
        )
        .outerjoin(local, local.c.compte_id == Compte.id)
        .outerjoin(sessions, sessions.c.compte_id == Compte.id)
        .where(Compte.tenant_id == tenant)
    )


def _compte(values: dict[str, Any], roles: tuple[HabilitationVue, ...], teams: tuple[EquipeVue, ...]) -> CompteVu:
    local, confirmed_at = values.pop("local"), values.pop("confirmed_at")
    inscription = None if local is None else ("faite" if confirmed_at else "a_faire")
    return CompteVu(**values, inscription=inscription, habilitations=roles, equipes=teams)


def _habilitations(
    ctx: Context, ids: Sequence[UUID], departures: Mapping[UUID, datetime]
) -> dict[UUID, list[HabilitationVue]]:
    granter, second = Compte.__table__.alias("granter"), Compte.__table__.alias("second")
    query = (
        select(
            Habilitation.compte_id,
            Habilitation.id,
            Habilitation.role,
            Habilitation.starts_at,
            Habilitation.ends_at,
            Habilitation.revoked_at,
            Habilitation.hors_structure,
            Habilitation.attestation,
            granter.c.civilite,
            granter.c.prenom,
            granter.c.nom,
            second.c.civilite.label("c_civilite"),
            second.c.prenom.label("c_prenom"),
            second.c.nom.label("c_nom"),
        )
        .outerjoin(granter, (granter.c.tenant_id == Habilitation.tenant_id) & (granter.c.id == Habilitation.granted_by))
        .outerjoin(second, (second.c.tenant_id == Habilitation.tenant_id) & (second.c.id == Habilitation.confirmed_by))
        .where(Habilitation.tenant_id == ctx.tenant_id, Habilitation.compte_id.in_(ids))
        .order_by(Habilitation.starts_at, Habilitation.id)
    )
    found: dict[UUID, list[HabilitationVue]] = defaultdict(list)
    for row in ctx.session.execute(query).mappings():
        values = dict(row)
        compte_id = values.pop("compte_id")
        values["ends_at"] = min(filter(None, (values["ends_at"], departures.get(compte_id))), default=None)
        etat = _etat(values["starts_at"], values["ends_at"], values["revoked_at"], ctx.clock.now())
        granted_by = _name(values, "civilite", "prenom", "nom")
        confirmed_by = _name(values, "c_civilite", "c_prenom", "c_nom")
        values |= {"role": Role(values["role"]), "granted_by": granted_by, "confirmed_by": confirmed_by, "etat": etat}
        found[compte_id].append(HabilitationVue(**values))
    return found


def _name(values: dict[str, Any], *parts: str) -> str | None:
    name = [values.pop(part) for part in parts]
    return personnel(*name) if name[-1] is not None else None


def _etat(starts_at: datetime, ends_at: datetime | None, revoked_at: datetime | None, now: datetime) -> str:
    if is_in_force(starts_at, ends_at, revoked_at, now):
        return "en_cours"
    if revoked_at is not None:
        return "retiree"
    return "a_venir" if now < starts_at else "terminee"


def _equipes(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, list[EquipeVue]]:
    now = ctx.clock.now()
    query = (
        select(EquipeMembre.compte_id, EquipeMembre.id, Equipe.id, Equipe.nom)
        .join(Equipe, (Equipe.tenant_id == EquipeMembre.tenant_id) & (Equipe.id == EquipeMembre.equipe_id))
        .where(
            EquipeMembre.tenant_id == ctx.tenant_id,
            EquipeMembre.compte_id.in_(ids),
            EquipeMembre.starts_at <= now,
            or_(EquipeMembre.ends_at.is_(None), EquipeMembre.ends_at > now),
        )
        .order_by(Equipe.nom)
    )
    found: dict[UUID, list[EquipeVue]] = defaultdict(list)
    for compte_id, membre_id, equipe_id, nom in ctx.session.execute(query):
        found[compte_id].append(EquipeVue(membre_id, equipe_id, nom))
    return found


def open_roles(ctx: Context, compte_id: UUID) -> set[str]:
    """Roles that the account holds or will hold."""
    now = ctx.clock.now()
    query = (
        select(Habilitation.role)
        .join(Compte, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.compte_id))
        .where(
            Habilitation.tenant_id == ctx.tenant_id,
            Habilitation.compte_id == compte_id,
            Habilitation.revoked_at.is_(None),
            or_(Habilitation.ends_at.is_(None), Habilitation.ends_at > now),
            or_(Compte.departs_at.is_(None), Compte.departs_at > now),
        )
    )
    return set(ctx.session.scalars(query))


def other_directions(ctx: Context, compte_id: UUID) -> int:
    """Accounts of the direction, beside this one, that could log in now, and whose departure is not planned."""
    now = ctx.clock.now()
    return _count_directions(
        ctx,
        compte_id,
        Habilitation.revoked_at.is_(None),
        Habilitation.starts_at <= now,
        or_(Habilitation.ends_at.is_(None), Habilitation.ends_at > now),
        Compte.suspended_at.is_(None),
        Compte.departs_at.is_(None),
        or_(Compte.rpps.is_not(None), Compte.id.in_(_enrolled(ctx))),
    )


def lately_directions(ctx: Context, compte_id: UUID, since: datetime) -> int:
    """Accounts beside this one that are of the direction, or were after `since`: whether they can log in now does not count, as
    one person alone can suspend the others, or note that they leave."""
    ends = (Habilitation.revoked_at, Habilitation.ends_at, Compte.suspended_at, Compte.departs_at)
    return _count_directions(ctx, compte_id, *(or_(end.is_(None), end > since) for end in ends))


def _count_directions(ctx: Context, compte_id: UUID, *conditions: ColumnElement[bool]) -> int:
    """Accounts beside this one that have the role of direction, under conditions."""
    query = (
        select(func.count(Habilitation.compte_id.distinct()))
        .join(Compte, (Compte.tenant_id == Habilitation.tenant_id) & (Compte.id == Habilitation.compte_id))
        .where(
            Habilitation.tenant_id == ctx.tenant_id,
            Habilitation.role == str(Role.DIR),
            Habilitation.compte_id != compte_id,
            *conditions,
        )
    )
    return int(ctx.session.scalar(query) or 0)


def _enrolled(ctx: Context) -> Select[UUID]:
    """Accounts that enter by password and code, and have finished their enrolment."""
    return (
        select(Rattachement.compte_id)
        .join(Authentificateur, Authentificateur.identite_id == Rattachement.identite_id)
        .where(
            Rattachement.tenant_id == ctx.tenant_id,
            Rattachement.revoked_at.is_(None),
            Authentificateur.totp_confirmed_at.is_not(None),
        )
    )
