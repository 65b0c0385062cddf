"""Where a piece of work belongs: trace, span and request ids, carried by the context of the running task.

Ids are OpenTelemetry's 32 and 16 hex digits; the first eight of a trace id are its epoch seconds, which makes
it an X-Ray id as well (``xray_root`` writes it the way X-Ray does).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

Attribute = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Correlation:
    """The ids that join an answer, its log lines and its trace. ``sampled``: whether its spans are kept."""

    trace_id: str
    span_id: str
    request_id: str
    sampled: bool = True


CORRELATION: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


class RequestSpan(Protocol):
    """The span of one inbound request."""

    @property
    def trace_id(self) -> str: ...

    @property
    def span_id(self) -> str: ...

    @property
    def sampled(self) -> bool: ...

    def describe(self, name: str, /, **attributes: Attribute) -> None:
        """Name the span once the route is known, and add what is known by then."""
        ...


class WorkTracer(Protocol):
    """For work that nobody waits for, such as a batch of stream records."""

    def continued(
        self, name: str, headers: Sequence[str], /, **attributes: Attribute
    ) -> AbstractContextManager[None]:
        """Work done at once for several traces, each named by a ``trace_header``: a span in every one of
        them. Steps within it belong to the first; headers that cannot be read are left out."""
        ...

    def span(self, name: str, /, **attributes: Attribute) -> AbstractContextManager[None]:
        """A step within the current request or job; an exception that passes marks it as failed."""
        ...


class Tracer(WorkTracer, Protocol):
    def request(self, method: str, carrier: Mapping[str, str]) -> AbstractContextManager[RequestSpan]:
        """Begin the span of an inbound request, continuing the trace that ``carrier`` (its headers) names."""
        ...


def trace_header(current: Correlation) -> str:
    """X-Ray's header, as a stream record or a message carries it to whoever continues the work."""
    root = xray_root(current.trace_id)
    return f"Root={root};Parent={current.span_id};Sampled={int(current.sampled)}"


def xray_root(trace_id: str) -> str:
    """``6553f1d1…`` as ``1-6553f1d1-…``: what X-Ray's console searches for."""
    return f"1-{trace_id[:8]}-{trace_id[8:]}"
