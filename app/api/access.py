"""Who asks, may they, and not too often: checked before anything else is read."""

from __future__ import annotations

import math

from starlette.datastructures import Headers
from starlette.requests import Request

from app.api.exchange import exchange_of
from app.api.keys import ApiKey, KeyRing, Scope
from app.api.problem_types import FORBIDDEN, RATE_LIMITED, UNAUTHENTICATED
from app.api.problems import ApiProblem
from app.api.rate_limit import RateLimit
from credit.metrics import AUTH_FAILURES
from foundation.metrics import Telemetry

REFUSALS = ("no_key", "invalid_key", "missing_scope")
"""Why a request was refused, as ``http_auth_failures_total`` counts it."""
CHALLENGE = 'Bearer realm="mirante"'


class Gate:
    """Lets a request in when its key is valid, has the scope and has requests left."""

    def __init__(self, keys: KeyRing, rate_limit: RateLimit, telemetry: Telemetry) -> None:
        self._keys = keys
        self._rate_limit = rate_limit
        self._telemetry = telemetry

    def admit(self, request: Request, scope: Scope) -> ApiKey:
        """The key of the request; its client and the rate limit's headers are noted on the exchange.

        Raises:
            ApiProblem: 401, 403 (naming the scope) or 429.
        """
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
        return key

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
