"""The log: one JSON object a line, with ids and codes only. No path of a page, no typed text, no message of an outside error."""

import json
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from spst.web.requests import correlation_id
from spst.web.sessions import current

_FIELDS = frozenset(
    {
        "action",
        "duree_ms",
        "endpoint",
        "error",
        "kid",
        "leaf",
        "method",
        "n",
        "reason",
        "status",
        "tenant",
        "trace",
        "writer",
    }
)
"""What a line may carry beside its message."""
_request_log = logging.getLogger("spst.requests")


class JsonFormatter(logging.Formatter):
    """An error is written as its type and where it was raised: its message may quote a row (LOG-02)."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "niveau": record.levelname.lower(),
            "journal": record.name,
            "message": record.msg if record.name.startswith("spst") else record.name,
        }
        line |= {name: value for name, value in record.__dict__.items() if name in _FIELDS}
        if has_request_context():
            line["correlation"] = str(correlation_id())
        if record.exc_info and record.exc_info[1] is not None:
            line["erreur"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str)


def describe(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    origin = error.__cause__ or error.__context__
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "trace": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
        **({"cause": f"{type(origin).__module__}.{type(origin).__qualname__}"} if origin else {}),
    }


def configure() -> None:
    """The log of a process goes to its standard output, which whoever runs it collects."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("spst").setLevel(logging.INFO)


def install(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    if request.endpoint != "static":
        user = current().user
        _request_log.info(
            "request",
            extra={
                "method": request.method,
                "endpoint": request.endpoint,
                "status": response.status_code,
                "duree_ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                "tenant": str(user.tenant_id) if user else None,
            },
        )
    return response
