"""The saga that pays out an approved credit, across hot data, wide column and relational store.

    hold      hot         part of the customer's free limit is held       / released
    draft     wide        the contract is drafted                         / cancelled
    pay       relational  the pivot: transaction, audit, outbox at once
    activate  wide        the contract is in force
    settle    hot         the hold is given back: the transaction counts now

Every write carries a version that no earlier write can beat, so that a duplicate which comes late, even after
the compensation, changes nothing.
"""

from __future__ import annotations

import msgspec

from credit.domain.disbursement import Order, Refusal, order_from_document
from credit.domain.errors import DisbursementRefused
from credit.ports.projections import CONTRACT, HotStore, ItemValue, WideRow, WideStore
from credit.ports.sagas import DisbursementRecords, Saga
from credit.usecases.disburse import DISBURSEMENT
from dataplatform.ingestion.projections import content_digest
from dataplatform.saga.limit_holds import LimitHolds
from dataplatform.saga.step import SagaPlan, Step, StepRefused
from foundation.clock import Clock


class DisbursementSaga:
    def __init__(self, records: DisbursementRecords, hot: HotStore, wide: WideStore, clock: Clock) -> None:
        self._records, self._holds, self._wide = records, LimitHolds(hot, clock), wide

    def plan(self) -> SagaPlan:
        return SagaPlan(
            DISBURSEMENT,
            (
                Step("hold", self.hold, self.release),
                Step("draft", self.draft, self.cancel),
                Step("pay", self.pay),
                Step("activate", self.activate),
                Step("settle", self.release),
            ),
        )

    async def hold(self, saga: Saga) -> None:
        order = order_of_saga(saga)
        try:
            free = await self._records.free_limit(order.customer_id)
        except DisbursementRefused as refused:
            raise StepRefused(refused.code) from refused
        await self._holds.hold(order.customer_id, saga.saga_id, order.amount_cents, free)

    async def release(self, saga: Saga) -> None:
        await self._holds.release(order_of_saga(saga).customer_id, saga.saga_id)

    async def draft(self, saga: Saga) -> None:
        await self._contract(saga, "DRAFT", _first_version(saga))

    async def cancel(self, saga: Saga) -> None:
        await self._contract(saga, "CANCELLED", _first_version(saga) + 1)

    async def pay(self, saga: Saga) -> None:
        try:
            await self._records.pay(order_of_saga(saga), saga)
        except DisbursementRefused as refused:
            raise StepRefused(refused.code) from refused

    async def activate(self, saga: Saga) -> None:
        await self._contract(saga, "ACTIVE", _first_version(saga) + 1)

    async def _contract(self, saga: Saga, status: str, version: int) -> None:
        row = contract_row(order_of_saga(saga), status, version)
        if await self._wide.put_if_newer(row):
            return
        found = await self._wide.get(row.customer_id, row.data_type)
        if found is None or (found.version, found.digest) != (row.version, row.digest):
            raise StepRefused(Refusal.UNAVAILABLE)  # a later write stands there: this one came too late


def order_of_saga(saga: Saga) -> Order:
    return order_from_document(msgspec.json.decode(saga.content))


def contract_row(order: Order, status: str, version: int) -> WideRow:
    columns: dict[str, ItemValue] = {
        "decision_id": order.decision_id,
        "status": status,
        "amount_cents": order.amount_cents,
        "term_months": order.term_months,
        "monthly_rate_bps": order.monthly_rate_bps,
        "installment_cents": order.installment_cents,
    }
    place = f"{CONTRACT}#{order.decision_id}"
    return WideRow(order.customer_id, place, version, content_digest(columns), columns)


def _first_version(saga: Saga) -> int:
    """Attempt n writes versions 2n-1 (draft) and 2n (cancelled, or in force)."""
    return 2 * order_of_saga(saga).attempt - 1
