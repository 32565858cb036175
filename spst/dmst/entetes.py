"""Headers of what a dossier holds: to which dossier and section an id belongs, known before its content is read."""

from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, insert, select

from spst.dmst.errors import ObjetNotFound
from spst.dmst.models import Dossier, Entete
from spst.kernel.context import Context
from spst.kernel.ids import new_id

_ENTETE = cast(Table, Entete.__table__)
_DOSSIER = cast(Table, Dossier.__table__)


class Header(NamedTuple):
    """Where an object stands: its dossier, and its section "S1" to "S7"."""

    dossier_id: UUID
    section: str


def header(ctx: Context, object_id: UUID, section: str | None = None) -> Header:
    """The header of an object of this tenant. `section`: the one expected; an object of another one is not found.

    It says nothing of the content: the caller authorises the act before he reads the row itself.
    Raises: ObjetNotFound.
    """
    query = select(_ENTETE.c.dossier_id, _ENTETE.c.section).where(
        _ENTETE.c.tenant_id == ctx.tenant_id, _ENTETE.c.id == object_id
    )
    found = ctx.session.execute(query).one_or_none()
    if found is None or section not in (None, found.section):
        raise ObjetNotFound
    return Header(found.dossier_id, found.section)


def is_dossier(ctx: Context, dossier_id: UUID) -> bool:
    """Whether this tenant holds a dossier of this id: no more than that."""
    query = select(_DOSSIER.c.id).where(_DOSSIER.c.tenant_id == ctx.tenant_id, _DOSSIER.c.id == dossier_id)
    return ctx.session.execute(query).first() is not None


def add_header(ctx: Context, dossier_id: UUID, section: str, object_id: UUID | None = None) -> UUID:
    """Write the header of an object that is about to be added, and return the id that its own row takes.

    `object_id`: an id that was chosen before, so that a text is sealed for its place.
    """
    chosen = object_id or new_id(ctx.clock.now())
    ctx.session.execute(
        insert(_ENTETE).values(tenant_id=ctx.tenant_id, id=chosen, dossier_id=dossier_id, section=str(section))
    )
    return chosen
