"""Paying out: transaction, outbox row and audit entry, under the saga's fence.

The customer's row is locked first, so that two disbursements of one customer see each other's payment.
"""

from __future__ import annotations

from datetime import datetime

from credit.domain.canonical import canonical_json
from credit.domain.disbursement import Order, Refusal, free_limit
from credit.domain.errors import DisbursementRefused
from credit.ports.sagas import Saga
from dataplatform.stores.relational.audit import Event, append_events
from dataplatform.stores.relational.customers import read_customer
from dataplatform.stores.relational.sagas import require_fence
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, first, integer
from dataplatform.stores.relational.transactions import add_transactions
from foundation.clock import Clock
from foundation.instants import to_micros

_LOCK_CUSTOMER = "SELECT customer_id FROM customers WHERE customer_id = :customer_id FOR UPDATE"
_PAID = "SELECT transaction_id FROM transactions WHERE transaction_id = :transaction_id"
_PAID_SINCE = """
SELECT coalesce(sum(amount_cents), 0) FROM transactions
WHERE customer_id = :customer_id AND created_at >= :since AND kind = 'DISBURSEMENT' AND status <> 'REVERSED'
"""


def _free(session: RelationalSession, customer_id: str) -> int:
    profile = read_customer(session, customer_id)
    if profile is None:
        return free_limit(None, 0)
    values = {"customer_id": customer_id, "since": to_micros(profile.updated_at)}
    return free_limit(profile, integer(session, _PAID_SINCE, values))


def _pay(session: RelationalSession, order: Order, saga: Saga, at: datetime) -> bool:
    require_fence(session, saga.saga_id, saga.fence)
    session.rows(_LOCK_CUSTOMER, {"customer_id": order.customer_id})
    if first(session, _PAID, {"transaction_id": order.transaction_id}) is not None:
        return False
    if _free(session, order.customer_id) < order.amount_cents:
        raise DisbursementRefused(Refusal.LIMIT_EXCEEDED)
    add_transactions(session, [order.transaction(at)])
    body = canonical_json({"amount_cents": order.amount_cents, "customer_id": order.customer_id})
    append_events(session, at, [Event(order.client_id, "disbursement.paid", order.decision_id, body)])
    return True


class SqlDisbursementRecords:
    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def free_limit(self, customer_id: str) -> int:
        return await self._database.read_newest(lambda s: _free(s, customer_id))

    async def pay(self, order: Order, saga: Saga) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda s: _pay(s, order, saga, at))
