"""Heads that a time-stamping authority saw: from then on nobody, not even who seals, can say that they did not exist.

Asked from time to time, not for each head: a head stands for all the traces before it.
"""

import logging
from datetime import datetime
from uuid import UUID

from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.errors import ServiceUnavailable
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import tetes
from spst.traces.models import TraceHorodatage, TraceTete
from spst.traces.ports import HorodatageRefused, Horodateur

_log = logging.getLogger("spst.traces")
_SEALER, _MOTIF = service("scellement"), Motif(CodeMotif.TECHNIQUE)


def stamp_heads(runtime: Runtime, horodateur: Horodateur) -> int:
    """Have the last head of each SPST stamped, unless it was; returns how many were. What is refused waits for the next time."""
    return sum(_stamp_head(runtime, horodateur, tenant_id) for tenant_id in tetes.tenants(runtime))


def _stamp_head(runtime: Runtime, horodateur: Horodateur, tenant_id: UUID) -> bool:
    """The authority is asked between two transactions, never inside one."""
    with unit_of_work(runtime, tenant_id, _SEALER, _MOTIF, origin="job") as ctx:
        head = tetes.last(ctx)
        if head is None or ctx.session.get(TraceHorodatage, (tenant_id, head.taille)) is not None:
            return False
    try:
        jeton = horodateur.stamp(head.note.encode())
    except (HorodatageRefused, ServiceUnavailable) as error:
        _log.warning("time stamp refused", extra={"tenant": str(tenant_id), "reason": type(error).__name__})
        return False
    return _keep(runtime, head, jeton, horodateur.instant_of(head.note.encode(), jeton))


def _keep(runtime: Runtime, head: TraceTete, jeton: bytes, at: datetime) -> bool:
    with unit_of_work(runtime, head.tenant_id, _SEALER, _MOTIF, origin="job") as ctx:
        if ctx.session.get(TraceHorodatage, (head.tenant_id, head.taille)) is None:
            ctx.session.add(TraceHorodatage(tenant_id=head.tenant_id, taille=head.taille, at=at, jeton=jeton))
    return True
