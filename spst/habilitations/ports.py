"""What a decision must know and this room cannot read: higher rooms tell it, and no caller can forget a fact."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from spst.kernel.acteur import Role
from spst.kernel.context import Context


@dataclass(frozen=True, slots=True)
class Faits:
    """Facts of one dossier for one actor; all false by default, which opens nothing.

    `du_spst`: the SPST for which he acts holds the dossier. `suivi`: he takes part in the follow-up of this travailleur (team or
    sector, L. 1110-4 I CSP). `confie_mpc`: the travailleur was entrusted to him, a médecin praticien correspondant. `regime_sir`:
    suivi individuel renforcé. `dossier_of_actor`: the dossier is his own. The oppositions are those of R. 4624-45-6, as
    recorded now.
    """

    du_spst: bool = False
    suivi: bool = False
    confie_mpc: bool = False
    regime_sir: bool = False
    opposition_mpc: bool = False
    opposition_professionnels: bool = False
    opposition_transfert: bool = False
    dossier_of_actor: bool = False


class FaitsDossier(Protocol):
    """Implemented by `dmst`."""

    def read(self, ctx: Context, dossier_id: UUID) -> Faits:
        """The facts for `ctx.acteur`, from headers readable inside the tenant.

        Raises: NotFound, when the tenant has no such dossier.
        """

    def read_many(self, ctx: Context, dossier_ids: Collection[UUID]) -> Mapping[UUID, Faits]:
        """The facts of several dossiers in one statement, for lists; a dossier that the tenant does not have is left out."""

    def followed_by(
        self, ctx: Context, compte_ids: Collection[UUID], dossier_ids: Collection[UUID]
    ) -> Mapping[UUID, frozenset[UUID]]:
        """By dossier, which of these médecins du travail follow it now, or replace one who does, in one statement."""


class Exercice(Protocol):
    """Implemented by `comptes`: what is given in writing stands as long as whoever gave it, and whoever has it, practise here."""

    def roles_of(self, ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, frozenset[Role]]:
        """Roles that each account holds now; none for a suspended one, or one that the tenant does not have."""

    def entrusted_lately(self, ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
        """Accounts that one colleague alone opened lately: until when he may be the one who enters."""

    def code_held_at(self, ctx: Context, compte_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
        """When a colleague last held the code of enrolment of these accounts, however long ago."""

    def hold_idleness(self, ctx: Context, inactivite_min: int) -> None:
        """Have the sessions that are open close after so many minutes without an act, as the policy in force now says."""
