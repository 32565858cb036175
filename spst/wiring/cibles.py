"""Whose dossier the address of a refused request names, within what the walls of the database show to the actor."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from spst.dmst import entetes
from spst.dmst import services as dmst
from spst.habilitations import actions
from spst.kernel.context import Context
from spst.kernel.errors import NotFound
from spst.visites import services as visites
from spst.web.ports import Cible


class DossierByRoute:
    """Implements `spst.web.ports.TargetTable`. An appointment names the dossier of whoever it is made for."""

    def find(self, ctx: Context, action: str, arguments: Mapping[str, Any]) -> Cible | None:
        try:
            dossier_id = _dossier(ctx, arguments)
        except NotFound:
            return None
        return Cible(dossier_id, actions.get(action).sections) if dossier_id else None


def _dossier(ctx: Context, arguments: Mapping[str, Any]) -> UUID | None:
    """Raises: NotFound."""
    dossier_id: UUID | None = arguments.get("dossier_id")
    if dossier_id is not None:
        return dossier_id if entetes.is_dossier(ctx, dossier_id) else None
    if (visite_id := arguments.get("visite_id")) is not None:
        return dmst.header(ctx, visite_id, "S3").dossier_id
    if (rendez_vous_id := arguments.get("rendez_vous_id")) is not None:
        return visites.dossier_of_rendez_vous(ctx, rendez_vous_id)
    return None
