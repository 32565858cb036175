"""A log-in between its proof and the choice of a role: what the server keeps of it, in the session of nobody yet."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from spst.comptes.rules import Activite, Attestation, Exercice


class Moyen(StrEnum):
    PSC = "psc"
    ECPS = "e-cps"
    """Pro Santé Connect too, asked from server to server: the browser holds no session there."""
    LOCAL = "local"
    CLE = "cle_acces"
    FOURNISSEUR = "fournisseur"


@dataclass(frozen=True, slots=True)
class Connexion:
    """Somebody who proved two factors, before he acts anywhere.

    `attestation`: None for the second path. `idp_sealed`: the provider's ID token, sealed, to log out there.
    `tenant_id`: the one SPST that this proof opens, when it came from that SPST's own provider.
    """

    identite_id: UUID
    moyen: Moyen
    auth_at: datetime
    attestation: Attestation | None = None
    idp_sid: str | None = None
    idp_sealed: bytes | None = field(default=None, repr=False)
    tenant_id: UUID | None = None

    def to_data(self) -> dict[str, Any]:
        """As JSON, for the session."""
        return {
            "identite_id": str(self.identite_id),
            "moyen": str(self.moyen),
            "auth_at": self.auth_at.isoformat(),
            "attestation": asdict(self.attestation) if self.attestation else None,
            "idp_sid": self.idp_sid,
            "idp_sealed": base64.b64encode(self.idp_sealed).decode() if self.idp_sealed else None,
            "tenant_id": str(self.tenant_id) if self.tenant_id else None,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Connexion":
        sealed = data["idp_sealed"]
        return cls(
            identite_id=UUID(data["identite_id"]),
            moyen=Moyen(data["moyen"]),
            auth_at=datetime.fromisoformat(data["auth_at"]),
            attestation=_attestation(data["attestation"]) if data["attestation"] else None,
            idp_sid=data["idp_sid"],
            idp_sealed=base64.b64decode(sealed) if sealed else None,
            tenant_id=UUID(tenant_id) if (tenant_id := data.get("tenant_id")) else None,
        )


def _attestation(data: Mapping[str, Any]) -> Attestation:
    return Attestation(tuple(_exercice(one) for one in data["exercices"]))


def _exercice(data: Mapping[str, Any]) -> Exercice:
    activites = tuple(Activite(**one) for one in data["activites"])
    return Exercice(data["profession"], data["categorie"], data["savoir_faire"], activites)
