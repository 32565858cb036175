"""Texts of this room, sealed for their place in the database under the dossier's key."""

from uuid import UUID

from spst.kernel.context import Context

NOTE = ("visite_note", "texte_sealed")
CONCLUSION = ("conclusion", "information_sealed")
ADDENDUM = ("addendum", "texte_sealed")


def seal(ctx: Context, dossier_id: UUID, place: tuple[str, str], row_id: UUID, texte: str) -> bytes:
    return ctx.runtime.keyring.seal(ctx.tenant_id, dossier_id, *place, row_id, texte)


def read(ctx: Context, dossier_id: UUID, place: tuple[str, str], row_id: UUID, sealed: bytes) -> str:
    return ctx.runtime.keyring.open(ctx.tenant_id, dossier_id, *place, row_id, sealed)
