"""Our own limit on decisions at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from app.api.dependencies import ApiLimits
from app.api.exchange import RequestOutcome, exchange_of
from app.api.problem_types import OVERLOADED
from app.api.problems import ApiProblem
from credit.domain.errors import DomainError
from credit.metrics import FINANCIAL_TRANSACTIONS
from foundation.metrics import Telemetry


class Bulkhead:
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
