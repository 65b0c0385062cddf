"""Disbursements whose stores fail, answer late, or are worked on by two at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.domain.customer import CustomerStatus
from app.domain.decision import Outcome
from app.domain.disbursement import Disbursement, Progress, Refusal, order_bytes, order_of
from app.domain.errors import DisbursementRefused, LeaseLost, StoreUnavailable
from app.ports.faults import Fault
from app.ports.projections import HOLDS
from app.ports.sagas import Saga, SagaState, StepState
from app.ports.telemetry import SAGA_OLDEST, SAGAS_ENDED, SAGAS_OPEN, SAGAS_STUCK
from app.usecases.disburse import DisburseCredit
from dataplatform import workers
from dataplatform.embedded import EmbeddedPlatform
from dataplatform.resilience.breaker import CircuitOpen
from dataplatform.saga.disbursement import DisbursementSaga
from dataplatform.saga.limit_holds import LimitHolds, total
from dataplatform.saga.runner import SagaLimits, SagaRunner
from dataplatform.saga.step import SagaPlan, Step, StepRefused
from tests.support.credit_samples import a_decision, a_profile
from tests.support.open_platform import OpenPlatform, opened

LIMITS = SagaLimits(step_seconds=5.0, lease_seconds=60.0, patience=3)
LIMIT = 2_500_000  # room for two decisions of the samples, not for three


@dataclass
class Desk:
    """Disbursements over real embedded stores. ``hot`` and the like of ``platform`` may be replaced."""

    bench: OpenPlatform
    platform: EmbeddedPlatform
    runners: dict[str, SagaRunner] = field(default_factory=dict)

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


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path) as bench:
        await bench.platform.customers.upsert(
            a_profile(1, credit_limit_cents=LIMIT, credit_used_cents=0, updated_at=bench.clock.now())
        )
        for number in range(1, 4):
            await bench.platform.decisions.record(a_decision(number), None)
        await bench.projector.drain()
        yield Desk(bench, bench.platform)


async def test_an_approved_credit_is_paid_out_across_the_stores(desk: Desk) -> None:
    paid = await desk.pay()
    assert (paid.progress, paid.refusal) == (Progress.PAID, None)
    await desk.bench.projector.drain()
    assert (await desk.contract(), await desk.held(), await desk.payments()) == ("ACTIVE", 0, 1)
    (item,) = await desk.platform.hot.query_customer("C-00001", "TXN#")
    assert (item.attributes["kind"], item.attributes["amount_cents"]) == ("DISBURSEMENT", 1_000_001)
    assert desk.bench.telemetry.counted(SAGAS_ENDED, saga="disbursement", outcome="done") == 1


async def test_asked_again_or_by_many_at_once_it_is_paid_once(desk: Desk) -> None:
    pay = desk.desk()
    answers = await asyncio.gather(*(pay(a_decision(1).decision_id) for _ in range(10)))
    assert all(answer is not None for answer in answers)
    assert (await desk.pay()).progress is Progress.PAID
    assert (await desk.payments(), await desk.held()) == (1, 0)


async def test_only_an_approval_is_paid(desk: Desk) -> None:
    verdict = replace(a_decision(9).verdict, outcome=Outcome.REFER)
    await desk.platform.decisions.record(a_decision(9, verdict=verdict), None)
    with pytest.raises(DisbursementRefused, match="NOT_APPROVED"):
        await desk.pay(9)
    with pytest.raises(DisbursementRefused, match="NOT_APPROVED"):
        await desk.desk()(await degraded(desk))
    assert await desk.desk()("nobody") is None


async def degraded(desk: Desk) -> str:
    decision = a_decision(8, degraded=True)
    await desk.platform.decisions.record(decision, None)
    return decision.decision_id


async def test_more_than_the_free_limit_is_refused_and_everything_taken_back(desk: Desk) -> None:
    assert (await desk.pay(1)).progress is Progress.PAID
    assert (await desk.pay(2)).progress is Progress.PAID
    third = await desk.pay(3)
    assert (third.progress, third.refusal) == (Progress.REFUSED, Refusal.LIMIT_EXCEEDED)
    assert (await desk.payments(), await desk.held(), await desk.contract(3)) == (2, 0, None)


async def test_of_concurrent_disbursements_only_as_many_as_fit_are_paid(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.pay(number) for number in (1, 2, 3)))
    assert sorted(answer.progress for answer in answers) == [Progress.PAID, Progress.PAID, Progress.REFUSED]
    assert (await desk.payments(), await desk.held()) == (2, 0)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"status": CustomerStatus.BLOCKED}, Refusal.CUSTOMER_NOT_ACTIVE),
        ({"credit_limit_cents": None}, Refusal.LIMIT_UNKNOWN),
        ({"credit_used_cents": LIMIT}, Refusal.LIMIT_EXCEEDED),
    ],
)
async def test_a_customer_who_may_not_have_it_gets_nothing(
    desk: Desk, changes: dict[str, Any], refusal: Refusal
) -> None:
    now = desk.bench.clock.now()
    facts = {"credit_limit_cents": LIMIT, "credit_used_cents": 0, "updated_at": now, **changes}
    await desk.platform.customers.upsert(a_profile(1, 2, **facts))
    answer = await desk.pay()
    assert (answer.progress, answer.refusal) == (Progress.REFUSED, refusal)
    assert (await desk.payments(), await desk.held()) == (0, 0)


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
                    raise CircuitOpen(port, "its circuit is open")
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


async def test_a_pivot_without_the_newest_fence_pays_nothing(desk: Desk) -> None:
    runner = desk.runner(disbursements=AnswersLate(desk.platform.disbursements, "pay", times=9))
    await runner.start("s-1", "disbursement", await content(desk))
    stale = await desk.platform.sagas.find("s-1")
    assert stale is not None
    desk.bench.clock.advance(timedelta(seconds=61))
    assert await desk.platform.sagas.claim_one("s-1", "other", 60.0) is not None
    plan = DisbursementSaga(
        desk.platform.disbursements, desk.platform.hot, desk.platform.wide, desk.bench.clock
    ).plan()
    pay = next(step for step in plan.steps if step.name == "pay")
    with pytest.raises(LeaseLost):
        await pay.do(stale)


async def content(desk: Desk) -> bytes:
    return order_bytes(order_of(a_decision(1), 1))


async def test_a_late_duplicate_of_a_hold_finds_that_it_was_released(desk: Desk) -> None:
    holds = LimitHolds(desk.platform.hot, desk.bench.clock)
    await holds.hold("C-00001", "s", 100, 1_000)
    await holds.hold("C-00001", "s", 100, 1_000)
    assert await desk.held() == 100
    await holds.release("C-00001", "s")
    with pytest.raises(StepRefused):
        await holds.hold("C-00001", "s", 100, 1_000)
    assert await desk.held() == 0
    desk.bench.clock.advance(timedelta(days=2))
    await holds.hold("C-00001", "t", 100, 1_000)
    item = await desk.platform.hot.get("C-00001", HOLDS)
    assert item is not None
    assert set(item.attributes) == {"hold:t"}, "old marks are swept"


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


async def test_the_gauges_tell_what_is_open_and_how_old_it_is(desk: Desk) -> None:
    late = AnswersLate(desk.platform.hot, "put_if_newer", times=9)
    await desk.pay(hot=late)
    desk.bench.clock.advance(timedelta(seconds=30))
    await desk.runner(hot=late).run_once()
    labels = (("saga", "disbursement"),)
    assert desk.bench.telemetry.gauges[SAGAS_OPEN.name, labels] == 1.0
    assert desk.bench.telemetry.gauges[SAGA_OLDEST.name, labels] == 30.0


async def test_a_saga_of_no_known_plan_is_parked(desk: Desk) -> None:
    await desk.platform.sagas.begin("s-1", "unknown", b"{}")
    await desk.runner().run_once()
    found = await desk.platform.sagas.find("s-1")
    assert found is not None
    assert (found.state, found.trouble) == (SagaState.STUCK, "no plan of kind unknown")


def test_a_plan_has_one_pivot_and_no_compensation_after_it() -> None:
    async def nothing(saga: Saga) -> None: ...

    step, last = Step("one", nothing, nothing), Step("two", nothing)
    assert SagaPlan("good", (step, last)).pivot == "two"
    for wrong in ((step,), (last, step)):
        with pytest.raises(ValueError, match="pivot"):
            SagaPlan("wrong", wrong)


async def test_an_intent_is_on_file_before_its_effect(desk: Desk) -> None:
    seen: list[Any] = []

    class Looks(AnswersLate):
        def __getattr__(self, name: str) -> Any:
            inner = getattr(self._port, name)

            async def call(*args: Any) -> Any:
                found = await desk.platform.sagas.find(f"disbursement:{a_decision(1).decision_id}:1")
                assert found is not None
                seen.append(dict(found.steps))
                return await inner(*args)

            return call if name in ("put_if_newer", "pay") else inner

    ports: dict[str, Any] = {
        name: Looks(getattr(desk.platform, name), "") for name in ("hot", "wide", "disbursements")
    }
    await desk.pay(**ports)
    names = ["hold", "draft", "pay", "activate", "settle"]
    for number, steps in enumerate(seen):
        done = dict.fromkeys(names[:number], StepState.DONE)
        assert steps == {**done, names[number]: StepState.INTENDED}
    assert len(seen) == 5
