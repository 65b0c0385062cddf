"""The outermost layer: ids, trace, language, HTTP metrics and one log line for each request."""

from __future__ import annotations

import logging
import os
import random
import uuid
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.exchange import Exchange, attach, route_of
from app.api.language import negotiate
from credit.metrics import HTTP_DURATION, HTTP_REQUESTS
from credit.ports.tracing import CORRELATION, Attribute, Correlation, RequestSpan, Tracer, xray_root
from foundation.clock import Clock
from foundation.metrics import Telemetry

log = logging.getLogger("mirante.api.access")

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
CARRIED = {b"x-amzn-trace-id": "x-amzn-trace-id", b"traceparent": "traceparent"}
CLIENT_CLOSED = 499  # in logs and metrics only: nobody was there to receive a status
QUIET_ROUTES = frozenset(("/metrics", "/healthz", "/readyz"))

# Request ids must be unique, not secret; the system's generator costs a call into the kernel for each.
_random = random.Random(os.urandom(32))  # noqa: S311
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))


class RequestContext:
    """Pure ASGI. Whatever happens below, the request is measured and logged once."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, tracer: Tracer, clock: Clock) -> None:
        self._app = app
        self._telemetry = telemetry
        self._tracer = tracer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock.monotonic()
        language, carrier = _read_headers(scope["headers"])
        with self._tracer.request(scope["method"], carrier) as span:
            exchange = Exchange(_request_id(), span, negotiate(language), began)
            attach(scope, exchange)
            token = CORRELATION.set(_correlation(span, exchange))
            try:
                await self._answer(exchange, scope, receive, send)
            finally:
                CORRELATION.reset(token)

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        status = CLIENT_CLOSED

        async def send_described(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *_headers(exchange)]}
            await send(message)

        try:
            await self._app(scope, receive, send_described)
        finally:
            self._record(exchange, scope, status)

    def _record(self, exchange: Exchange, scope: Scope, status: int) -> None:
        seconds = self._clock.monotonic() - exchange.began
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self._telemetry.count(HTTP_REQUESTS, method=method, route=route, status=str(status))
        self._telemetry.observe(HTTP_DURATION, seconds, method=method, route=route)
        _describe(exchange.span, method, route, status)
        log.log(
            logging.DEBUG if route in QUIET_ROUTES else logging.INFO,
            "%s %s %d",
            method,
            route,
            status,
            extra={
                "event": "http.request",
                "method": method,
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 3),
                "client": exchange.client,
            },
        )


def _correlation(span: RequestSpan, exchange: Exchange) -> Correlation:
    return Correlation(span.trace_id, span.span_id, exchange.request_id, span.sampled)


def _request_id() -> str:
    return str(uuid.UUID(int=_random.getrandbits(128), version=4))


def _describe(span: RequestSpan, method: str, route: str, status: int) -> None:
    attributes: dict[str, Attribute] = {"http.route": route, "http.response.status_code": status}
    span.describe(f"{method} {route}", **attributes)


def _read_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, dict[str, str]]:
    language, carrier = "", {}
    for name, value in headers:
        if name == b"accept-language":
            language = value.decode("latin-1")
        elif name in CARRIED:
            carrier[CARRIED[name]] = value.decode("latin-1")
    return language, carrier


def _headers(exchange: Exchange) -> Iterable[tuple[bytes, bytes]]:
    yield b"x-request-id", exchange.request_id.encode()
    yield b"x-amzn-trace-id", f"Root={xray_root(exchange.trace_id)}".encode()
    yield b"x-content-type-options", b"nosniff"
    yield b"cache-control", b"no-store"
    for name, value in exchange.headers.items():
        yield name.encode("latin-1"), value.encode("latin-1")
