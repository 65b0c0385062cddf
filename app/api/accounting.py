"""Counting decision requests: once each, before the answer leaves, whatever became of them."""

from __future__ import annotations

from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.access import REFUSALS
from app.api.exchange import Exchange, RequestOutcome, exchange_of
from app.api.sensitive_reads import Shown
from credit.metrics import (
    AUTH_FAILURES,
    DECISION_DURATION,
    DECISION_REQUESTS,
    FINANCIAL_TRANSACTIONS,
    SENSITIVE_READS,
)
from foundation.clock import Clock
from foundation.metrics import RequestTelemetry

DECISION_PATH = "/v1/decisions"


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
