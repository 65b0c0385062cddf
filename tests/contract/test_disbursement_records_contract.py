"""What the pivot of a disbursement keeps to, whichever store it is in."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.customer import CustomerStatus
from credit.domain.disbursement import Order, Refusal, order_of
from credit.domain.errors import DisbursementRefused, LeaseLost
from credit.ports.sagas import DisbursementRecords, Saga, SagaLog
from dataplatform.stores.relational.disbursements import SqlDisbursementRecords
from tests.support.broken_stores import changed, emptied
from tests.support.credit_samples import a_decision, a_profile
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench

LIMIT = 2_500_000


@dataclass
class Pay:
    stores: Bench
    records: DisbursementRecords
    log: SagaLog

    async def customer(self, version: int = 1, **changes: object) -> None:
        facts = {"credit_limit_cents": LIMIT, "credit_used_cents": 500_000, **changes}
        profile = a_profile(1, version, updated_at=self.stores.clock.now())
        await self.stores.customers.upsert(replace(profile, **facts))  # type: ignore[arg-type]

    async def saga(self, name: str = "s-1") -> Saga:
        await self.log.begin(name, "disbursement", b"")
        held = await self.log.claim_one(name, "a", 60.0)
        assert held is not None
        return held

    async def outbox(self) -> list[str]:
        rows = await self.stores.outbox.claim("t", 100, 0.0)
        return [row.key for row in rows if row.kind == "transaction"]


def an_order(number: int = 1) -> Order:
    return order_of(a_decision(number), 1)


class DisbursementContract:
    async def a_payment_comes_with_its_audit_entry_and_outbox_row(self, pay: Pay) -> None:
        await pay.customer()
        assert await pay.records.pay(an_order(), await pay.saga())
        head = await pay.stores.audit.head()
        assert head is not None
        assert (head.action, head.subject) == ("disbursement.paid", an_order().decision_id)
        assert await pay.outbox() == [an_order().transaction_id]

    async def paid_again_it_writes_nothing(self, pay: Pay) -> None:
        await pay.customer()
        saga = await pay.saga()
        assert await pay.records.pay(an_order(), saga)
        head = await pay.stores.audit.head()
        assert not await pay.records.pay(an_order(), saga)
        assert await pay.stores.audit.head() == head
        assert len(await pay.outbox()) == 1

    async def an_older_fence_pays_nothing(self, pay: Pay) -> None:
        await pay.customer()
        stale = await pay.saga()
        pay.stores.clock.advance(timedelta(seconds=60))
        assert await pay.log.claim_one("s-1", "b", 60.0) is not None
        with pytest.raises(LeaseLost):
            await pay.records.pay(an_order(), stale)
        assert await pay.outbox() == []

    async def the_free_limit_counts_what_was_paid_since_the_profile(self, pay: Pay) -> None:
        await pay.customer()
        assert await pay.records.free_limit("C-00001") == 2_000_000
        await pay.records.pay(an_order(), await pay.saga())
        assert await pay.records.free_limit("C-00001") == 2_000_000 - an_order().amount_cents
        pay.stores.clock.advance(timedelta(seconds=1))
        await pay.customer(2, credit_used_cents=500_000 + an_order().amount_cents)
        assert await pay.records.free_limit("C-00001") == 2_000_000 - an_order().amount_cents

    async def what_does_not_fit_is_refused_and_writes_nothing(self, pay: Pay) -> None:
        await pay.customer(credit_used_cents=LIMIT)
        with pytest.raises(DisbursementRefused) as refused:
            await pay.records.pay(an_order(), await pay.saga())
        assert refused.value.code == Refusal.LIMIT_EXCEEDED
        assert await pay.outbox() == []

    async def who_may_not_have_it_is_refused_by_name(self, pay: Pay) -> None:
        for version, changes, code in (
            (1, {"status": CustomerStatus.CLOSED}, Refusal.CUSTOMER_NOT_ACTIVE),
            (2, {"credit_limit_cents": None}, Refusal.LIMIT_UNKNOWN),
        ):
            await pay.customer(version, **changes)
            with pytest.raises(DisbursementRefused) as refused:
                await pay.records.free_limit("C-00001")
            assert refused.value.code == code
        with pytest.raises(DisbursementRefused, match="CUSTOMER_UNKNOWN"):
            await pay.records.free_limit("nobody")


PROMISES = sorted(name for name, _ in inspect.getmembers(DisbursementContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_disbursements_keep_their_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(DisbursementContract(), promise)(Pay(bench, bench.disbursements, bench.sagas))


class ForgetsFences(SqlDisbursementRecords):
    breaks = "an_older_fence_pays_nothing"

    async def pay(self, order: Order, saga: Saga) -> bool:
        await changed(self._database, "UPDATE sagas SET fence = :fence", {"fence": saga.fence})
        return await super().pay(order, saga)


class ForgetsWhatWasPaid(SqlDisbursementRecords):
    breaks = "paid_again_it_writes_nothing"

    async def pay(self, order: Order, saga: Saga) -> bool:
        await emptied(self._database, "transactions")
        return await super().pay(order, saga)


class PaysWithoutAudit(SqlDisbursementRecords):
    breaks = "a_payment_comes_with_its_audit_entry_and_outbox_row"

    async def pay(self, order: Order, saga: Saga) -> bool:
        paid = await super().pay(order, saga)
        await emptied(self._database, "audit")
        return paid


@pytest.mark.parametrize(
    "broken", [ForgetsFences, ForgetsWhatWasPaid, PaysWithoutAudit], ids=lambda broken: broken.__name__
)
async def test_the_contract_catches_a_broken_pivot(broken: type[SqlDisbursementRecords]) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    pay = Pay(bench, broken(bench.memory.tables, bench.clock), bench.sagas)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await getattr(DisbursementContract(), broken.breaks)(pay)  # type: ignore[attr-defined]
