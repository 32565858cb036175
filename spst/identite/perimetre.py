"""Whom of the register the actor may find, asked wherever a person is read: no caller can forget it.

Lists narrow their statement by `travailleurs`, so that totals and pages are right; what is asked by its id passes `check`.
Source: C. trav. art. L. 4624-8 al. 3, R. 4623-43, R. 4623-44.
"""

from dataclasses import dataclass
from uuid import UUID

from spst.habilitations.situations import NotPlugged
from spst.identite.errors import TravailleurNotFound
from spst.identite.ports import Perimetre
from spst.kernel.context import Context


@dataclass(slots=True)
class _Ports:
    perimetre: Perimetre | None = None


_ports = _Ports()


def plug_perimetre(impl: Perimetre) -> None:
    _ports.perimetre = impl


def travailleurs(ctx: Context) -> frozenset[UUID] | None:
    """The only people whom the actor may find; None for the whole register. Nothing is read until `wiring` has plugged it."""
    return _plugged().travailleurs(ctx)


def check(ctx: Context, travailleur_id: UUID) -> None:
    """For somebody whom this SPST knows.

    Raises: AccessDenied, with the sentence and article that close him to the actor.
    """
    within = travailleurs(ctx)
    if within is not None and travailleur_id not in within:
        _plugged().refuse(ctx, travailleur_id)
        # Whoever has no reason to give refuses all the same.
        raise TravailleurNotFound


def _plugged() -> Perimetre:
    if _ports.perimetre is None:
        raise NotPlugged("Perimetre")
    return _ports.perimetre
