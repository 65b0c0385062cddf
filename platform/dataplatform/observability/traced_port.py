"""A port whose calls are spans: which store was asked what, how long it took, and whether it failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, cast

from credit.ports.tracing import WorkTracer

Port = TypeVar("Port")


def with_spans(port: Port, store: str, tracer: WorkTracer) -> Port:
    """The same (async) port; each call is a span ``store method``. Arguments are data and not recorded."""
    return cast(Port, _TracedPort(port, store, tracer))


class _TracedPort:
    def __init__(self, port: object, store: str, tracer: WorkTracer) -> None:
        self._port, self._store, self._tracer = port, store, tracer

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Awaitable[Any]] = getattr(self._port, name)
        span_name = f"{self._store} {name}"

        @wraps(method)
        async def traced(*args: Any, **kwargs: Any) -> Any:
            with self._tracer.span(span_name, store=self._store):
                return await method(*args, **kwargs)

        setattr(self, name, traced)
        return traced
