"""Disbursements by processes that die by SIGKILL at a chosen boundary. Run as a script.

``python saga_process.py FOLDER SCENARIO EVERY`` first runs the scenario whole to enumerate its boundaries
(before and after every write of the log and every effect), then once for each ``EVERY``-th boundary: a
process that kills itself there, and another that recovers in the same data directory. Processes are forked
from this one, so that each costs no import; each opens its own stores. Prints one JSON line a boundary.

Scenarios: ``paid``; ``refused`` (the customer is blocked just before the pivot, so all is compensated);
``maybe`` (the first two calls of each kind of effect are applied and then answered as failures).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests" / "support")]

from credit_samples import a_decision, a_profile  # type: ignore[import-not-found]  # noqa: E402
from recording_telemetry import RecordingTelemetry  # type: ignore[import-not-found]  # noqa: E402

from app.domain.customer import CustomerStatus  # noqa: E402
from app.domain.errors import StoreUnavailable  # noqa: E402
from app.ports.projections import HOLDS  # noqa: E402
from app.ports.sagas import SagaState  # noqa: E402
from app.usecases.disburse import DisburseCredit  # noqa: E402
from dataplatform import workers  # noqa: E402
from dataplatform.embedded import EmbeddedPlatform, open_embedded  # noqa: E402
from dataplatform.resilience.faults import FaultBoard  # noqa: E402
from dataplatform.saga.limit_holds import total  # noqa: E402
from dataplatform.saga.runner import SagaLimits, SagaRunner  # noqa: E402
from slo.clock import SystemClock  # noqa: E402

CUSTOMER = "C-00001"
DECISION = a_decision(1)
WRITES = {
    "log": ("begin", "claim_one", "note", "turn_back", "end", "postpone"),
    "hot": ("put_if_newer",),
    "wide": ("put_if_newer",),
    "disbursements": ("pay",),
}
FAST = SagaLimits(lease_seconds=30.0, first_pause_seconds=0.0)


@dataclass
class Boundaries:
    """Counts the boundaries that are passed; dies at number ``deadly``."""

    scenario: str
    deadly: int | None = None
    passed: list[str] = field(default_factory=list)
    before_pivot: Callable[[], Awaitable[object]] | None = None
    effects: Counter[str] = field(default_factory=Counter)

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) - 1 == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    async def around(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        if name == "disbursements.pay" and self.scenario == "refused" and self.before_pivot is not None:
            await self.before_pivot()
        self.reach(f"before {name}")
        answer = await call()
        self.reach(f"after {name}")
        if self.scenario == "maybe" and not name.startswith("log."):
            self.effects[name] += 1
            if self.effects[name] <= 2:
                raise StoreUnavailable("hot", "applied, and answered as a failure")
        return answer


class Watched:
    """A port whose writes pass boundaries."""

    def __init__(self, port: object, name: str, boundaries: Boundaries) -> None:
        self._port, self._name, self._boundaries = port, name, boundaries

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._port, method)
        if method not in WRITES[self._name]:
            return inner

        async def through(*args: Any, **kwargs: Any) -> Any:
            return await self._boundaries.around(f"{self._name}.{method}", lambda: inner(*args, **kwargs))

        return through


def watched(platform: EmbeddedPlatform, boundaries: Boundaries) -> EmbeddedPlatform:
    return replace(
        platform,
        sagas=Watched(platform.sagas, "log", boundaries),
        hot=Watched(platform.hot, "hot", boundaries),
        wide=Watched(platform.wide, "wide", boundaries),
        disbursements=Watched(platform.disbursements, "disbursements", boundaries),
    )


def runner_of(platform: EmbeddedPlatform, holder: str) -> SagaRunner:
    return workers.saga_runner(platform, RecordingTelemetry(), SystemClock(), holder=holder, limits=FAST)


async def prepared(folder: Path) -> None:
    """A customer with room for one such credit, and an approved decision."""
    platform = open_embedded(folder, SystemClock(), FaultBoard())
    await platform.customers.upsert(
        a_profile(1, credit_limit_cents=1_500_000, credit_used_cents=0, version=1)
    )
    await platform.decisions.record(DECISION, None)
    await workers.projector(platform, RecordingTelemetry()).drain()
    await platform.close()


async def disbursed(folder: Path, boundaries: Boundaries) -> list[str]:
    platform = open_embedded(folder, SystemClock(), FaultBoard())

    async def block() -> None:
        await platform.customers.upsert(
            a_profile(1, 2, credit_limit_cents=1_500_000, credit_used_cents=0, status=CustomerStatus.BLOCKED)
        )

    boundaries.before_pivot = block
    seen = watched(platform, boundaries)
    runner = runner_of(seen, "first")
    await DisburseCredit(platform.decisions, runner)(DECISION.decision_id)
    while await platform.sagas.list(SagaState.OPEN, 1):
        await runner.run_once()
    await platform.close()
    return boundaries.passed


async def recovered(folder: Path) -> dict[str, object]:
    """Recover, ask again as a client would, and tell what is in every store."""
    platform = open_embedded(folder, SystemClock(), FaultBoard())
    runner = runner_of(platform, "second")
    begun = await platform.sagas.find(f"disbursement:{DECISION.decision_id}:1")
    while await platform.sagas.list(SagaState.OPEN, 1):
        await runner.run_once()
    attempt = await platform.sagas.find(f"disbursement:{DECISION.decision_id}:1")
    if begun is None:  # nothing was promised: a client that asks again is served
        await DisburseCredit(platform.decisions, runner)(DECISION.decision_id)
    await workers.projector(platform, RecordingTelemetry()).drain()
    verdict = await facts(platform)
    verdict["state"] = None if attempt is None else attempt.state.value
    await platform.close()
    return verdict


async def facts(platform: EmbeddedPlatform) -> dict[str, object]:
    item = await platform.hot.get(CUSTOMER, HOLDS)
    contract = await platform.wide.get(CUSTOMER, f"CONTRACT#{DECISION.decision_id}")
    audit = [entry.action for entry in await platform.audit.entries(1_000)]
    hot = await platform.hot.query_customer(CUSTOMER, "TXN#")
    wide = await platform.wide.range(CUSTOMER, "TRANSACTION#", "TRANSACTION$")
    return {
        "held": 0 if item is None else total(item.attributes),
        "contract": None if contract is None else contract.columns["status"],
        "paid": audit.count("disbursement.paid"),
        "paid_hot": sum(int(i.attributes["amount_cents"] or 0) for i in hot),
        "paid_wide": sum(int(r.columns["amount_cents"] or 0) for r in wide),
    }


def in_child(work: Callable[[], Coroutine[Any, Any, object]]) -> tuple[int, Any]:
    """The wait status of a forked process and what its work answered."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            answer = asyncio.run(work())
            os.write(writer, json.dumps(answer).encode())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            os.write(writer, json.dumps(repr(error)).encode())
            os._exit(70)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, json.loads(told) if told else None


def main(folder: Path, scenario: str, every: int) -> None:
    whole = Path(tempfile.mkdtemp(dir=folder)) / "m"
    in_child(lambda: prepared(whole))
    status, names = in_child(lambda: disbursed(whole, Boundaries(scenario)))
    assert status == 0, names
    for number in range(0, len(names), every):
        directory = Path(tempfile.mkdtemp(dir=folder)) / "m"
        in_child(lambda d=directory: prepared(d))  # type: ignore[misc]
        status, _ = in_child(lambda d=directory, n=number: disbursed(d, Boundaries(scenario, n)))  # type: ignore[misc]
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        ended, verdict = in_child(lambda d=directory: recovered(d))  # type: ignore[misc]
        line = {"boundary": f"{number} {names[number]}", "killed": died, "ended": ended, "verdict": verdict}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
