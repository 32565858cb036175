"""Sessions as the server keeps them, in the table `session`: the store of the pages, and what ends a session from outside.

Each request reads its session and, in the same transaction, whether the account and the role still stand, or in the portal the
link: what is taken away is gone at the next request (ASVS 8.3.2).

A row says in whose name contexts are signed, and no wall stands around its table: it carries the seal of this program (`sceaux`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from spst.comptes import rules
from spst.comptes.models import Compte, Habilitation, compte_stands
from spst.comptes.models_connexion import SessionOuverte
from spst.comptes.sceaux import Sceau
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Acteur, Famille, Role
from spst.kernel.context import Context
from spst.kernel.errors import ServiceUnavailable
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.kernel.signing import sign_context
from spst.tenants.models import Tenant
from spst.traces import services as traces
from spst.web.ports import Espace, SessionRecord, Utilisateur, take_out

_SESSION = cast(Table, SessionOuverte.__table__)
_TENANT = cast(Table, Tenant.__table__)
_COMPTE = cast(Table, Compte.__table__)
_HABILITATION = cast(Table, Habilitation.__table__)
MOYEN = "moyen"
"""In `data`, how somebody proved who he is, when his browser holds no session of the provider: its end is not asked of it."""
_BIND = text("SELECT set_config('spst.ctx', :context, true)")

_LIVE = select(
    _SESSION, _TENANT.c.nom.label("spst"), _TENANT.c.slug, _TENANT.c.suspended_at.label("spst_suspended_at")
).select_from(_SESSION.outerjoin(_TENANT, _TENANT.c.id == _SESSION.c.tenant_id))

_ROLES = (
    select(
        _COMPTE.c.civilite,
        _COMPTE.c.prenom,
        _COMPTE.c.nom,
        _HABILITATION.c.starts_at,
        _HABILITATION.c.ends_at,
        _HABILITATION.c.revoked_at,
    )
    .join(
        _HABILITATION,
        (_HABILITATION.c.tenant_id == _COMPTE.c.tenant_id) & (_HABILITATION.c.compte_id == _COMPTE.c.id),
    )
    .where(
        _COMPTE.c.tenant_id == bindparam("tenant_id"),
        _COMPTE.c.id == bindparam("compte_id"),
        compte_stands(bindparam("now")),
        _HABILITATION.c.role == bindparam("role"),
    )
)
"""Built once: it runs at each request."""

SCEAU = Sceau(
    "session",
    (
        "id_hash",
        "espace",
        "identite_id",
        "tenant_id",
        "acteur_id",
        "role",
        "dossier_id",
        "facteurs",
        "auth_at",
        "situation",
        "agent_hash",
        "inactivite_min",
        "created_at",
        "expires_at",
        "data",
    ),
)
"""`last_seen_at` is left out: it moves every minute, and `expires_at` bounds whatever it says."""


LinkStands = Callable[[Connection, UUID, UUID, UUID], bool]
"""Whether an identity still enters the portal of an SPST as a travailleur, asked under his own context: tenant, identity, he."""


@dataclass(frozen=True, slots=True)
class SessionVue:
    """A session as its owner sees it in the list of his own."""

    id_hash: str
    auth_at: datetime | None
    last_seen_at: datetime
    ends_at: datetime
    role: Role
    situation: str | None
    has_provider: bool
    """Opened through the page of Pro Santé Connect, where this browser may have a session that outlives it."""


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """What is left to do once a session is gone: end it at the provider too. `moyen`: as in `data`, where one was kept."""

    identite_id: UUID | None
    idp_sealed: bytes | None
    moyen: str | None = None


@dataclass(frozen=True, slots=True)
class SessionOfProvider:
    id_hash: str
    tenant_id: UUID
    acteur_id: UUID
    role: Role


class SessionsInDatabase:
    """Implements `spst.web.ports.SessionStore`."""

    def __init__(self, runtime: Runtime, link_stands: LinkStands) -> None:
        self._runtime = runtime
        self._link_stands = link_stands

    def load(self, id_hash: str, espace: Espace, agent_hash: str, *, prolong: bool) -> SessionRecord | None:
        with self._transaction() as connection:
            row = connection.execute(_LIVE.where(_SESSION.c.id_hash == id_hash)).first()
            if row is None or not _is_ours(connection, self._runtime, row) or row.espace != espace:
                return None
            now = self._runtime.clock.now()
            user = self._user(connection, row, now)
            if not self._is_live(row, agent_hash, now) or (row.tenant_id is not None and user is None):
                connection.execute(delete(_SESSION).where(_SESSION.c.id_hash == id_hash))
                return None
            seen = _mark(connection, row, now) if prolong else row.last_seen_at
            return SessionRecord(
                id_hash=id_hash,
                espace=espace,
                ends_at=rules.ends_at(espace, seen, row.expires_at, row.inactivite_min),
                data=row.data,
                facteurs=row.facteurs,
                identite_id=row.identite_id,
                user=user,
            )

    def create(self, id_hash: str, espace: Espace, agent_hash: str, data: Mapping[str, Any]) -> None:
        now = self._runtime.clock.now()
        with self._transaction() as connection:
            values = {
                "id_hash": id_hash,
                "espace": str(espace),
                "agent_hash": agent_hash,
                "data": dict(data),
                "facteurs": 0,
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + rules.AVANT_CONNEXION,
            }
            connection.execute(insert(_SESSION).values(SCEAU.sealed(self._runtime.keyring, values)))

    def save_data(self, id_hash: str, data: Mapping[str, Any]) -> None:
        self._change(id_hash, {"data": dict(data)})

    def take(self, id_hash: str, *path: str) -> Any:
        with self._transaction() as connection:
            row = self._locked(connection, id_hash)
            taken = None if row is None else take_out(row.data, path)
            if row is not None and taken is not None:
                self._renew(connection, row, {"data": row.data})
            return taken

    def rename(self, id_hash: str, new_hash: str) -> None:
        self._change(id_hash, {"id_hash": new_hash})

    def delete(self, id_hash: str) -> None:
        with self._transaction() as connection:
            connection.execute(delete(_SESSION).where(_SESSION.c.id_hash == id_hash))

    def _change(self, id_hash: str, values: Mapping[str, Any]) -> None:
        with self._transaction() as connection:
            row = self._locked(connection, id_hash)
            if row is not None:
                self._renew(connection, row, values)

    def _locked(self, connection: Connection, id_hash: str) -> Row[Any] | None:
        """The row as it stands now, held until it is renewed.

        Its seal is checked first: what was changed since the session was read would otherwise be sealed with the rest.
        """
        row = connection.execute(select(_SESSION).where(_SESSION.c.id_hash == id_hash).with_for_update()).first()
        return row if row is not None and _is_ours(connection, self._runtime, row) else None

    def _renew(self, connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> None:
        changed = SCEAU.sealed(self._runtime.keyring, {**row._asdict(), **values})
        query = update(_SESSION).where(_SESSION.c.id_hash == row.id_hash)
        connection.execute(query.values({name: changed[name] for name in (*values, "sceau")}))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._runtime.engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise ServiceUnavailable("La base de données ne répond pas. Rien n’est perdu.") from error

    def _is_live(self, row: Row[Any], agent_hash: str, now: datetime) -> bool:
        ends_at = rules.ends_at(row.espace, row.last_seen_at, row.expires_at, row.inactivite_min)
        return row.agent_hash == agent_hash and now < ends_at

    def _user(self, connection: Connection, row: Row[Any], now: datetime) -> Utilisateur | None:
        if row.tenant_id is None or row.spst_suspended_at is not None:
            return None
        acteur = Acteur(row.acteur_id, Role(row.role), row.id_hash, row.facteurs)
        context = sign_context(self._runtime.context_key, row.tenant_id, acteur, datetime.now(UTC))
        connection.execute(_BIND, {"context": context})
        nom = self._standing(connection, row, acteur, now)
        if nom is None:
            return None
        return Utilisateur(
            acteur=acteur,
            tenant_id=row.tenant_id,
            spst=row.spst,
            slug=row.slug,
            nom=nom,
            dossier_id=row.dossier_id,
            situation=row.situation,
            auth_at=row.auth_at,
        )

    def _standing(self, connection: Connection, row: Row[Any], acteur: Acteur, now: datetime) -> str | None:
        """The name to show, when whoever opened the session would still be let in; none is shown in the portal."""
        if acteur.famille is not Famille.TRAVAILLEUR:
            return self._name(connection, row.tenant_id, acteur, now)
        stands = row.identite_id is not None and self._link_stands(
            connection, row.tenant_id, row.identite_id, acteur.id
        )
        return "" if stands else None

    def _name(self, connection: Connection, tenant_id: UUID, acteur: Acteur, now: datetime) -> str | None:
        """The name of the account, when it is neither suspended nor gone, and holds the role of the session."""
        found = connection.execute(
            _ROLES, {"tenant_id": tenant_id, "compte_id": acteur.id, "role": str(acteur.role), "now": now}
        ).all()
        standing = [row for row in found if rules.is_in_force(row.starts_at, row.ends_at, row.revoked_at, now)]
        return f"{standing[0].civilite} {standing[0].prenom} {standing[0].nom}" if standing else None


def _is_ours(connection: Connection | Session, runtime: Runtime, row: Row[Any]) -> bool:
    """Whether this program wrote the row as it stands; when not, it is gone, and noted without anything that it said."""
    if SCEAU.holds(runtime.keyring, row._asdict()):
        return True
    connection.execute(delete(_SESSION).where(_SESSION.c.id_hash == row.id_hash))
    traces.add_technical(connection, runtime.clock, "session.falsifiee", 3, {}, new_id())
    return False


def _mark(connection: Connection, row: Row[Any], now: datetime) -> datetime:
    """Write down that somebody acted, at most once a minute."""
    if now - row.last_seen_at < rules.MARQUE:
        last: datetime = row.last_seen_at
        return last
    connection.execute(update(_SESSION).where(_SESSION.c.id_hash == row.id_hash).values(last_seen_at=now))
    return now


def add(ctx: Context, espace: Espace, **values: Any) -> None:
    """Store a session that a log-in opens, in the transaction that traces it. `values`: columns of `session`."""
    now = ctx.clock.now()
    limit = now + rules.LIMITES[espace].absolue
    pro = espace is Espace.PRO
    row = {
        "inactivite_min": habilitations.choix_in_force(ctx).inactivite_min if pro else None,
        "espace": str(espace),
        "tenant_id": ctx.tenant_id,
        "facteurs": 0,
        "data": {},
        "created_at": now,
        "last_seen_at": now,
        "expires_at": limit,
        **values,
    }
    ctx.session.execute(insert(_SESSION).values(SCEAU.sealed(ctx.runtime.keyring, row)))


def remove(session: Session, id_hash: str) -> None:
    session.execute(delete(_SESSION).where(_SESSION.c.id_hash == id_hash))


def take(ctx: Context, acteur_id: UUID, id_hash: str) -> SessionClosed | None:
    """Delete one session of an account of this SPST; None when it has none such.

    The ID token of a row that is not ours is perhaps somebody else's, and goes nowhere.
    """
    query = delete(_SESSION).where(
        _SESSION.c.id_hash == id_hash, _SESSION.c.tenant_id == ctx.tenant_id, _SESSION.c.acteur_id == acteur_id
    )
    row = ctx.session.execute(query.returning(*_SESSION.c)).one_or_none()
    if row is None:
        return None
    if not _is_ours(ctx.session, ctx.runtime, row):
        return SessionClosed(None, None)
    return SessionClosed(row.identite_id, row.idp_sealed, row.data.get(MOYEN))


def of_provider(
    connection: Connection, runtime: Runtime, identite_id: UUID | None, sid: str | None
) -> list[SessionOfProvider]:
    """Sessions that one session of the provider opened, or all those of a person when it names none."""
    query = select(_SESSION).where(_SESSION.c.tenant_id.is_not(None), _from_provider(identite_id, sid))
    return [
        SessionOfProvider(row.id_hash, row.tenant_id, row.acteur_id, Role(row.role))
        for row in connection.execute(query).all()
        if _is_ours(connection, runtime, row)
    ]


def remove_pending(connection: Connection, sid: str) -> None:
    """Log-ins under way that came from a session of the provider."""
    pending = _SESSION.c.data["connexion"]["idp_sid"].astext == sid
    connection.execute(delete(_SESSION).where(_SESSION.c.tenant_id.is_(None), pending))


def _from_provider(identite_id: UUID | None, sid: str | None) -> ColumnElement[bool]:
    of_person = _SESSION.c.identite_id == identite_id if identite_id is not None else true()
    if sid is not None:
        return and_(_SESSION.c.idp_sid == sid, of_person)
    return of_person if identite_id is not None else literal(False)


def of_account(ctx: Context, compte_id: UUID) -> list[SessionVue]:
    """Sessions of an account that live now, the last opened first."""
    now = ctx.clock.now()
    query = (
        select(_SESSION)
        .where(_SESSION.c.tenant_id == ctx.tenant_id, _SESSION.c.acteur_id == compte_id)
        .order_by(_SESSION.c.created_at.desc())
    )
    seen = (
        SessionVue(
            id_hash=row.id_hash,
            auth_at=row.auth_at,
            last_seen_at=row.last_seen_at,
            ends_at=rules.ends_at(row.espace, row.last_seen_at, row.expires_at, row.inactivite_min),
            role=Role(row.role),
            situation=row.situation,
            has_provider=row.idp_sealed is not None and MOYEN not in row.data,
        )
        for row in ctx.session.execute(query)
    )
    return [one for one in seen if now < one.ends_at]


def end_all(ctx: Context, compte_id: UUID, *, role: Role | None = None, but: str | None = None) -> int:
    """End the sessions of an account (under one role only, all but one): at their next request they are gone.

    Returns how many there were. Called in the transaction of the act that ends them, which leaves the trace.
    """
    query = delete(_SESSION).where(_SESSION.c.tenant_id == ctx.tenant_id, _SESSION.c.acteur_id == compte_id)
    if role is not None:
        query = query.where(_SESSION.c.role == str(role))
    if but is not None:
        query = query.where(_SESSION.c.id_hash != but)
    return len(ctx.session.execute(query.returning(_SESSION.c.id_hash)).all())


def hold_idleness(ctx: Context, inactivite_min: int) -> None:
    """Have the open sessions of the staff follow the limit of the SPST, as it stands now: felt at their next request."""
    query = select(_SESSION).where(
        _SESSION.c.tenant_id == ctx.tenant_id,
        _SESSION.c.espace == str(Espace.PRO),
        _SESSION.c.inactivite_min != inactivite_min,
    )
    changed = [
        SCEAU.sealed(ctx.runtime.keyring, {**row._asdict(), "inactivite_min": inactivite_min})
        for row in ctx.session.execute(query.with_for_update()).all()
        if _is_ours(ctx.session, ctx.runtime, row)
    ]
    if changed:
        one = update(_SESSION).where(_SESSION.c.id_hash == bindparam("key"))
        values = [{"key": row["id_hash"], "min": inactivite_min, "seal": row["sceau"]} for row in changed]
        ctx.session.connection().execute(one.values(inactivite_min=bindparam("min"), sceau=bindparam("seal")), values)


def is_live(now: datetime, inactivite: timedelta) -> ColumnElement[bool]:
    """Whether a stored session is neither idle, by its SPST's limit or else by `inactivite`, nor too old."""
    idle = func.coalesce(func.make_interval(0, 0, 0, 0, 0, _SESSION.c.inactivite_min), inactivite)
    return (_SESSION.c.last_seen_at > now - idle) & (_SESSION.c.expires_at > now)


def purge(runtime: Runtime) -> int:
    """Delete the sessions that have ended by idleness or by age; returns how many."""
    now = runtime.clock.now()
    with runtime.engine.begin() as connection:
        ended = 0
        for espace, limites in rules.LIMITES.items():
            query = delete(_SESSION).where(_SESSION.c.espace == espace, ~is_live(now, limites.inactivite))
            ended += connection.execute(query).rowcount
        return ended
