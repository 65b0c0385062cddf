"""The layers that every request passes, outermost first; all of them pure ASGI.

RequestContext       ids, trace, language, HTTP metrics, one log line
DecisionAccounting   decision requests counted once, before the answer leaves
ProblemFallback      what escapes everything else
BodyLimit            size of the body, while it is received
FastAPI              routes, and errors into problem documents
"""

from __future__ import annotations

import logging
import os
import random
import uuid
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.access import REFUSALS, Shown
from app.api.exchange import Exchange, RequestOutcome, attach, exchange_of, negotiate, route_of
from app.api.problem_types import BODY_TOO_LARGE
from app.api.problems import ApiProblem, internal, problem_answer
from credit.metrics import (
    AUTH_FAILURES,
    DECISION_DURATION,
    DECISION_REQUESTS,
    FINANCIAL_TRANSACTIONS,
    HTTP_DURATION,
    HTTP_REQUESTS,
    SENSITIVE_READS,
)
from credit.ports.tracing import CORRELATION, Attribute, Correlation, Tracer, xray_root
from foundation.clock import Clock
from foundation.metrics import RequestTelemetry, Telemetry

log = logging.getLogger("mirante.api.access")

DECISION_PATH = "/v1/decisions"
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
            correlation = Correlation(span.trace_id, span.span_id, exchange.request_id, span.sampled)
            token = CORRELATION.set(correlation)
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
        attributes: dict[str, Attribute] = {"http.route": route, "http.response.status_code": status}
        exchange.span.describe(f"{method} {route}", **attributes)
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


def _request_id() -> str:
    return str(uuid.UUID(int=_random.getrandbits(128), version=4))


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


class DecisionAccounting:
    """Pure ASGI. All journalled counts of one decision request are on file before its first byte goes out.

    A request whose client hung up is the client's; one that ends without any answer (a cancelled task, a bug
    below the fallback) is ours.
    """

    def __init__(self, app: ASGIApp, telemetry: RequestTelemetry, clock: Clock) -> None:
        self._app = app
        self._telemetry = telemetry
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != DECISION_PATH:
            await self._app(scope, receive, send)
            return
        exchange = exchange_of(scope)
        counted = False

        def count(outcome: RequestOutcome) -> None:
            nonlocal counted
            counted = True
            seconds = self._clock.monotonic() - exchange.began
            self._telemetry.count(DECISION_REQUESTS, outcome=outcome)
            self._telemetry.observe(DECISION_DURATION, seconds, outcome=outcome)

        async with AsyncExitStack() as journal:
            await journal.enter_async_context(self._telemetry.batch())

            async def send_counted(message: Message) -> None:
                if message["type"] == "http.response.start" and not counted:
                    count(_outcome_of(exchange, message["status"]))
                    await journal.aclose()
                await send(message)

            try:
                await self._app(scope, receive, send_counted)
            finally:
                if not counted:
                    count(exchange.outcome or RequestOutcome.ERROR)


def _outcome_of(exchange: Exchange, status: int) -> RequestOutcome:
    """An answer is what its handler said; a refusal goes by its status, unless we were the cause."""
    if 400 <= status < 500:
        return RequestOutcome.CLIENT_ERROR
    if status >= 500 and exchange.outcome is not RequestOutcome.OVERLOAD:
        return RequestOutcome.ERROR
    return exchange.outcome or RequestOutcome.ERROR


class ProblemFallback:
    """Pure ASGI. The last net: what escapes everything else is logged and answered, never shown."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noting(message: dict[str, object]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)  # type: ignore[arg-type]
        except Exception as error:  # the last net; the log keeps the error
            if scope["type"] != "http":
                raise
            if not started:  # else Starlette has answered and logged it, and passes it on for the server
                await problem_answer(internal(error), scope)(scope, receive, send)


class BodyLimit:
    """Pure ASGI. ``limits`` in bytes by exact path; ``default`` for every other path."""

    def __init__(self, app: ASGIApp, default: int, limits: Mapping[str, int]) -> None:
        self._app = app
        self._default = default
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], self._default)
        if _declared(scope) > limit:
            await problem_answer(_too_large(limit), scope)(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receive_bounded, send)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _too_large(limit: int) -> ApiProblem:
    # The rest of the body is not read, so the connection cannot be used again.
    return ApiProblem(
        BODY_TOO_LARGE, detail=BODY_TOO_LARGE.detail.filled(limit=limit), headers={"Connection": "close"}
    )


def declare_series(telemetry: RequestTelemetry) -> None:
    """Begin every series at zero, so that a quiet process shows *no traffic* and not *no data*."""
    for outcome in RequestOutcome:
        telemetry.declare(DECISION_REQUESTS, outcome=outcome)
        telemetry.declare(DECISION_DURATION, outcome=outcome)
        if outcome is not RequestOutcome.CLIENT_ERROR:
            telemetry.declare(FINANCIAL_TRANSACTIONS, kind="decision", outcome=outcome)
    for reason in REFUSALS:
        telemetry.declare(AUTH_FAILURES, reason=reason)
    for what in Shown:
        telemetry.declare(SENSITIVE_READS, what=what)
