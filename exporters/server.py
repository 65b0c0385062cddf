"""What a role exposes on /metrics: a registry of guarded collectors and an ASGI application.

One collector that fails costs its own series and a counted, logged error; the others are still scraped.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from foundation.metrics import MetricKind, MetricSpec

logger = logging.getLogger(__name__)

COLLECT_ERRORS = MetricSpec(
    "exporter_collect_errors_total",
    MetricKind.COUNTER,
    "Scrapes in which a collector failed, so its series are missing.",
    ("collector",),
)
ROLE_INFO = MetricSpec(
    "mirante_role_info", MetricKind.GAUGE, "Always 1 while this role answers scrapes.", ("role",)
)
METRICS = (COLLECT_ERRORS, ROLE_INFO)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class MetricsCollector(Protocol):
    def collect(self) -> Iterable[Metric]: ...


class GuardedCollectors:
    """Runs collectors one by one and isolates the failure of each."""

    def __init__(self, role: str, collectors: Sequence[MetricsCollector]) -> None:
        self._role = role
        self._collectors = tuple(collectors)
        self._errors = {type(collector).__name__: 0 for collector in collectors}
        self._lock = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing: names are known at scrape, and asking would run every collector at registration."""
        return ()

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            yield from self._guarded(collector)
        yield self._role_info()
        yield self._error_counts()

    def _guarded(self, collector: MetricsCollector) -> Sequence[Metric]:
        name = type(collector).__name__
        try:
            return list(collector.collect())
        except Exception:
            logger.exception("collector %s failed; its series are left out of this scrape", name)
            with self._lock:
                self._errors[name] += 1
            return ()

    def _role_info(self) -> Metric:
        family = GaugeMetricFamily(ROLE_INFO.name, ROLE_INFO.help, labels=list(ROLE_INFO.labels))
        family.add_metric([self._role], 1.0)
        return family

    def _error_counts(self) -> Metric:
        family = CounterMetricFamily(
            COLLECT_ERRORS.name, COLLECT_ERRORS.help, labels=list(COLLECT_ERRORS.labels)
        )
        with self._lock:
            for name, count in sorted(self._errors.items()):
                family.add_metric([name], count)
        return family


def build_registry(
    role: str, collectors: Sequence[MetricsCollector], registry: CollectorRegistry | None = None
) -> CollectorRegistry:
    """Register a role's collectors in ``registry`` (a new one by default) and return it."""
    target = registry if registry is not None else CollectorRegistry(auto_describe=False)
    target.register(GuardedCollectors(role, collectors))
    return target


class MetricsApp:
    """ASGI: the registry as text, in the format the scraper asks for. Never blocks the event loop."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _respond(
                send, 405, b"only GET and HEAD\n", "text/plain; charset=utf-8", [(b"allow", b"GET, HEAD")]
            )
            return
        encode, content_type = choose_encoder(_header(scope, b"accept"))
        body = await asyncio.to_thread(encode, self._registry)
        await _respond(send, 200, b"" if scope["method"] == "HEAD" else body, content_type, [])


def metrics_app(registry: CollectorRegistry) -> MetricsApp:
    return MetricsApp(registry)


def _header(scope: Scope, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


async def _respond(
    send: Send, status: int, body: bytes, content_type: str, headers: list[tuple[bytes, bytes]]
) -> None:
    length = (b"content-length", str(len(body)).encode())
    kind = (b"content-type", content_type.encode())
    await send({"type": "http.response.start", "status": status, "headers": [kind, length, *headers]})
    await send({"type": "http.response.body", "body": body})
