"""Reads and writes of the second path: tables that stand outside tenants, hence connections without context."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Text, cast, func, literal, select, update

from spst.comptes.models import Authentificateur, IdentiteElectronique, Rattachement
from spst.tenants.models import Tenant

_ISSUER = "urn:spst:local:"


def issuer(tenant_id: UUID) -> str:
    """A local identity belongs to one SPST: another one that knows the same address gives it other credentials."""
    return f"{_ISSUER}{tenant_id}"


@dataclass(frozen=True, slots=True)
class AuthentificateurVu:
    """`identifiant`: the e-mail address. `mot_de_passe`: Argon2id hash, None before enrolment."""

    identite_id: UUID
    identifiant: str
    mot_de_passe: str | None
    totp_sealed: bytes
    totp_confirmed_at: datetime | None
    totp_last_step: int
    codes_secours: Sequence[str]
    inscription_expires_at: datetime | None

    @property
    def is_enrolled(self) -> bool:
        return self.mot_de_passe is not None and self.totp_confirmed_at is not None


_COLUMNS = (
    Authentificateur.identite_id,
    IdentiteElectronique.sub.label("identifiant"),
    Authentificateur.mot_de_passe,
    Authentificateur.totp_sealed,
    Authentificateur.totp_confirmed_at,
    Authentificateur.totp_last_step,
    Authentificateur.codes_secours,
    Authentificateur.inscription_expires_at,
)


def by_identifiant(connection: Connection, identifiant: str) -> list[AuthentificateurVu]:
    """Local identities under an address, one per SPST; by the index on (iss, sub)."""
    issuers = select(func.concat(literal(_ISSUER), cast(Tenant.id, Text)))
    return _seen(
        connection, IdentiteElectronique.iss.in_(issuers), IdentiteElectronique.sub == identifiant, _still_attached()
    )


def by_id(connection: Connection, identite_id: UUID) -> AuthentificateurVu | None:
    found = _seen(connection, Authentificateur.identite_id == identite_id, _still_attached())
    return found[0] if found else None


def by_inscription(connection: Connection, code_hash: str) -> AuthentificateurVu | None:
    found = _seen(connection, Authentificateur.inscription_hash == code_hash, _still_attached())
    return found[0] if found else None


def _still_attached() -> Any:
    return (
        select(Rattachement.id)
        .where(Rattachement.identite_id == Authentificateur.identite_id, Rattachement.revoked_at.is_(None))
        .exists()
    )


def _seen(connection: Connection, *conditions: Any) -> list[AuthentificateurVu]:
    query = (
        select(*_COLUMNS)
        .join(IdentiteElectronique, IdentiteElectronique.id == Authentificateur.identite_id)
        .where(*conditions)
    )
    return [AuthentificateurVu(**row) for row in connection.execute(query).mappings()]


def change(connection: Connection, identite_id: UUID, *conditions: Any, **values: Any) -> bool:
    """Change one row under conditions; False when they did not hold, so that a race has one winner."""
    result = connection.execute(
        update(Authentificateur).where(Authentificateur.identite_id == identite_id, *conditions).values(**values)
    )
    return bool(result.rowcount == 1)


def use_step(connection: Connection, identite_id: UUID, step: int) -> bool:
    """Spend a time-based code; False when it, or a later one, was spent already."""
    return change(connection, identite_id, Authentificateur.totp_last_step < step, totp_last_step=step)


def use_recovery_code(connection: Connection, identite_id: UUID, code_hash: str) -> bool:
    column = Authentificateur.codes_secours
    return change(
        connection,
        identite_id,
        literal(code_hash) == func.any(column),
        codes_secours=func.array_remove(column, code_hash),
    )
