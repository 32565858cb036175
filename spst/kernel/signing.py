"""The signed context: what one transaction may see, in a form that injected SQL cannot forge.

`tenant|actor|family|dossier or empty|delegation or empty|expiry|HMAC-SHA-256 in hex` stands in the transaction-local
setting `spst.ctx`; `spst_ctx.claims()` checks it in the database (bootstrap.py). The key is known to the processes and
to the owner of that function alone, so a statement that sets `spst.ctx` itself names no tenant at all.
"""

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from spst.kernel.acteur import Acteur

LIFETIME_S = 60
"""A context outlives no request by more than this; long jobs sign anew."""

_BLOCK = 64


def sign_context(
    key: bytes,
    tenant_id: UUID,
    acteur: Acteur,
    now: datetime,
    dossier_id: UUID | None = None,
    delegation_id: UUID | None = None,
) -> str:
    payload = "|".join(
        (
            str(tenant_id),
            str(acteur.id),
            acteur.wall,
            str(dossier_id or ""),
            str(delegation_id or ""),
            str(int(now.timestamp()) + LIFETIME_S),
        )
    )
    return f"{payload}|{hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()}"


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer block of HMAC-SHA-256 (RFC 2104), so that the database needs only `sha256()`."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
