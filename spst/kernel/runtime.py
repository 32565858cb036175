"""What a process owns: its connections, its keys, its clock. Built once by `wiring`, handed down, never a global."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from spst.kernel.clock import Clock, SystemClock
from spst.kernel.crypto.keyring import Keyring
from spst.kernel.errors import SpstError

if TYPE_CHECKING:
    from spst.kernel.context import Context

RefusalRecorder = Callable[["Context", SpstError], None]


@dataclass(slots=True)
class Runtime:
    """`record_refusal` writes the trace of an act that was refused, in the transaction that follows the rollback.

    `traced_facts`: for each action of the registry, the facts that its trace may carry.
    """

    engine: Engine
    context_key: bytes = field(repr=False)
    trace_key: bytes = field(repr=False)
    keyring: Keyring
    record_refusal: RefusalRecorder
    traced_facts: Mapping[str, frozenset[str]]
    clock: Clock = field(default_factory=SystemClock)
