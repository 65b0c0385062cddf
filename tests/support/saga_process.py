"""Disbursements by processes that die by SIGKILL at a chosen boundary. Run as a script.

``python saga_process.py FOLDER SCENARIO EVERY`` first runs the scenario whole to enumerate its boundaries
(before and after every write of the log and every effect), then once for each ``EVERY``-th boundary: a
process that kills itself there, and another that recovers on the same stores: in a data directory of their
own, or on the servers whose addresses are in FOLDER (``server_stores``), each time for another customer.
Processes are forked from this one, so that each costs no import; each opens its own stores. Prints one JSON
line a boundary.

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
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests" / "support")]

from credit_samples import a_decision, a_profile  # type: ignore[import-not-found]  # noqa: E402
from saga_stores import SagaStores, opened  # type: ignore[import-not-found]  # noqa: E402
from server_stores import FILE  # type: ignore[import-not-found]  # noqa: E402

from credit.domain.customer import CustomerStatus  # noqa: E402
from credit.domain.decision import Decision  # noqa: E402
from credit.domain.errors import StoreUnavailable  # noqa: E402
from credit.ports.projections import HOLDS  # noqa: E402
from credit.usecases.disburse import DisburseCredit  # noqa: E402
from dataplatform.saga.limit_holds import total  # noqa: E402

AMOUNT = 1_000_001
ROOM = {"credit_limit_cents": 1_500_000, "credit_used_cents": 0}  # for one such credit
WRITES = {
    "log": ("begin", "claim_one", "note", "turn_back", "end", "postpone"),
    "hot": ("put_if_newer",),
    "wide": ("put_if_newer",),
    "disbursements": ("pay",),
}


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


@dataclass(frozen=True)
class Case:
    """One disbursement, to the customer of that number."""

    folder: Path
    number: int

    @property
    def decision(self) -> Decision:
        decision: Decision = a_decision(self.number, self.number)
        return replace(decision, application=replace(decision.application, amount_cents=AMOUNT))

    @property
    def saga(self) -> str:
        return f"disbursement:{self.decision.decision_id}:1"


def watched(stores: SagaStores, boundaries: Boundaries) -> SagaStores:
    return replace(
        stores,
        sagas=Watched(stores.sagas, "log", boundaries),
        hot=Watched(stores.hot, "hot", boundaries),
        wide=Watched(stores.wide, "wide", boundaries),
        disbursements=Watched(stores.disbursements, "disbursements", boundaries),
    )


async def prepared(case: Case) -> None:
    """A customer with room for one such credit, and an approved decision."""
    async with opened(case.folder) as stores:
        await stores.customers.upsert(a_profile(case.number, **ROOM))
        await stores.decisions.record(case.decision, None)
        await stores.project()


async def disbursed(case: Case, boundaries: Boundaries) -> list[str]:
    async with opened(case.folder) as stores:

        async def block() -> None:
            blocked = a_profile(case.number, 2, **ROOM, status=CustomerStatus.BLOCKED)
            await stores.customers.upsert(blocked)

        boundaries.before_pivot = block
        runner = watched(stores, boundaries).runner("first")
        await DisburseCredit(stores.decisions, runner)(case.decision.decision_id)
        await stores.settle(runner)
    return boundaries.passed


async def recovered(case: Case) -> dict[str, object]:
    """Recover, ask again as a client would, and tell what is in every store."""
    async with opened(case.folder) as stores:
        runner = stores.runner("second")
        begun = await stores.sagas.find(case.saga)
        await stores.settle(runner)
        attempt = await stores.sagas.find(case.saga)
        if begun is None:  # nothing was promised: a client that asks again is served
            await DisburseCredit(stores.decisions, runner)(case.decision.decision_id)
        await stores.project()
        state = None if attempt is None else attempt.state.value
        return {**await facts(stores, case.decision), "state": state}


async def facts(stores: SagaStores, decision: Decision) -> dict[str, object]:
    customer = decision.application.customer_id
    item = await stores.hot.get(customer, HOLDS)
    contract = await stores.wide.get(customer, f"CONTRACT#{decision.decision_id}")
    audit = [(entry.action, entry.subject) for entry in await stores.audit.entries(100_000)]
    hot = await stores.hot.query_customer(customer, "TXN#")
    wide = await stores.wide.range(customer, "TRANSACTION#", "TRANSACTION$")
    return {
        "held": 0 if item is None else total(item.attributes),
        "contract": None if contract is None else contract.columns["status"],
        "paid": audit.count(("disbursement.paid", decision.decision_id)),
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


def case_of(folder: Path, number: int) -> Case:
    if (folder / FILE).exists():
        return Case(folder, number)
    return Case(Path(tempfile.mkdtemp(dir=folder)) / "m", number)


def main(folder: Path, scenario: str, every: int) -> None:
    whole = case_of(folder, 1)
    in_child(lambda: prepared(whole))
    status, names = in_child(lambda: disbursed(whole, Boundaries(scenario)))
    assert status == 0, names
    for number in range(0, len(names), every):
        case = case_of(folder, number + 2)
        in_child(partial(prepared, case))
        status, _ = in_child(partial(disbursed, case, Boundaries(scenario, number)))
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        ended, verdict = in_child(partial(recovered, case))
        line = {"boundary": f"{number} {names[number]}", "killed": died, "ended": ended, "verdict": verdict}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
