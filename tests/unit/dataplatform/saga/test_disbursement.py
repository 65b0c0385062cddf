"""Disbursements: who gets what, once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from credit.domain.customer import CustomerStatus
from credit.domain.decision import Outcome
from credit.domain.disbursement import Progress, Refusal, order_bytes, order_of
from credit.domain.errors import DisbursementRefused, LeaseLost
from credit.metrics import SAGA_OLDEST, SAGAS_ENDED, SAGAS_OPEN
from credit.ports.projections import HOLDS
from credit.ports.sagas import Saga, SagaState, StepState
from dataplatform.saga.disbursement import DisbursementSaga
from dataplatform.saga.limit_holds import LimitHolds
from dataplatform.saga.step import SagaPlan, Step, StepRefused
from tests.support.credit_samples import a_decision, a_profile
from tests.support.disbursement_desk import LIMIT, AnswersLate, Desk


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
