"""A span around each call of a store: what it was asked, how long it took, and whether it failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from credit.ports.tracing import WorkTracer
from dataplatform.wrapped import Around

R = TypeVar("R")


def spans(store: str, tracer: WorkTracer) -> Around:
    """Each call is a span ``store method``. Arguments are data and not recorded."""

    async def span(method: str, call: Callable[[], Awaitable[R]]) -> R:
        with tracer.span(f"{store} {method}", store=store):
            return await call()

    return span
