"""Waiting for what nothing announces: the state of another program, of the database, of the clock."""

import threading
import time
from collections.abc import Callable

_LOOK_S = 0.05


def until(condition: Callable[[], bool], otherwise: str, within_s: float = 30) -> None:
    """Return as soon as `condition` holds. Raises: AssertionError, which says `otherwise`."""
    deadline, pause = time.monotonic() + within_s, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, otherwise
        pause.wait(_LOOK_S)
