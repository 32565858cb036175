"""Dossiers in a list: each is decided as its opening would be, and what closes one is said where the list shows it.

Source: C. trav. art. R. 4624-45-6 (an opposition is obeyed at once, on lists and searches too).
"""

from collections.abc import Collection
from uuid import UUID

from spst.dmst import queries
from spst.dmst.errors import DossierNotFound
from spst.dmst.rules import opens_dossiers
from spst.dmst.vues import EnTete, Fermeture
from spst.habilitations import services as habilitations
from spst.habilitations.services import Droits
from spst.identite import services as identite
from spst.identite.services import TravailleurVu
from spst.kernel.context import Context


def dossiers_of(ctx: Context, travailleur_ids: Collection[UUID]) -> dict[UUID, EnTete]:
    """Headers of the dossiers of some travailleurs, by travailleur, for a list that its caller authorised.

    They tell nothing of content. Two statements, whatever their number.
    """
    known = queries.dossier_ids(ctx, travailleur_ids) if travailleur_ids else {}
    droits = droits_of(ctx, known.values())
    return {travailleur_id: entete(dossier_id, droits.get(dossier_id)) for travailleur_id, dossier_id in known.items()}


def droits_of(ctx: Context, dossier_ids: Collection[UUID]) -> dict[UUID, Droits]:
    """What the actor may do now in each dossier of a list; empty for the register's roles, whose lists lead to no dossier."""
    if not dossier_ids or not opens_dossiers(ctx.acteur.famille):
        return {}
    return habilitations.permitted_many(ctx, dossier_ids)


def titulaire(ctx: Context, dossier_id: UUID) -> TravailleurVu:
    """Whose dossier it is, as the register and its lists name him: who is about to open one sees that it is the right one.

    Nothing of the dossier itself is read. Raises: DossierNotFound, AccessDenied.
    """
    found = queries.find_dossier(ctx, dossier_id)
    if found is None:
        raise DossierNotFound
    return identite.get_travailleur(ctx, found.travailleur_id)


def entete(dossier_id: UUID, droits: Droits | None) -> EnTete:
    """A dossier opens as soon as one of its sections does; a closed one says what the first of them says, as a click would."""
    verdicts = [droit.consulter for droit in droits.sections.values()] if droits else []
    if not verdicts or any(verdict.allowed for verdict in verdicts):
        return EnTete(dossier_id, bool(verdicts), None)
    return EnTete(dossier_id, False, Fermeture(verdicts[0].explication, verdicts[0].article))
