"""Texts of this room: checked, then sealed for their place in the database under the dossier's key."""

import re
from uuid import UUID

from sqlalchemy import Table

from spst.dmst.errors import DossierErased, TexteRefused, TexteRequired, TexteTooLong
from spst.kernel.context import Context
from spst.kernel.crypto.keyring import KeyUnavailable
from spst.kernel.texte import visible

SHORT, LONG = 300, 100_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def checked(texte: str, longest: int = SHORT) -> str:
    """The text, trimmed, without signs that nobody sees. Raises: TexteRequired, TexteTooLong, TexteRefused."""
    plain = visible(texte).strip()
    if not plain:
        raise TexteRequired
    if len(plain) > longest:
        raise TexteTooLong
    if _CONTROLS.search(plain):
        raise TexteRefused
    return plain


def optional(texte: str | None, longest: int = SHORT) -> str | None:
    return checked(texte, longest) if texte and visible(texte).strip() else None


def seal(ctx: Context, dossier_id: UUID, table: Table, column: str, row_id: UUID, texte: str) -> bytes:
    """Raises: DossierErased."""
    try:
        return ctx.runtime.keyring.seal(ctx.tenant_id, dossier_id, table.name, column, row_id, texte)
    except KeyUnavailable as error:
        raise DossierErased from error


def seal_optional(
    ctx: Context, dossier_id: UUID, table: Table, column: str, row_id: UUID, texte: str | None
) -> bytes | None:
    return None if texte is None else seal(ctx, dossier_id, table, column, row_id, texte)


def read(ctx: Context, dossier_id: UUID, table: Table, column: str, row_id: UUID, sealed: bytes) -> str:
    """Raises: DossierErased, and CiphertextRefused when the value does not belong where it stands."""
    try:
        return ctx.runtime.keyring.open(ctx.tenant_id, dossier_id, table.name, column, row_id, sealed)
    except KeyUnavailable as error:
        raise DossierErased from error


def read_optional(
    ctx: Context, dossier_id: UUID, table: Table, column: str, row_id: UUID, sealed: bytes | None
) -> str | None:
    return None if sealed is None else read(ctx, dossier_id, table, column, row_id, sealed)
