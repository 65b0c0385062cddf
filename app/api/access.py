"""Who asks, may they, is there room for them; and what they are shown of somebody, on the audit trail."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from app.api.dependencies import ApiLimits
from app.api.exchange import RequestOutcome, exchange_of
from app.api.keys import ApiKey, KeyRing
from app.api.problem_types import FORBIDDEN, OVERLOADED, RATE_LIMITED, UNAUTHENTICATED
from app.api.problems import ApiProblem
from app.api.scopes import Scope
from credit.domain.errors import DomainError
from credit.metrics import AUTH_FAILURES, FINANCIAL_TRANSACTIONS, SENSITIVE_READS
from credit.ports.records import AuditTrail
from foundation.clock import Clock
from foundation.metrics import Telemetry

Handler = Callable[[Request], Awaitable[Response]]

REFUSALS = ("no_key", "invalid_key", "missing_scope")
"""Why a request was refused, as ``http_auth_failures_total`` counts it."""
RATE_POLICY = "key"
CHALLENGE = 'Bearer realm="mirante"'


class Gate:
    """Lets a request in when its key is valid, has the scope and has requests left."""

    def __init__(self, keys: KeyRing, rate_limit: RateLimit, telemetry: Telemetry) -> None:
        self._keys = keys
        self._rate_limit = rate_limit
        self._telemetry = telemetry

    def before(self, handler: Handler, scope: Scope) -> Handler:
        """``handler``, called with the requests that are let in; others it answers with an ApiProblem: 401,
        403 (naming the scope) or 429."""

        async def guarded(request: Request) -> Response:
            self._admit(request, scope)
            return await handler(request)

        return guarded

    def _admit(self, request: Request, scope: Scope) -> None:
        """Its key's client and the rate limit's headers are noted on the exchange."""
        exchange = exchange_of(request.scope)
        key = self._identify(request.headers)
        exchange.client = key.client
        wait = self._rate_limit.take(key.key_id)
        exchange.headers.update(self._rate_limit.headers(key.key_id))
        if wait > 0:
            raise ApiProblem(RATE_LIMITED, headers={"Retry-After": str(math.ceil(wait))})
        if scope not in key.scopes:
            self._telemetry.count(AUTH_FAILURES, reason="missing_scope")
            raise ApiProblem(
                FORBIDDEN,
                detail=FORBIDDEN.detail.filled(scope=scope.value),
                headers={
                    "WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{scope.value}"'
                },
            )

    def _identify(self, headers: Headers) -> ApiKey:
        presented = _presented(headers)
        key = self._keys.authenticate(presented) if presented else None
        if key is None:
            reason = "invalid_key" if presented else "no_key"
            self._telemetry.count(AUTH_FAILURES, reason=reason)
            error = ', error="invalid_token"' if presented else ""
            raise ApiProblem(UNAUTHENTICATED, headers={"WWW-Authenticate": CHALLENGE + error})
        return key


def _presented(headers: Headers) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return headers.get("x-api-key", "")


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A token bucket per API key, told to clients as draft-ietf-httpapi-ratelimit-headers says.

    ``quota`` requests per ``window_seconds`` of real time, all at once if a client likes, then evenly.
    """

    def __init__(self, quota: int, window_seconds: int, clock: Clock) -> None:
        self._quota = quota
        self._window = window_seconds
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._policy = f'"{RATE_POLICY}";q={quota};w={window_seconds}'

    def take(self, key_id: str) -> float:
        """Take one token. 0.0 when there was one, else the seconds until there is."""
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(key_id, _Bucket(self._quota, now))
        bucket.tokens = min(self._quota, bucket.tokens + (now - bucket.at) * self._quota / self._window)
        bucket.at = now
        if bucket.tokens < 1.0:
            return (1.0 - bucket.tokens) * self._window / self._quota
        bucket.tokens -= 1.0
        return 0.0

    def headers(self, key_id: str) -> Mapping[str, str]:
        """``r`` requests are left now; after ``t`` seconds of silence the whole quota is."""
        tokens = self._buckets[key_id].tokens
        full = math.ceil((self._quota - tokens) * self._window / self._quota)
        return {
            "RateLimit-Policy": self._policy,
            "RateLimit": f'"{RATE_POLICY}";r={math.floor(tokens)};t={full}',
        }


class DecisionsInFlight:
    """A bounded number of decisions at once; one more is turned away at once, and counts against us."""

    def __init__(self, limits: ApiLimits, telemetry: Telemetry) -> None:
        self._limits = limits
        self._telemetry = telemetry
        self._inside = 0

    @contextmanager
    def place(self, request: Request) -> Iterator[None]:
        """Raises ApiProblem (503) when there is none left."""
        if self._inside >= self._limits.decisions_in_flight:
            exchange_of(request.scope).outcome = RequestOutcome.OVERLOAD
            # The use case never hears of it, and yet a decision should have been recorded.
            self._count("overload")
            raise ApiProblem(OVERLOADED, headers={"Retry-After": str(self._limits.retry_after_seconds)})
        self._inside += 1
        try:
            yield
        except DomainError:
            raise  # the use case counted it
        except BaseException:
            self._count("error")
            raise
        finally:
            self._inside -= 1

    def _count(self, outcome: str) -> None:
        self._telemetry.count(FINANCIAL_TRANSACTIONS, kind="decision", outcome=outcome)


class Shown(StrEnum):
    """What a client is shown of somebody."""

    DECISION = "decision"
    EXPLANATION = "explanation"
    HISTORY = "history"
    DISBURSEMENT = "disbursement"


class SensitiveReads:
    """Nothing is shown that is not on the trail (§5.2.3)."""

    def __init__(self, trail: AuditTrail, telemetry: Telemetry) -> None:
        self._trail, self._telemetry = trail, telemetry

    async def note(self, shown: Shown, request: Request, subject: str) -> None:
        """Its client is about to see this of ``subject``, a decision's or a customer's id.

        Raises:
            StoreUnavailable: the trail cannot be written; the answer must not leave.
        """
        client = exchange_of(request.scope).client
        await self._trail.append(client, f"{shown}.read", subject, b"{}")
        self._telemetry.count(SENSITIVE_READS, what=shown)
