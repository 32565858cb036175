"""The door of log-in: from a proof to the roles that it opens, then to a session; and what ends one.

The SPST's grant and the provider's evidence must both stand at each log-in. Whoever is refused reads the same neutral page; why
stands in `journal_technique`. Source: CSP L. 1470-1 to L. 1470-5; C. trav. R. 4624-45-5; identity_security 1.6.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from spst.comptes import connexion_queries as queries
from spst.comptes import rules, sessions
from spst.comptes.connexion_queries import Identite, Lien, Octroye
from spst.comptes.models import Compte
from spst.comptes.models_connexion import Compteur
from spst.comptes.ports import FinDeSession, Preuve, PreuveRefused
from spst.comptes.preuves import Connexion, Moyen
from spst.comptes.rules import Activite
from spst.habilitations import services as habilitations
from spst.kernel.acteur import Acteur, Role, service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.errors import NotFound
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import services as traces
from spst.web.cookies import hash_of, new_cookie_value
from spst.web.ports import Espace

FACTEURS = 2
_TECHNIQUE = Motif(CodeMotif.TECHNIQUE)
_SERVICE = service("connexion")
_EVIDENCE_GONE = "Pro Santé Connect n’atteste plus l’activité qui soutient ce rôle."


@dataclass(frozen=True, slots=True)
class Choix:
    """A role that somebody may take in an SPST, from a situation d'exercice. `cle` names it in a form."""

    tenant_id: UUID
    compte_id: UUID
    role: Role
    spst: str
    nom: str
    situation: str | None = None
    lieu: str = ""
    until: datetime | None = None
    ferme: str | None = None

    @property
    def cle(self) -> str:
        return f"{self.tenant_id}.{self.role}.{self.situation or ''}"


@dataclass(frozen=True, slots=True)
class SuiteAuFournisseur:
    """A session of the provider that stands after ours. `by_server`: no browser holds it, so we end it there ourselves."""

    id_token: str = field(repr=False)
    by_server: bool


def login_with_psc(
    runtime: Runtime, preuve: Preuve, correlation_id: UUID, moyen: Moyen = Moyen.PSC
) -> tuple[Connexion, tuple[Choix, ...]]:
    """What a proof of Pro Santé Connect opens, at least one thing.

    Raises: PreuveRefused. What the SPST granted and the proof no longer supports is suspended before.
    """
    with runtime.engine.connect() as connection:
        known = queries.identity(connection, preuve.iss, preuve.sub, preuve.rpps)
    try:
        identite = _checked_identity(known, preuve)
        connexion = Connexion(
            identite_id=identite.id,
            moyen=moyen,
            auth_at=preuve.auth_time,
            attestation=preuve.attestation,
            idp_sid=preuve.sid,
            idp_sealed=runtime.keyring.seal_outside("session", "idp_sealed", identite.id, preuve.id_token),
        )
        found = tuple(_choices(runtime, connexion, correlation_id, suspends=True, bound=identite.sub is not None))
        if not any(one.ferme is None for one in found):
            raise PreuveRefused("aucune_situation")
        _bind(runtime, identite, preuve)
    except PreuveRefused as refusal:
        _journal_refusal(runtime, refusal, preuve, correlation_id)
        raise
    return connexion, found


def choices(runtime: Runtime, connexion: Connexion, correlation_id: UUID) -> tuple[Choix, ...]:
    """What a log-in under way opens now; nothing, when everything was taken away meanwhile."""
    return tuple(_choices(runtime, connexion, correlation_id))


def login_locally(
    runtime: Runtime, identite_id: UUID, correlation_id: UUID, moyen: Moyen = Moyen.LOCAL
) -> tuple[Connexion, tuple[Choix, ...]]:
    """What the second path opens to an identity whose two factors were checked. Raises: PreuveRefused."""
    connexion = Connexion(identite_id, moyen, runtime.clock.now())
    found = choices(runtime, connexion, correlation_id)
    if not any(one.ferme is None for one in found):
        facts = {"motif": "aucun_role", "identite": str(identite_id)}
        traces.record_technical(runtime.engine, runtime.clock, "connexion_locale.fermee", 2, facts, correlation_id)
        raise PreuveRefused("aucun_role")
    return connexion, found


def open_session(
    runtime: Runtime, connexion: Connexion, cle: str, *, agent_hash: str, replaces: str | None, correlation_id: UUID
) -> str:
    """Open the session of one choice; returns the value of its cookie. The session it `replaces` is dead.

    The grant is read again: it may have been taken away since the choice was shown. Raises: NotFound, AccessDenied.
    """
    choix = next((one for one in choices(runtime, connexion, correlation_id) if one.cle == cle), None)
    if choix is None or choix.ferme is not None:
        raise NotFound
    value = new_cookie_value()
    acteur = Acteur(choix.compte_id, choix.role, hash_of(value), FACTEURS)
    with _work(runtime, choix.tenant_id, acteur, correlation_id) as ctx:
        habilitations.require(ctx, "session.open")
        if replaces is not None:
            sessions.remove(ctx.session, replaces)
        _store(ctx, connexion, choix, agent_hash)
        details = {"moyen": str(connexion.moyen), **({"situation": choix.situation} if choix.situation else {})}
        traces.record(ctx, "session.open", details=details)
    _note_login(runtime, choix, correlation_id)
    return value


def close_session(ctx: Context, id_hash: str) -> SuiteAuFournisseur | None:
    """End a session of the actor; returns what to end at the provider when it came from one.

    Raises: AccessDenied, NotFound (somebody else's, or already ended).
    """
    habilitations.require(ctx, "session.close")
    closed = sessions.take(ctx, ctx.acteur.id, id_hash)
    if closed is None:
        raise NotFound
    traces.record(ctx, "session.close", details={"cause": "utilisateur"})
    return _left_at_provider(ctx.runtime, closed)


def own_sessions(ctx: Context) -> list[sessions.SessionVue]:
    return sessions.of_account(ctx, ctx.acteur.id)


def close_other_sessions(ctx: Context) -> int:
    """End the actor's sessions but the present one; returns how many there were."""
    habilitations.require(ctx, "session.close")
    ended = sessions.end_all(ctx, ctx.acteur.id, but=ctx.acteur.session_hash)
    if ended:
        traces.record(ctx, "session.close", details={"cause": "utilisateur"})
    return ended


def end_at_provider(runtime: Runtime, fin: FinDeSession, correlation_id: UUID) -> int:
    """End what a session of the provider opened here; returns how many sessions. Raises: PreuveRefused on a replay."""
    _use_once(runtime, fin)
    with runtime.engine.begin() as connection:
        identite_id = queries.identity_of_sub(connection, fin.iss, fin.sub) if fin.sub else None
        live = sessions.of_provider(connection, runtime, identite_id, fin.sid)
    for one in live:
        acteur = Acteur(one.acteur_id, one.role, one.id_hash, FACTEURS)
        with _work(runtime, one.tenant_id, acteur, correlation_id) as ctx:
            habilitations.require(ctx, "session.close")
            if sessions.take(ctx, one.acteur_id, one.id_hash) is not None:
                traces.record(ctx, "session.close", details={"cause": "fournisseur"})
    if fin.sid is not None:
        with runtime.engine.begin() as connection:
            sessions.remove_pending(connection, fin.sid)
    return len(live)


def _checked_identity(known: Identite | None, preuve: Preuve) -> Identite:
    if known is None:
        raise PreuveRefused("non_invite")
    if known.sub not in {None, preuve.sub} or known.rpps != preuve.rpps:
        raise PreuveRefused("identite_discordante")
    return known


def _bind(runtime: Runtime, identite: Identite, preuve: Preuve) -> None:
    if identite.sub == preuve.sub:
        return
    with runtime.engine.begin() as connection:
        if not queries.bind_sub(connection, identite.id, preuve.sub):
            raise PreuveRefused("identite_discordante")


def _choices(
    runtime: Runtime, connexion: Connexion, correlation_id: UUID, *, suspends: bool = False, bound: bool = False
) -> Iterator[Choix]:
    with runtime.engine.connect() as connection:
        found = queries.links(connection, connexion.identite_id)
    for lien in found:
        if connexion.tenant_id not in {None, lien.tenant_id}:
            continue
        with _work(runtime, lien.tenant_id, _SERVICE, correlation_id) as ctx:
            granted = queries.grants(ctx, lien.compte_id)
        if not granted:
            continue
        opened = list(_opened(runtime, connexion, lien, granted, correlation_id))
        if not opened and suspends and (bound or not _has_second_path(granted)):
            _suspend(runtime, lien, correlation_id)
        yield from opened


def _opened(
    runtime: Runtime, connexion: Connexion, lien: Lien, granted: list[Octroye], correlation_id: UUID
) -> Iterator[Choix]:
    """Structures are read as the account itself: the service of log-in has no business there."""
    with _work(
        runtime, lien.tenant_id, Acteur(lien.compte_id, granted[0].octroi.role, facteurs=FACTEURS), correlation_id
    ) as ctx:
        structures = queries.structures(ctx, lien)
    for one in granted:
        for situation in _situations(connexion, one, structures):
            yield Choix(
                tenant_id=lien.tenant_id,
                compte_id=lien.compte_id,
                role=one.octroi.role,
                spst=lien.spst,
                nom=one.nom,
                situation=situation.cle if situation else None,
                lieu=situation.libelle if situation else "",
                until=one.ends_at,
                ferme="Ce service est suspendu." if lien.suspended_at else None,
            )


def _situations(connexion: Connexion, granted: Octroye, structures: rules.Structures) -> tuple[Activite | None, ...]:
    if connexion.attestation is None:
        return (None,) if granted.octroi.role in rules.LOCAL_PATH else ()
    return rules.situations(connexion.attestation, granted.octroi, structures)


def _has_second_path(granted: list[Octroye]) -> bool:
    return any(one.octroi.role in rules.LOCAL_PATH for one in granted)


def _suspend(runtime: Runtime, lien: Lien, correlation_id: UUID) -> None:
    """The evidence is gone: the account opens nothing until the direction has looked at it (ASVS 7.4.2)."""
    with _work(runtime, lien.tenant_id, _SERVICE, correlation_id) as ctx:
        habilitations.require(ctx, "session.close")
        ctx.session.execute(
            update(Compte)
            .where(Compte.tenant_id == ctx.tenant_id, Compte.id == lien.compte_id)
            .values(suspended_at=ctx.clock.now(), suspended_why=_EVIDENCE_GONE)
        )
        sessions.end_all(ctx, lien.compte_id)
        traces.record(ctx, "compte.update", details={"compte": str(lien.compte_id), "geste": "suspension"})


def _note_login(runtime: Runtime, choix: Choix, correlation_id: UUID) -> None:
    """When the account was last used, which outlives its session. The service of log-in writes it: no role may."""
    with _work(runtime, choix.tenant_id, _SERVICE, correlation_id) as ctx:
        mine = update(Compte).where(Compte.tenant_id == ctx.tenant_id, Compte.id == choix.compte_id)
        ctx.session.execute(mine.values(last_login_at=ctx.clock.now()))


def _store(ctx: Context, connexion: Connexion, choix: Choix, agent_hash: str) -> None:
    limit = ctx.clock.now() + rules.LIMITES[Espace.PRO].absolue
    sessions.add(
        ctx,
        Espace.PRO,
        id_hash=ctx.acteur.session_hash,
        identite_id=connexion.identite_id,
        acteur_id=choix.compte_id,
        role=str(choix.role),
        facteurs=FACTEURS,
        auth_at=connexion.auth_at,
        idp_sid=connexion.idp_sid,
        idp_sealed=connexion.idp_sealed,
        situation=choix.situation,
        agent_hash=agent_hash,
        data={sessions.MOYEN: str(Moyen.ECPS)} if connexion.moyen is Moyen.ECPS else {},
        expires_at=rules.earliest([limit, choix.until]),
    )


def _left_at_provider(runtime: Runtime, closed: sessions.SessionClosed) -> SuiteAuFournisseur | None:
    if closed.idp_sealed is None or closed.identite_id is None:
        return None
    id_token = runtime.keyring.open_outside("session", "idp_sealed", closed.identite_id, closed.idp_sealed)
    return SuiteAuFournisseur(id_token, by_server=closed.moyen == Moyen.ECPS)


def _use_once(runtime: Runtime, fin: FinDeSession) -> None:
    """A logout token serves once. Its row outlives the ten minutes for which its age is accepted."""
    key = f"psc.jti|{runtime.keyring.fingerprint('psc.jti', fin.jti)}"
    try:
        with runtime.engine.begin() as connection:
            connection.execute(insert(Compteur).values(cle=key, window_at=fin.issued_at, n=1))
    except IntegrityError as error:
        raise PreuveRefused("jti_rejoue") from error


def _journal_refusal(runtime: Runtime, refusal: PreuveRefused, preuve: Preuve, correlation_id: UUID) -> None:
    facts = {"motif": refusal.motif, "sub": runtime.keyring.fingerprint("psc.sub", preuve.sub)}
    traces.record_technical(runtime.engine, runtime.clock, "connexion_psc.refusee", 2, facts, correlation_id)


def _work(runtime: Runtime, tenant_id: UUID, acteur: Acteur, correlation_id: UUID) -> AbstractContextManager[Context]:
    return unit_of_work(runtime, tenant_id, acteur, _TECHNIQUE, origin="web", correlation_id=correlation_id)
