"""What the register must know and this room cannot read: whom of it the actor may find at all."""

from typing import Protocol
from uuid import UUID

from spst.kernel.context import Context


class Perimetre(Protocol):
    """Implemented by `dmst`: a médecin praticien correspondant finds only those who are entrusted to him (L. 4624-8 al. 3)."""

    def travailleurs(self, ctx: Context) -> frozenset[UUID] | None:
        """The only people whom the actor may find; None when the whole register of his SPST is open to him."""

    def refuse(self, ctx: Context, travailleur_id: UUID) -> None:
        """Say why somebody who is not among them is closed to the actor.

        Raises: AccessDenied.
        """
