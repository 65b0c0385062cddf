"""Where a piece of work belongs: trace, span and request ids, carried by the context of the running task.

Ids are OpenTelemetry's 32 and 16 hex digits; the first eight of a trace id are its epoch seconds, which makes
it an X-Ray id as well (``xray_root`` writes it the way X-Ray does).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

Attribute = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Correlation:
    """The ids that join an answer, its log lines and its trace."""

    trace_id: str
    span_id: str
    request_id: str


CORRELATION: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


class RequestSpan(Protocol):
    """The span of one inbound request."""

    @property
    def trace_id(self) -> str: ...

    @property
    def span_id(self) -> str: ...

    def describe(self, name: str, /, **attributes: Attribute) -> None:
        """Name the span once the route is known, and add what is known by then."""
        ...


class Tracer(Protocol):
    def request(self, method: str, carrier: Mapping[str, str]) -> AbstractContextManager[RequestSpan]:
        """Begin the span of an inbound request, continuing the trace that ``carrier`` (its headers) names."""
        ...

    def span(self, name: str, /, **attributes: Attribute) -> AbstractContextManager[None]:
        """A step within the current request or job; an exception that passes marks it as failed."""
        ...


def xray_root(trace_id: str) -> str:
    """``6553f1d1…`` as ``1-6553f1d1-…``: what X-Ray's console searches for."""
    return f"1-{trace_id[:8]}-{trace_id[8:]}"
