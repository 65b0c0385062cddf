"""Structured logs: one JSON object a line (docs/logs.md), personal data and secrets masked."""

from __future__ import annotations

import json
import logging
import math
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from credit.ports.tracing import CORRELATION
from dataplatform.observability.masking import mask

FIELDS = ("event", "route", "method", "status", "duration_ms", "client")
"""Fields of the schema that a caller passes in ``extra``; anything else it passes goes under ``details``."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    """``service``, ``role`` and ``environment`` are the same on every line of a process."""

    def __init__(self, *, service: str, role: str, environment: str) -> None:
        super().__init__()
        self._process = {"service": service, "role": role, "environment": environment}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": "log",
            "logger": record.name,
            "message": mask(record.getMessage()),
            **self._process,
            **_correlation(),
        }
        line.update(_extra(record))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


def configure_logs(
    *, role: str, environment: str, level: str = "INFO", service: str = "mirante", out: TextIO = sys.stderr
) -> logging.Handler:
    """Send every log line of this process to ``out`` as JSON; answers with the handler that was installed."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter(service=service, role=role, environment=environment))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        own = logging.getLogger(name)
        own.handlers.clear()
        own.setLevel(logging.NOTSET)
        own.propagate = True
    return handler


def _correlation() -> Mapping[str, str]:
    current = CORRELATION.get()
    if current is None:
        return {}
    return {"trace_id": current.trace_id, "span_id": current.span_id, "request_id": current.request_id}


def _extra(record: logging.LogRecord) -> Mapping[str, object]:
    given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    known = {name: _masked(given.pop(name)) for name in FIELDS if name in given}
    details = {name: _masked(value) for name, value in sorted(given.items())}
    return {**known, "details": details} if details else known


def _masked(value: object) -> object:
    if value is None or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return mask(value) if isinstance(value, int) else mask(str(value))


def _error(error: BaseException) -> Mapping[str, str]:
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": mask(str(error)),
        "stack": mask("".join(traceback.format_exception(error))),
    }
