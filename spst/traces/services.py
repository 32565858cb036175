"""The only writer of traces.

`record` gathers; one trace per dossier is written just before the transaction commits, so that there is no act without its
trace and no trace without its act. A refusal is written by `record_refusal`, in the transaction that follows the rollback.
"""

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, insert
from sqlalchemy.orm import Session

from spst.kernel.clock import Clock
from spst.kernel.context import Context
from spst.kernel.errors import AccessDenied, ActRefused, NotFound, SpstError
from spst.kernel.ids import new_id
from spst.traces.models import JournalTechnique, Trace, TraceReserve
from spst.traces.rules import SALT_BYTES, Event, sign_row

_log = logging.getLogger("spst.traces")
_GATHERED = "traces.gathered"
_WRITER = "traces.writer"
_ADD_TRACE = insert(cast(Table, Trace.__table__)).execution_options(preserve_rowcount=True)
_ADD_RESERVE = insert(cast(Table, TraceReserve.__table__)).execution_options(preserve_rowcount=True)
_writers = threading.local()


class TraceLost(Exception):
    """The database took a trace and kept nothing of it: the act is undone."""


class TraceFieldUnknown(Exception):
    """An action was traced with facts that its registry entry does not name."""


@dataclass(slots=True)
class _Gathered:
    action: str
    dossier_id: UUID | None
    sections: set[str]
    regles: set[str] = field(default_factory=set)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Writer:
    """Numbers the committed traces of one thread of one process in one SPST, without gap."""

    id: UUID = field(default_factory=new_id)
    pid: int = field(default_factory=os.getpid)
    given: int = 0
    committed: int = 0

    @property
    def is_usable(self) -> bool:
        """Not after a fork, nor after a commit whose outcome is unknown."""
        return self.pid == os.getpid() and self.given == self.committed

    def take_back(self) -> None:
        """Nothing was committed: the numbers that were given serve again, so that whoever makes a transaction fail does not
        make this writer end before its time, and with it what shows that one of its lines is missing."""
        self.given = self.committed


def record(
    ctx: Context,
    action: str,
    dossier_id: UUID | None = None,
    sections: Iterable[str] = (),
    details: Mapping[str, int | str | bool] | None = None,
) -> None:
    """Trace an access or act of this transaction: one line per dossier, whose sections add up.

    The first action names the line; what follows on the same dossier in the same request only widens it, unless it changes
    the dossier where the first one read it.

    Raises: TraceFieldUnknown.
    """
    _check_fields(ctx, action, details or {})
    gathered = _gathered(ctx)
    line = gathered.setdefault(dossier_id, _Gathered(action, dossier_id, set()))
    if _changes(ctx, action):
        line.action = action
    line.sections.update(str(section) for section in sections)
    line.details.update(details or {})


def _check_fields(ctx: Context, action: str, details: Mapping[str, object]) -> None:
    """A trace holds what the action registry names and nothing else, so that no value of a dossier slips into it."""
    allowed = ctx.runtime.traced_facts.get(action)
    if allowed is None or not details.keys() <= allowed:
        raise TraceFieldUnknown(f"{action} does not trace {sorted(details)}")


def _changes(ctx: Context, action: str) -> bool:
    """The act that was authorised with the mode "remplir" names the line, rather than the reading around it."""
    return any(d.action == action and d.mode == "remplir" for d in ctx.decisions)


def _gathered(ctx: Context) -> dict[UUID | None, _Gathered]:
    if _GATHERED not in ctx.cache:
        ctx.cache[_GATHERED] = {}
        ctx.before_commit.append(_write_gathered)
    lines: dict[UUID | None, _Gathered] = ctx.cache[_GATHERED]
    return lines


def _write_gathered(ctx: Context) -> None:
    lines: dict[UUID | None, _Gathered] = ctx.cache[_GATHERED]
    version, rules = _decided(ctx)
    for line in lines.values():
        _write(ctx, _event(ctx, line.action, "permis", line.dossier_id, line.sections, version, rules, line.details))


def _decided(ctx: Context) -> tuple[str, set[str]]:
    """Version and rules of the decisions that allowed what this transaction did."""
    rules = {rule for decision in ctx.decisions if decision.allowed for rule in decision.rules}
    return (ctx.decisions[-1].version if ctx.decisions else "", rules)


def record_refusal(ctx: Context, refusal: SpstError) -> None:
    """The runtime's recorder of refusals: what was asked, on which dossier, by which rule of the policy it was refused.

    Something that is not found is traced without its id: it may be somebody else's.
    """
    ctx.cache.pop(_GATHERED, None)
    ctx.cache.pop(_WRITER, None)
    if not isinstance(refusal, AccessDenied | ActRefused | NotFound):
        return
    # Whose act it is, a room says after the policy allowed it: the last decision then tells what was asked.
    past_policy, found = isinstance(refusal, ActRefused), not isinstance(refusal, NotFound)
    asked = next((d for d in reversed(ctx.decisions) if past_policy or not d.allowed), None)
    dossier_id = asked.dossier_id if past_policy and asked else _uuid(refusal.facts.get("dossier_id"))
    event = _event(
        ctx,
        str(refusal.facts.get("action") or (asked.action if asked else "inconnue")),
        "refuse",
        dossier_id if found else None,
        _sections(refusal, asked) if found else set(),
        asked.version if asked else "",
        set(asked.rules) if asked and not past_policy else set(),
        {} if found else {"introuvable": True},
    )
    _write(ctx, event)


def _sections(refusal: SpstError, decision: Any) -> set[str]:
    """Those of the decision, or those that the routes' own wall names, which refuses before any decision."""
    asked: Any = decision.sections if decision else refusal.facts.get("sections", ())
    return {str(section) for section in asked}


def _uuid(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None


def _event(
    ctx: Context,
    action: str,
    decision: str,
    dossier_id: UUID | None,
    sections: set[str],
    version: str,
    rules: set[str],
    details: dict[str, Any],
) -> Event:
    now = ctx.clock.now()
    return Event(
        tenant_id=ctx.tenant_id,
        id=new_id(now),
        at=now,
        acteur_id=ctx.acteur.id,
        role=str(ctx.acteur.role),
        action=action,
        decision=decision,
        correlation_id=ctx.correlation_id,
        origin=ctx.origin,
        delegation_id=ctx.delegation_id or ctx.protocole_id,
        dossier_id=dossier_id,
        sections=tuple(sorted(sections)),
        politique_version=version,
        regles=tuple(sorted(rules)),
        details=details,
        session_hash=ctx.acteur.session_hash,
        motif_code=str(ctx.motif.code),
        motif_precision=ctx.motif.precision,
    )


def _write(ctx: Context, event: Event) -> None:
    writer = _writer(ctx)
    writer.given += 1
    number, salt = writer.given, os.urandom(SALT_BYTES)
    empreinte = event.empreinte(salt, mark_key(ctx, event.dossier_id))
    signature = sign_row(ctx.runtime.trace_key, ctx.tenant_id, event.id, writer.id, number, empreinte.leaf)
    numbered = {"empreinte": empreinte.octets, "writer_id": writer.id, "writer_n": number, "signature": signature}
    connection = ctx.session.connection()
    for statement, values in ((_ADD_TRACE, _columns(event) | numbered), (_ADD_RESERVE, _reserve(event, salt))):
        if connection.execute(statement, values).rowcount != 1:
            raise TraceLost
    ctx.after_commit.append(lambda: _confirm(writer, number, event, empreinte.leaf))
    ctx.after_rollback.append(writer.take_back)


def mark_key(ctx: Context, dossier_id: UUID | None) -> bytes | None:
    return None if dossier_id is None else ctx.runtime.keyring.mark_key(ctx.tenant_id, dossier_id)


def _columns(event: Event) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in Event.__slots__ if not name.startswith("motif_")}
    return {**values, "sections": list(event.sections), "regles": list(event.regles)}


def _reserve(event: Event, salt: bytes) -> dict[str, Any]:
    return {
        "tenant_id": event.tenant_id,
        "trace_id": event.id,
        "dossier_id": event.dossier_id,
        "acteur_id": event.acteur_id,
        "motif": event.motif_code,
        "precision": event.motif_precision,
        "sel": salt,
    }


def _writer(ctx: Context) -> _Writer:
    """This thread's writer in this SPST, or a new one that starts at 1: the numbers of each journal keep no gap."""
    if _WRITER not in ctx.cache:
        mine: dict[UUID, _Writer] = _writers.__dict__.setdefault("of_tenant", {})
        known = mine.get(ctx.tenant_id)
        if known is None or not known.is_usable:
            known = mine[ctx.tenant_id] = _Writer()
        ctx.cache[_WRITER] = known
    writer: _Writer = ctx.cache[_WRITER]
    return writer


def _confirm(writer: _Writer, number: int, event: Event, leaf: bytes) -> None:
    """After the commit: the number is spent, and the leaf hash leaves the machine with the log stream."""
    writer.committed = number
    _log.info(
        "trace",
        extra={
            "leaf": leaf.hex(),
            "tenant": str(event.tenant_id),
            "trace": str(event.id),
            "writer": str(writer.id),
            "n": number,
        },
    )


def record_technical(
    engine: Engine, clock: Clock, evenement: str, niveau: int, faits: dict[str, Any], correlation_id: UUID
) -> None:
    """A security event that has no tenant. `faits`: codes and hashes, never a trait, a token or a typed text."""
    with engine.begin() as connection:
        add_technical(connection, clock, evenement, niveau, faits, correlation_id)


def add_technical(
    connection: Connection | Session,
    clock: Clock,
    evenement: str,
    niveau: int,
    faits: dict[str, Any],
    correlation_id: UUID,
) -> None:
    """The same, in the transaction that acts upon the event: both stand or neither."""
    connection.execute(
        insert(JournalTechnique).values(
            id=new_id(),
            at=clock.now(),
            evenement=evenement,
            niveau=niveau,
            faits=faits,
            correlation_id=correlation_id,
        )
    )
