"""The sealer: gives each committed trace its place in the tree of its SPST, and signs the head of that tree.

One transaction adds leaves, nodes and head together, so a process that is killed leaves either all of a sealing or nothing;
the head is copied outside the database after the commit, and copied by the next round if it was not. Lines are taken in the
order of the transactions that wrote them, below the oldest that is still under way, so that none comes late.

Before it adds anything, the sealer checks that the last head is one that it signed, that the tree which is kept leads to it,
and that no larger head was copied outside: a database brought back from a backup, or rewritten, is not sealed further.
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from spst.kernel.acteur import service
from spst.kernel.context import CodeMotif, Context, Motif
from spst.kernel.ids import new_id
from spst.kernel.locks import is_alone
from spst.kernel.merkle import Frontier
from spst.kernel.runtime import Runtime
from spst.kernel.unit_of_work import unit_of_work
from spst.traces import arbre, attente, tetes
from spst.traces.attente import Curseur
from spst.traces.models import TraceTete
from spst.traces.ports import TetesContradicted, TetesUnavailable
from spst.traces.sceau import Tete, origin_of
from spst.traces.services import record_technical
from spst.traces.tetes import ScellementRefused, Scelleur

BATCH = 5000
"""Lines of one sealing: what a transaction of some hundred milliseconds takes."""

PAUSE_S = 1.0
"""Between two rounds: a line waits less than two seconds for its seal."""
BUSY_ROUNDS = 30
"""Rounds for which another process may hold the journal of an SPST before somebody is told."""

_log = logging.getLogger("spst.traces")
_SEALER, _MOTIF = service("scellement"), Motif(CodeMotif.TECHNIQUE)


@dataclass(slots=True)
class Ronde:
    """What a sealer goes round with: SPSTs whose copies are to be made up, what it told already, once and not each second,
    and how far it looked at lines that nobody of ours signed."""

    to_copy: set[UUID] = field(default_factory=set)
    refused: dict[UUID, str] = field(default_factory=dict)
    looked: dict[UUID, Curseur] = field(default_factory=dict)
    forged: dict[UUID, int] = field(default_factory=dict)
    busy: dict[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scellement:
    """One sealing. `sealed`: lines that it placed; `forged`: how many no process of ours signed, left out for ever.

    `looked`: the last line that it looked at; `is_busy`: another process is at it.
    """

    sealed: int = 0
    forged: int = 0
    head: TraceTete | None = None
    looked: Curseur | None = None
    is_busy: bool = False


def keep_sealing(runtime: Runtime, scelleur: Scelleur, stop: threading.Event, pause_s: float = PAUSE_S) -> None:
    """Round after round until `stop`. Whatever a round meets, the next one is tried: nobody would see that a thread has died."""
    ronde: Ronde | None = None
    while not stop.is_set():
        try:
            ronde = ronde or Ronde(to_copy=set(tetes.tenants(runtime)))
            go_round(runtime, scelleur, ronde)
        except Exception as error:  # noqa: BLE001
            _log.error("sealing interrupted", extra={"reason": type(error).__name__})
        stop.wait(pause_s)


def go_round(runtime: Runtime, scelleur: Scelleur, ronde: Ronde) -> int:
    """Seal all that waits, of every SPST; returns how many lines. What is refused of one SPST does not stop the others."""
    return sum(_seal_one(runtime, scelleur, ronde, tenant_id) for tenant_id in tetes.tenants(runtime))


def _seal_one(runtime: Runtime, scelleur: Scelleur, ronde: Ronde, tenant_id: UUID) -> int:
    sealed = 0
    try:
        if tenant_id in ronde.to_copy:
            copy_missing(runtime, scelleur, tenant_id)
            ronde.to_copy.discard(tenant_id)
        for done in _batches(runtime, scelleur, ronde, tenant_id):
            sealed += done.sealed
            _note(runtime, ronde, tenant_id, done)
    except ScellementRefused as refusal:
        _tell_refused(runtime, ronde, tenant_id, refusal.code)
    except TetesUnavailable:
        ronde.to_copy.add(tenant_id)
        _tell_refused(runtime, ronde, tenant_id, "copie_indisponible")
    except IntegrityError:
        _tell_refused(runtime, ronde, tenant_id, "arbre_altere")
    except Exception as error:  # noqa: BLE001 - whatever one journal holds, the others are sealed
        ronde.to_copy.add(tenant_id)
        _tell_refused(runtime, ronde, tenant_id, f"erreur_{type(error).__name__}")
    else:
        if not ronde.busy.get(tenant_id):
            ronde.refused.pop(tenant_id, None)
    return sealed


def _note(runtime: Runtime, ronde: Ronde, tenant_id: UUID, done: Scellement) -> None:
    """What the next round has to know, and what is told."""
    if done.looked:
        ronde.looked[tenant_id] = done.looked
    if done.forged and (done.looked or ronde.forged.get(tenant_id) != done.forged):
        ronde.forged[tenant_id] = done.forged
        _tell(runtime, "traces.ligne_forgee", {"tenant": str(tenant_id), "lignes": done.forged})
    ronde.busy[tenant_id] = ronde.busy.get(tenant_id, 0) + 1 if done.is_busy else 0
    if ronde.busy[tenant_id] >= BUSY_ROUNDS:
        _tell_refused(runtime, ronde, tenant_id, "verrou_tenu")


def _batches(runtime: Runtime, scelleur: Scelleur, ronde: Ronde, tenant_id: UUID) -> Iterator[Scellement]:
    """Until a batch is not full: what comes meanwhile waits for the next round, behind the other SPSTs."""
    while True:
        done = seal(runtime, scelleur, tenant_id, ronde.looked.get(tenant_id))
        yield done
        if done.sealed < BATCH:
            return


def seal(runtime: Runtime, scelleur: Scelleur, tenant_id: UUID, looked: Curseur | None = None) -> Scellement:
    """Seal the lines of an SPST that wait, `BATCH` at most. `looked`: a line before which everything was looked at already.

    Raises: ScellementRefused, TetesUnavailable.
    """
    with unit_of_work(runtime, tenant_id, _SEALER, _MOTIF, origin="job") as ctx:
        if attente.is_empty(ctx, _bornes(ctx, tetes.last(ctx), looked)):
            return Scellement()
        if not is_alone(ctx, "scellement", tenant_id):
            return Scellement(is_busy=True)
        done = _seal(ctx, scelleur, looked)
    if done.head:
        _copy(scelleur, done.head)
    return done


def copy_missing(runtime: Runtime, scelleur: Scelleur, tenant_id: UUID) -> int:
    """Copy outside the heads that a process which was killed left uncopied; returns how many.

    Raises: ScellementRefused, TetesUnavailable.
    """
    with unit_of_work(runtime, tenant_id, _SEALER, _MOTIF, origin="job") as ctx:
        heads = list(tetes.after(ctx, tetes.check_copy(ctx, scelleur)))
    for head in heads:
        _copy(scelleur, head)
    return len(heads)


def _seal(ctx: Context, scelleur: Scelleur, looked: Curseur | None) -> Scellement:
    row, edge = _opened(ctx, scelleur)
    bornes = _bornes(ctx, row, looked)
    taken, forged, last = _taken(ctx, bornes)
    if not taken:
        return Scellement(forged=forged, looked=last)
    arbre.append(ctx, edge, ((line.id, line.empreinte) for line in taken))
    tete = Tete(origin_of(ctx.tenant_id), edge.size, edge.root)
    # A clock that went back would sign heads in a false order.
    at = max(ctx.clock.now(), row.at) if row else ctx.clock.now()
    head = tetes.add(ctx, scelleur, tete, at, _next_since(bornes, taken))
    return Scellement(len(taken), forged, head, last)


def _bornes(ctx: Context, row: TraceTete | None, looked: Curseur | None) -> attente.Bornes:
    return attente.bornes(ctx, row.xid if row else 0, looked)


def _taken(ctx: Context, bornes: attente.Bornes) -> tuple[list[Any], int, Curseur | None]:
    """Lines to place now; how many nobody of ours signed; the last one that was looked at."""
    taken: list[Any] = []
    forged, last = 0, None
    for line in attente.lines(ctx, bornes):
        last = (int(line.xid), line.id)
        if not attente.is_ours(ctx, line):
            forged += 1
            continue
        taken.append(line)
        if len(taken) == BATCH:
            break
    return taken, forged, (None if bornes.is_elsewhere else last)


def _next_since(bornes: attente.Bornes, taken: list[Any]) -> int:
    """A full batch may stop inside a transaction: the next one begins with it, and passes over what is sealed by then."""
    if len(taken) < BATCH:
        return bornes.oldest
    return bornes.since if bornes.is_elsewhere else int(taken[-1].xid)


def _opened(ctx: Context, scelleur: Scelleur) -> tuple[TraceTete | None, Frontier]:
    """The last head and the tree under it, once everything that they rest on was checked.

    Raises: ScellementRefused, TetesUnavailable.
    """
    tetes.check_copy(ctx, scelleur)
    row = tetes.last(ctx)
    if row is None:
        return None, Frontier()
    head = tetes.opened(row.note, scelleur.sceaux(ctx.tenant_id)).tete
    try:
        edge = arbre.frontier(ctx, head.taille)
    except arbre.NodesMissing as error:
        raise ScellementRefused("arbre_altere") from error
    if (edge.size, edge.root) != (row.taille, head.racine):
        raise ScellementRefused("arbre_altere")
    return row, edge


def _copy(scelleur: Scelleur, head: TraceTete) -> None:
    try:
        scelleur.copie.add(head.tenant_id, head.taille, head.at.astimezone(UTC), head.note)
    except TetesContradicted as error:
        raise ScellementRefused("deux_histoires") from error


def _tell_refused(runtime: Runtime, ronde: Ronde, tenant_id: UUID, code: str) -> None:
    if ronde.refused.get(tenant_id) != code:
        ronde.refused[tenant_id] = code
        _tell(runtime, "traces.scellement_refuse", {"tenant": str(tenant_id), "raison": code})


def _tell(runtime: Runtime, evenement: str, faits: dict[str, Any]) -> None:
    """To whoever operates: in the technical journal and on the log stream."""
    _log.error(evenement, extra=faits)
    record_technical(runtime.engine, runtime.clock, evenement, 3, faits, new_id())
