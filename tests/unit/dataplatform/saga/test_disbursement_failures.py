"""Disbursements whose stores fail, answer late, or are worked on by two at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from credit.domain.customer import CustomerStatus
from credit.domain.disbursement import Progress, Refusal
from credit.domain.errors import StoreUnavailable
from credit.metrics import SAGAS_STUCK
from credit.ports.faults import Fault
from credit.ports.projections import HOLDS
from credit.ports.sagas import SagaState
from credit.usecases.disburse import DisburseCredit
from dataplatform.profiles import workers
from dataplatform.resilience.breaker import CircuitOpen
from dataplatform.saga.limit_holds import total
from tests.support.credit_samples import a_decision, a_profile
from tests.support.disbursement_desk import LIMIT, LIMITS, AnswersLate, Desk


@pytest.mark.parametrize(
    ("port", "method"),
    [("hot", "put_if_newer"), ("wide", "put_if_newer"), ("disbursements", "pay")],
)
async def test_a_step_that_was_applied_and_never_answered_is_not_done_twice(
    desk: Desk, port: str, method: str
) -> None:
    late: Any = AnswersLate(getattr(desk.platform, port), method)
    assert (await desk.pay(**{port: late})).progress is Progress.PENDING
    await desk.settle()
    assert (await desk.state(), await desk.contract()) == (SagaState.DONE, "ACTIVE")
    assert (await desk.payments(), await desk.held()) == (1, 0)


async def test_a_step_that_never_answers_though_applied_is_compensated_as_if_done(desk: Desk) -> None:
    late = AnswersLate(desk.platform.wide, "put_if_newer", times=LIMITS.patience)
    answer = await desk.pay(wide=late)
    for _ in range(LIMITS.patience - 1):
        desk.bench.clock.advance(timedelta(seconds=61))
        await desk.runner(wide=late).run_once()
    assert answer.progress is Progress.PENDING
    assert (await desk.state(), await desk.contract()) == (SagaState.UNDONE, "CANCELLED")
    assert (await desk.payments(), await desk.held()) == (0, 0)
    again = await desk.pay()  # the store is well again, and the client asks once more
    assert (again.progress, again.order.attempt) == (Progress.PAID, 2)
    assert (await desk.payments(), await desk.contract(), await desk.held()) == (1, "ACTIVE", 0)


async def test_a_slow_step_is_cut_off_and_treated_as_maybe_done(desk: Desk) -> None:
    class Sleeps(AnswersLate):
        def __getattr__(self, name: str) -> Any:
            async def forever(*args: Any, **kwargs: Any) -> Any:
                await getattr(self._port, name)(*args, **kwargs)
                await asyncio.sleep(3600)

            return forever if name == "put_if_newer" else getattr(self._port, name)

    quick = replace(LIMITS, step_seconds=0.05)
    platform = replace(desk.platform, wide=Sleeps(desk.platform.wide, ""))
    runner = workers.saga_runner(platform, desk.bench.telemetry, desk.bench.clock, limits=quick)
    answer = await DisburseCredit(platform.decisions, runner)(a_decision(1).decision_id)
    assert answer is not None
    assert answer.progress is Progress.PENDING
    await desk.settle()
    assert (await desk.state(), await desk.payments(), await desk.held()) == (SagaState.DONE, 1, 0)


async def test_a_compensation_that_keeps_failing_is_parked_and_goes_on_when_retried(desk: Desk) -> None:
    assert (await desk.pay(1)).progress is Progress.PAID
    blocked = a_profile(1, 2, status=CustomerStatus.BLOCKED, credit_limit_cents=LIMIT, credit_used_cents=0)

    class BlocksThenFails(AnswersLate):
        """The customer is blocked after the draft, and the store fails from then on."""

        def __getattr__(self, name: str) -> Any:
            inner = getattr(self._port, name)

            async def call(row: Any) -> Any:
                if row.version > 1:
                    raise StoreUnavailable("wide", "down")
                await desk.platform.customers.upsert(blocked)
                return await inner(row)

            return call if name == "put_if_newer" else inner

    broken = BlocksThenFails(desk.platform.wide, "")
    assert (await desk.pay(2, wide=broken)).progress is Progress.PENDING
    runner = desk.runner(wide=broken)
    for _ in range(LIMITS.patience):
        desk.bench.clock.advance(timedelta(seconds=61))
        await runner.run_once()
    assert (await desk.state(2), await desk.contract(2)) == (SagaState.STUCK, "DRAFT")
    assert desk.bench.telemetry.gauges[SAGAS_STUCK.name, (("saga", "disbursement"),)] == 1.0
    found = await desk.desk().find(a_decision(2).decision_id)
    assert found is not None
    assert found.progress is Progress.STUCK
    assert await desk.platform.sagas.retry(f"disbursement:{a_decision(2).decision_id}:1")
    await desk.settle()
    assert (await desk.state(2), await desk.contract(2)) == (SagaState.UNDONE, "CANCELLED")
    found = await desk.desk().find(a_decision(2).decision_id)
    assert found is not None
    assert (found.progress, found.refusal) == (Progress.REFUSED, Refusal.CUSTOMER_NOT_ACTIVE)
    assert (await desk.payments(), await desk.held()) == (1, 0)
    assert desk.bench.telemetry.gauges[SAGAS_STUCK.name, (("saga", "disbursement"),)] == 0.0


async def test_after_the_pivot_it_rolls_forward_and_is_never_taken_back(desk: Desk) -> None:
    down = AnswersLate(desk.platform.wide, "put_if_newer", times=0)

    class FailsToActivate(AnswersLate):
        def __getattr__(self, name: str) -> Any:
            inner = getattr(self._port, name)

            async def call(row: Any) -> Any:
                if row.version > 1:
                    raise StoreUnavailable("wide", "down")
                return await inner(row)

            return call if name == "put_if_newer" else inner

    broken = FailsToActivate(down, "")
    assert (await desk.pay(wide=broken)).progress is Progress.PAID
    for _ in range(LIMITS.patience):
        desk.bench.clock.advance(timedelta(seconds=61))
        await desk.runner(wide=broken).run_once()
    assert (await desk.state(), await desk.payments(), await desk.contract()) == (SagaState.STUCK, 1, "DRAFT")
    await desk.platform.sagas.retry(f"disbursement:{a_decision(1).decision_id}:1")
    await desk.settle()
    assert (await desk.state(), await desk.contract(), await desk.held()) == (SagaState.DONE, "ACTIVE", 0)


@pytest.mark.parametrize(("port", "allowed"), [("hot", 0), ("wide", 0), ("wide", 1)])
async def test_a_store_whose_circuit_is_open_is_waited_for_however_long(
    desk: Desk, port: str, allowed: int
) -> None:
    """Before the pivot and after it (where version 1 was ``allowed``): nothing is turned back or parked."""

    class IsNotAsked(AnswersLate):
        def __getattr__(self, name: str) -> Any:
            inner = getattr(self._port, name)

            async def call(written: Any) -> Any:
                if written.version > allowed:
                    raise CircuitOpen(port, "its circuit breaker is open")
                return await inner(written)

            return call if name == "put_if_newer" else inner

    refusing: dict[str, Any] = {port: IsNotAsked(getattr(desk.platform, port), "")}
    await desk.pay(**refusing)
    for _ in range(2 * LIMITS.patience):
        desk.bench.clock.advance(timedelta(seconds=61))
        assert await desk.runner(**refusing).run_once() == 1
    assert (await desk.state(), await desk.payments()) == (SagaState.OPEN, allowed)
    await desk.settle()
    assert (await desk.state(), await desk.contract()) == (SagaState.DONE, "ACTIVE")
    assert (await desk.payments(), await desk.held()) == (1, 0)


async def test_two_recoverers_and_a_holder_that_wakes_up_late_pay_once(desk: Desk) -> None:
    """The first holder stops inside its draft; two recover; it wakes up after the customer was blocked."""
    asleep, awake = asyncio.Event(), asyncio.Event()

    class Stops(AnswersLate):
        def __getattr__(self, name: str) -> Any:
            inner = getattr(self._port, name)

            async def call(row: Any) -> Any:
                asleep.set()
                await awake.wait()
                return await inner(row)

            return call if name == "put_if_newer" else inner

    first = asyncio.create_task(desk.pay(wide=Stops(desk.platform.wide, "")))
    await asleep.wait()
    await desk.platform.customers.upsert(a_profile(1, 2, status=CustomerStatus.BLOCKED))
    desk.bench.clock.advance(timedelta(seconds=61))
    taken = await asyncio.gather(*(desk.runner(name).run_once() for name in ("b", "c")))
    assert sum(taken) == 1
    assert (await desk.state(), await desk.contract()) == (SagaState.UNDONE, "CANCELLED")
    awake.set()
    await first
    assert (await desk.state(), await desk.contract()) == (SagaState.UNDONE, "CANCELLED")
    assert (await desk.payments(), await desk.held()) == (0, 0)


async def test_many_under_random_faults_end_whole(desk: Desk) -> None:
    numbers = range(20, 60)
    for number in numbers:
        person = a_profile(number, credit_limit_cents=LIMIT, credit_used_cents=0)
        await desk.platform.customers.upsert(person)
        await desk.platform.decisions.record(a_decision(number, customer=number), None)
    for store in ("hot", "wide", "relational"):
        desk.bench.faults.set(store, Fault(error_ratio=0.1))
    dice = Random(3)

    async def ask(number: int) -> None:
        for _ in range(dice.randint(1, 3)):
            try:
                await desk.pay(number)
            except StoreUnavailable:
                continue

    await asyncio.gather(*(ask(number) for number in numbers))
    for _ in range(6):
        desk.bench.clock.advance(timedelta(seconds=61))
        try:
            await desk.runner("b").run_once()
        except StoreUnavailable:
            continue
    for store in ("hot", "wide", "relational"):
        desk.bench.faults.clear(store)
    for stuck in await desk.platform.sagas.list(SagaState.STUCK, 100):
        await desk.platform.sagas.retry(stuck.saga_id)
    await desk.settle()  # what is being compensated is asked for again only when it has ended
    for number in numbers:
        await desk.pay(number)
    await desk.settle()
    entries = await desk.platform.audit.entries(10_000)
    paid = sorted(entry.subject for entry in entries if entry.action == "disbursement.paid")
    for number in numbers:
        decision = a_decision(number, customer=number)
        row = await desk.platform.wide.get(f"C-{number:05d}", f"CONTRACT#{decision.decision_id}")
        item = await desk.platform.hot.get(f"C-{number:05d}", HOLDS)
        assert item is not None
        assert total(item.attributes) == 0
        assert row is not None
        assert paid.count(decision.decision_id) == (row.columns["status"] == "ACTIVE")
    assert paid == sorted(a_decision(n).decision_id for n in numbers)
