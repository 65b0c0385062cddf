"""Disbursements over real embedded stores, whose ports a test may replace by failing ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from credit.domain.disbursement import Disbursement
from credit.ports.projections import HOLDS
from credit.ports.sagas import SagaState
from credit.usecases.disburse import DisburseCredit
from dataplatform.profiles import workers
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.saga.limit_holds import total
from dataplatform.saga.runner import SagaLimits, SagaRunner
from tests.support.credit_samples import a_decision, a_profile
from tests.support.open_platform import OpenPlatform, opened

LIMITS = SagaLimits(step_seconds=5.0, lease_seconds=60.0, patience=3)
LIMIT = 2_500_000  # room for two decisions of the samples, not for three


@dataclass
class Desk:
    """Disbursements over real embedded stores. ``hot`` and the like of ``platform`` may be replaced."""

    bench: OpenPlatform
    platform: DataPlatform

    def runner(self, holder: str = "a", **ports: Any) -> SagaRunner:
        platform = replace(self.platform, **ports)
        return workers.saga_runner(
            platform, self.bench.telemetry, self.bench.clock, holder=holder, limits=LIMITS
        )

    def desk(self, **ports: Any) -> DisburseCredit:
        return DisburseCredit(self.platform.decisions, self.runner(**ports))

    async def pay(self, number: int = 1, **ports: Any) -> Disbursement:
        found = await self.desk(**ports)(a_decision(number).decision_id)
        assert found is not None
        return found

    async def settle(self, rounds: int = 20) -> None:
        """Recover and project until nothing is open."""
        runner = self.runner("recoverer")
        for _ in range(rounds):
            await runner.run_once()
            self.bench.clock.advance(timedelta(seconds=61))
        await self.bench.projector.drain()

    async def state(self, number: int = 1) -> SagaState:
        found = await self.platform.sagas.find(f"disbursement:{a_decision(number).decision_id}:1")
        assert found is not None
        return found.state

    async def contract(self, number: int = 1) -> str | None:
        row = await self.platform.wide.get("C-00001", f"CONTRACT#{a_decision(number).decision_id}")
        return None if row is None else str(row.columns["status"])

    async def held(self) -> int:
        item = await self.platform.hot.get("C-00001", HOLDS)
        return 0 if item is None else total(item.attributes)

    async def payments(self) -> int:
        entries = await self.platform.audit.entries(10_000)
        return sum(entry.action == "disbursement.paid" for entry in entries)


class AnswersLate:
    """A port whose ``method`` does its work and then times out, the first ``times`` calls."""

    def __init__(self, port: object, method: str, times: int = 1) -> None:
        self._port, self._method, self._left = port, method, times

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._port, name)
        if name != self._method:
            return inner

        async def late(*args: Any, **kwargs: Any) -> Any:
            answer = await inner(*args, **kwargs)
            if self._left:
                self._left -= 1
                raise TimeoutError("the answer never came")
            return answer

        return late


@asynccontextmanager
async def a_desk(folder: Path) -> AsyncIterator[Desk]:
    async with opened(folder) as bench:
        await bench.platform.customers.upsert(
            a_profile(1, credit_limit_cents=LIMIT, credit_used_cents=0, updated_at=bench.clock.now())
        )
        for number in range(1, 4):
            await bench.platform.decisions.record(a_decision(number), None)
        await bench.projector.drain()
        yield Desk(bench, bench.platform)
