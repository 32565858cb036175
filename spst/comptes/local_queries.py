"""Reads and writes of the second path: tables that stand outside tenants, hence connections without context.

Each row of `authentificateur` carries the seal of this program (`sceaux`). One whose seal does not hold opens nothing, as if it
were not there, until the direction enrols the person again; the technical journal says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Text, cast, func, literal, select, update

from spst.comptes.models_connexion import Authentificateur, IdentiteElectronique, Rattachement
from spst.comptes.sceaux import Sceau
from spst.kernel.ids import new_id
from spst.kernel.runtime import Runtime
from spst.tenants.models import Tenant
from spst.traces import services as traces

_ISSUER = "urn:spst:local:"
SCEAU = Sceau(
    "authentificateur",
    (
        "identite_id",
        "mot_de_passe",
        "totp_sealed",
        "totp_confirmed_at",
        "totp_last_step",
        "codes_secours",
        "inscription_hash",
        "inscription_expires_at",
    ),
)


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


_AUTHENTIFICATEUR = Authentificateur.__table__


def by_identifiant(connection: Connection, runtime: Runtime, identifiant: str) -> list[AuthentificateurVu]:
    """Local identities under an address, one per SPST; by the index on (iss, sub)."""
    issuers = select(func.concat(literal(_ISSUER), cast(Tenant.id, Text)))
    return _seen(connection, runtime, IdentiteElectronique.iss.in_(issuers), IdentiteElectronique.sub == identifiant)


def by_id(connection: Connection, runtime: Runtime, identite_id: UUID) -> AuthentificateurVu | None:
    found = _seen(connection, runtime, Authentificateur.identite_id == identite_id)
    return found[0] if found else None


def by_inscription(connection: Connection, runtime: Runtime, code_hash: str) -> AuthentificateurVu | None:
    found = _seen(connection, runtime, Authentificateur.inscription_hash == code_hash)
    return found[0] if found else None


def _still_attached() -> Any:
    return (
        select(Rattachement.id)
        .where(Rattachement.identite_id == Authentificateur.identite_id, Rattachement.revoked_at.is_(None))
        .exists()
    )


def _seen(connection: Connection, runtime: Runtime, *conditions: Any) -> list[AuthentificateurVu]:
    query = (
        select(_AUTHENTIFICATEUR, IdentiteElectronique.sub.label("identifiant"))
        .join(IdentiteElectronique, IdentiteElectronique.id == Authentificateur.identite_id)
        .where(*conditions, _still_attached())
    )
    return [
        AuthentificateurVu(
            row.identite_id,
            row.identifiant,
            row.mot_de_passe,
            row.totp_sealed,
            row.totp_confirmed_at,
            row.totp_last_step,
            row.codes_secours,
            row.inscription_expires_at,
        )
        for row in connection.execute(query).all()
        if _is_ours(connection, runtime, row)
    ]


def _is_ours(connection: Connection, runtime: Runtime, row: Row[Any]) -> bool:
    """Whether this program wrote the row as it stands; when not, it is noted, without anything that it said."""
    if SCEAU.holds(runtime.keyring, row._asdict()):
        return True
    facts = {"identite": str(row.identite_id)}
    traces.add_technical(connection, runtime.clock, "authentificateur.falsifie", 3, facts, new_id())
    return False


def change(connection: Connection, runtime: Runtime, identite_id: UUID, *conditions: Any, **values: Any) -> bool:
    """Change one row under conditions; False when they did not hold, so that a race has one winner."""
    row = _locked(connection, runtime, identite_id, *conditions)
    if row is None:
        return False
    _renew(connection, runtime, row, **values)
    return True


def use_step(connection: Connection, runtime: Runtime, identite_id: UUID, step: int) -> bool:
    """Spend a time-based code; False when it, or a later one, was spent already."""
    return change(connection, runtime, identite_id, Authentificateur.totp_last_step < step, totp_last_step=step)


def use_recovery_code(connection: Connection, runtime: Runtime, identite_id: UUID, code_hash: str) -> bool:
    is_left = literal(code_hash) == func.any(Authentificateur.codes_secours)
    row = _locked(connection, runtime, identite_id, is_left)
    if row is None:
        return False
    _renew(connection, runtime, row, codes_secours=[one for one in row.codes_secours if one != code_hash])
    return True


def _locked(connection: Connection, runtime: Runtime, identite_id: UUID, *conditions: Any) -> Row[Any] | None:
    """The row, held until the end of the transaction. Whoever waited for it reads it as the other one left it.

    Its seal is checked before it is renewed: what was slipped in meanwhile would otherwise be sealed with the rest.
    """
    query = select(_AUTHENTIFICATEUR).where(Authentificateur.identite_id == identite_id, *conditions)
    row = connection.execute(query.with_for_update()).one_or_none()
    return row if row is not None and _is_ours(connection, runtime, row) else None


def _renew(connection: Connection, runtime: Runtime, row: Row[Any], **values: Any) -> None:
    changed = SCEAU.sealed(runtime.keyring, {**row._asdict(), **values})
    query = update(Authentificateur).where(Authentificateur.identite_id == row.identite_id)
    connection.execute(query.values({name: changed[name] for name in (*values, "sceau")}))
