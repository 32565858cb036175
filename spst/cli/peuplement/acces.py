"""Accesses of the last ninety days, through the product's own door: whoever led a visit had opened the dossier first.

So that the journal, the trial of a policy and the worker's list say something on the first day. Decisions, refusals and signed
traces are those of the services, at the instant of the visit.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from spst.cli.peuplement.etablissement import Spst
from spst.cli.peuplement.graine import generator
from spst.dmst import services as dmst
from spst.kernel.acteur import Acteur, Role
from spst.kernel.context import CodeMotif, Motif
from spst.kernel.errors import AccessDenied
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.visites import services as visites

_PAST = timedelta(days=90)
_BEFORE = timedelta(minutes=4)
_MOST = 150
_ONE_REFUSED_IN = 15
_SUIVI, _VISITE = Motif(CodeMotif.SUIVI), Motif(CodeMotif.VISITE)
_HELD = text("""
    SELECT v.dossier_id, v.professionnel_id, h.role, v.started_at
    FROM visite v JOIN habilitation h ON h.tenant_id = v.tenant_id AND h.compte_id = v.professionnel_id
    WHERE v.tenant_id = :tenant AND v.closed_at IS NOT NULL AND v.started_at BETWEEN :since AND :until
    ORDER BY v.started_at DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A clock that stands at an instant of the past."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class _Acces:
    dossier_id: UUID
    acteur: Acteur
    at: datetime
    motif: Motif = _VISITE


def open_again(runtime: Runtime, spst: Spst) -> int:
    """Open each dossier at the instant when its visit was held; now and then somebody of another équipe tries too.

    Returns how many were opened or tried.
    """
    made = 0
    for acces in sorted(_accesses(runtime, spst), key=lambda one: one.at):
        then = replace(runtime, clock=_Moment(acces.at))
        with (
            suppress(AccessDenied),
            unit_of_work(then, spst.tenant_id, acces.acteur, acces.motif, origin="web") as ctx,
        ):
            dmst.open_dossier(ctx, acces.dossier_id)
            visites.historique(ctx, acces.dossier_id)
        made += 1
    return made


def _accesses(runtime: Runtime, spst: Spst) -> Iterator[_Acces]:
    now, drawn = runtime.clock.now(), generator(spst.demo.slug, "acces")
    with unit_of_work(runtime, spst.tenant_id, spst.medecin, _SUIVI, origin="cli") as ctx:
        values = {"tenant": spst.tenant_id, "since": now - _PAST, "until": now - timedelta(days=1), "most": _MOST}
        held = ctx.session.execute(_HELD, values).all()
    others = [Acteur(equipe.medecin_id, Role.MDT, facteurs=2) for equipe in spst.equipes]
    for row in held:
        yield _Acces(row.dossier_id, Acteur(row.professionnel_id, Role(row.role), facteurs=2), row.started_at - _BEFORE)
        if drawn.randrange(_ONE_REFUSED_IN) == 0:
            yield _Acces(row.dossier_id, drawn.choice(others), row.started_at + timedelta(hours=2), _SUIVI)
