"""Everything that is logged meanwhile, for tests of what no log may say."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from spst.web.logging import JsonFormatter


class Written(logging.Handler):
    """Everything that any logger gives, as the process writes it and as the record holds it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.values: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(JsonFormatter().format(record))
        known = vars(logging.makeLogRecord({}))
        self.values.append(" ".join(str(value) for name, value in vars(record).items() if name not in known))


@contextmanager
def listening() -> Iterator[Written]:
    """At the levels of a process in service: ours from INFO, others from WARNING."""
    handler, root, ours = Written(), logging.getLogger(), logging.getLogger("spst")
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
