"""Second path of log-in, for staff without RPPS: password and time-based code, enrolled with a one-time code.

Nobody is told which of several things was wrong, nor whether an address is known: same answer, same work, same status.
Everything is written in `journal_technique`, without what was typed. Serves CNIL deliberation 2022-100, ASVS 5.0 6.2 to 6.6.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from spst.comptes import limites, local_queries
from spst.comptes import local_rules as rules
from spst.comptes.errors import (
    CodeRefused,
    CompteAlreadyExists,
    IdentifiantsRefused,
    InscriptionRefused,
    TooManyAttempts,
)
from spst.comptes.limites import Limite
from spst.comptes.local_queries import AuthentificateurVu
from spst.comptes.models_connexion import Authentificateur, IdentiteElectronique, Rattachement
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.traces import services as traces

_HASHER = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
"""Argon2id, OWASP 2024: 46 MiB and two passes. Higher values here rehash each password at its next log-in."""
_VERIFICATIONS = 2
"""Hashes computed by each attempt, known address or not: somebody may have the same address in two SPSTs."""

_PAR_COMPTE = Limite("locale.compte", 5)
_PAR_RESEAU = Limite("locale.reseau", 50)
_PAR_CODE = Limite("locale.code", 5)
_PAR_INSCRIPTION = Limite("locale.inscription", 10)

_TABLE, _SECRET = "authentificateur", "totp_sealed"


@dataclass(frozen=True, slots=True)
class Tentative:
    """Where an attempt comes from: the network of the peer (/24, /56), and the reference of the request."""

    reseau: str
    correlation_id: UUID


@dataclass(frozen=True, slots=True)
class Inscription:
    """A one-time code to hand over in person or by a safe way; it is kept nowhere."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolement:
    """An enrolment under way. `jeton`: what a session keeps of it; it dies when another code is issued."""

    jeton: str
    identite_id: UUID
    identifiant: str
    has_password: bool


@dataclass(frozen=True, slots=True)
class Application:
    """What an authenticator application needs: what its QR code says, and the secret to type by hand."""

    uri: str
    secret: str


# ──── Accounts: in a unit of work


def add_identity(ctx: Context, email: str, compte_id: UUID) -> Inscription:
    """A local identity for an account of this SPST, and the code to enrol it.

    Raises: CompteAlreadyExists, when the address is that of another account, however it was written.
    """
    identite_id = new_id()
    sub = rules.normalise_identifiant(email)
    row = upsert(IdentiteElectronique).values(id=identite_id, iss=local_queries.issuer(ctx.tenant_id), sub=sub)
    kept = ctx.session.scalar(
        row.on_conflict_do_update(index_elements=["iss", "sub"], set_={"sub": sub}).returning(IdentiteElectronique.id)
    )
    assert kept is not None
    link = upsert(Rattachement).values(
        id=new_id(), identite_id=kept, tenant_id=ctx.tenant_id, compte_id=compte_id, created_at=ctx.clock.now()
    )
    linked = ctx.session.scalar(
        link.on_conflict_do_update(
            index_elements=["identite_id", "tenant_id"],
            set_={"revoked_at": None},
            where=Rattachement.compte_id == compte_id,
        ).returning(Rattachement.id)
    )
    if linked is None:
        raise CompteAlreadyExists
    return issue_inscription(ctx, kept)


def identity_of(ctx: Context, compte_id: UUID) -> UUID | None:
    """The local identity of an account, when it has one."""
    return ctx.session.scalar(
        select(Rattachement.identite_id)
        .join(Authentificateur, Authentificateur.identite_id == Rattachement.identite_id)
        .where(
            Rattachement.tenant_id == ctx.tenant_id,
            Rattachement.compte_id == compte_id,
            Rattachement.revoked_at.is_(None),
        )
    )


def issue_inscription(ctx: Context, identite_id: UUID) -> Inscription:
    """A new code, a new time-based secret, and nothing left of what was there: password, recovery codes, older code."""
    code = rules.new_code(4)
    expires_at = ctx.clock.now() + rules.INSCRIPTION_LIFETIME
    secret = pyotp.random_base32()
    values: dict[str, Any] = {
        "mot_de_passe": None,
        "totp_sealed": ctx.runtime.keyring.seal_outside(_TABLE, _SECRET, identite_id, secret),
        "totp_confirmed_at": None,
        "totp_last_step": 0,
        "codes_secours": [],
        "inscription_hash": rules.code_hash(code),
        "inscription_expires_at": expires_at,
    }
    sealed = local_queries.SCEAU.sealed(ctx.runtime.keyring, {"identite_id": identite_id, **values})
    row = upsert(Authentificateur).values(sealed)
    ctx.session.execute(row.on_conflict_do_update(index_elements=["identite_id"], set_=sealed))
    return Inscription(code, expires_at)


# ──── Enrolment: nobody is logged in


def start_enrolment(runtime: Runtime, typed: str, tentative: Tentative) -> Enrolement:
    """Raises: InscriptionRefused, TooManyAttempts."""
    _take(runtime, _PAR_INSCRIPTION, tentative.reseau, tentative)
    found = _under_enrolment(runtime, rules.code_hash(typed))
    _journal(runtime, "inscription.code_refuse" if found is None else "inscription.commencee", tentative, found)
    if found is None:
        raise InscriptionRefused
    return found


def resume_enrolment(runtime: Runtime, jeton: str) -> Enrolement:
    """Raises: InscriptionRefused, when the code has expired, was used, or was replaced since."""
    found = _under_enrolment(runtime, jeton)
    if found is None:
        raise InscriptionRefused
    return found


def choose_password(runtime: Runtime, jeton: str, password: str, tentative: Tentative) -> None:
    """Raises: InscriptionRefused, PasswordRefused."""
    enrolement = resume_enrolment(runtime, jeton)
    password = rules.normalise_password(password)
    rules.check_password(password, [enrolement.identifiant])
    hashed = _HASHER.hash(password)
    with runtime.engine.begin() as connection:
        local_queries.change(
            connection, runtime, enrolement.identite_id, Authentificateur.inscription_hash == jeton, mot_de_passe=hashed
        )
    _journal(runtime, "inscription.mot_de_passe_choisi", tentative, enrolement)


def application(runtime: Runtime, jeton: str) -> Application:
    """What the person's application scans. Raises: InscriptionRefused."""
    enrolement = resume_enrolment(runtime, jeton)
    secret = _secret(runtime, _seen(runtime, enrolement.identite_id))
    uri = pyotp.TOTP(secret).provisioning_uri(name=enrolement.identifiant, issuer_name="Santé au travail")
    return Application(uri, " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)))


def confirm_enrolment(runtime: Runtime, jeton: str, typed: str, tentative: Tentative) -> tuple[str, ...]:
    """Check that the application works, and end the enrolment; returns the recovery codes, which are shown once.

    Raises: InscriptionRefused, CodeRefused, TooManyAttempts.
    """
    enrolement = resume_enrolment(runtime, jeton)
    if not enrolement.has_password:
        raise InscriptionRefused
    _take(runtime, _PAR_CODE, str(enrolement.identite_id), tentative)
    found = _seen(runtime, enrolement.identite_id)
    step = rules.matching_step(_secret(runtime, found), typed, runtime.clock.now(), found.totp_last_step)
    if step is None:
        _journal(runtime, "inscription.totp_refuse", tentative, enrolement)
        raise CodeRefused
    codes = tuple(rules.new_code(2) for _ in range(rules.RECOVERY_CODES))
    with runtime.engine.begin() as connection:
        ended = local_queries.change(
            connection,
            runtime,
            enrolement.identite_id,
            Authentificateur.inscription_hash == jeton,
            totp_confirmed_at=runtime.clock.now(),
            totp_last_step=step,
            codes_secours=[rules.code_hash(code) for code in codes],
            inscription_hash=None,
            inscription_expires_at=None,
        )
    if not ended:
        raise InscriptionRefused
    limites.clear(runtime, _PAR_CODE, str(enrolement.identite_id))
    _journal(runtime, "inscription.terminee", tentative, enrolement)
    return codes


# ──── Log-in: first the password, then the code


def check_password(runtime: Runtime, identifiant: str, password: str, tentative: Tentative) -> tuple[UUID, ...]:
    """First factor: the identities that this password opens (several when somebody has two SPSTs under one address).

    It opens no session by itself. Raises: IdentifiantsRefused, TooManyAttempts.
    """
    identifiant = rules.normalise_identifiant(identifiant)
    _take(runtime, _PAR_RESEAU, tentative.reseau, tentative)
    _take(runtime, _PAR_COMPTE, identifiant, tentative)
    with runtime.engine.begin() as connection:
        found = local_queries.by_identifiant(connection, runtime, identifiant)
    opened = _opened_by(found, rules.normalise_password(password))
    if not opened:
        _journal(runtime, "connexion_locale.refusee", tentative, found[0] if found else None)
        raise IdentifiantsRefused
    for one in opened:
        _rehash(runtime, one, rules.normalise_password(password))
        _journal(runtime, "connexion_locale.mot_de_passe_accepte", tentative, one)
    return tuple(one.identite_id for one in opened)


def check_code(runtime: Runtime, identites: Sequence[UUID], typed: str, tentative: Tentative) -> UUID:
    """Second factor: a code of the application, which serves once. Raises: CodeRefused, TooManyAttempts."""
    for one in _candidates(runtime, identites, tentative):
        step = rules.matching_step(_secret(runtime, one), typed, runtime.clock.now(), one.totp_last_step)
        if step is None:
            continue
        with runtime.engine.begin() as connection:
            accepted = local_queries.use_step(connection, runtime, one.identite_id, step)
        if accepted:
            return _proved(runtime, one, "connexion_locale.code_accepte", tentative)
    raise _code_refused(runtime, identites, tentative)


def check_recovery_code(runtime: Runtime, identites: Sequence[UUID], typed: str, tentative: Tentative) -> UUID:
    """Second factor when the application is lost. Raises: CodeRefused, TooManyAttempts."""
    hashed = rules.code_hash(typed)
    for one in _candidates(runtime, identites, tentative):
        with runtime.engine.begin() as connection:
            accepted = local_queries.use_recovery_code(connection, runtime, one.identite_id, hashed)
        if accepted:
            return _proved(runtime, one, "connexion_locale.code_secours_accepte", tentative)
    raise _code_refused(runtime, identites, tentative)


def recovery_codes_left(runtime: Runtime, identite_id: UUID) -> int:
    return len(_seen(runtime, identite_id).codes_secours)


def _opened_by(found: Sequence[AuthentificateurVu], password: str) -> list[AuthentificateurVu]:
    """Those whose password it is; the same number of hashes is computed when nobody is known by that address."""
    opened = [one for one in found if _verify(one.mot_de_passe or _nobody(), password) and one.is_enrolled]
    for _ in range(_VERIFICATIONS - len(found)):
        _verify(_nobody(), password)
    return opened


def _verify(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """A hash that no password opens."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _rehash(runtime: Runtime, one: AuthentificateurVu, password: str) -> None:
    if one.mot_de_passe is None or not _HASHER.check_needs_rehash(one.mot_de_passe):
        return
    hashed = _HASHER.hash(password)
    with runtime.engine.begin() as connection:
        local_queries.change(
            connection, runtime, one.identite_id, Authentificateur.mot_de_passe == one.mot_de_passe, mot_de_passe=hashed
        )


def _candidates(runtime: Runtime, identites: Sequence[UUID], tentative: Tentative) -> list[AuthentificateurVu]:
    """The identities that passed the first factor and are still enrolled; an attempt is counted for each."""
    for identite_id in identites:
        _take(runtime, _PAR_CODE, str(identite_id), tentative)
    with runtime.engine.begin() as connection:
        seen = [local_queries.by_id(connection, runtime, identite_id) for identite_id in identites]
    return [one for one in seen if one is not None and one.is_enrolled]


def _proved(runtime: Runtime, one: AuthentificateurVu, evenement: str, tentative: Tentative) -> UUID:
    limites.clear(runtime, _PAR_COMPTE, one.identifiant)
    limites.clear(runtime, _PAR_CODE, str(one.identite_id))
    _journal(runtime, evenement, tentative, one)
    return one.identite_id


def _code_refused(runtime: Runtime, identites: Sequence[UUID], tentative: Tentative) -> CodeRefused:
    _record(runtime, "connexion_locale.code_refuse", 2, {"identites": [str(one) for one in identites]}, tentative)
    return CodeRefused()


def _under_enrolment(runtime: Runtime, jeton: str) -> Enrolement | None:
    with runtime.engine.begin() as connection:
        found = local_queries.by_inscription(connection, runtime, jeton)
    if found is None or found.inscription_expires_at is None or found.inscription_expires_at <= runtime.clock.now():
        return None
    return Enrolement(jeton, found.identite_id, found.identifiant, found.mot_de_passe is not None)


def _seen(runtime: Runtime, identite_id: UUID) -> AuthentificateurVu:
    with runtime.engine.begin() as connection:
        found = local_queries.by_id(connection, runtime, identite_id)
    if found is None:
        raise InscriptionRefused
    return found


def _secret(runtime: Runtime, one: AuthentificateurVu) -> str:
    return runtime.keyring.open_outside(_TABLE, _SECRET, one.identite_id, one.totp_sealed)


def _take(runtime: Runtime, limite: Limite, value: str, tentative: Tentative) -> None:
    try:
        limites.take(runtime, limite, value)
    except TooManyAttempts:
        _record(runtime, f"{limite.nom}.trop_d_essais", 3, {}, tentative)
        raise


def _journal(
    runtime: Runtime, evenement: str, tentative: Tentative, who: AuthentificateurVu | Enrolement | None
) -> None:
    refused = evenement.endswith(("refuse", "refusee"))
    facts: dict[str, object] = {"identite": str(who.identite_id)} if who else {"identite": "inconnue"}
    _record(runtime, evenement, 2 if refused else 1, facts, tentative)


def _record(runtime: Runtime, evenement: str, niveau: int, facts: dict[str, object], tentative: Tentative) -> None:
    faits = {**facts, "reseau": tentative.reseau}
    traces.record_technical(runtime.engine, runtime.clock, evenement, niveau, faits, tentative.correlation_id)
