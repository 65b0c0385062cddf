"""Paying out in MySQL: transaction, outbox row and audit entry, under the saga's fence.

The customer's row is locked first, so that two disbursements of one customer see each other's payment.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from credit.domain.canonical import canonical_json
from credit.domain.disbursement import Order, Refusal, free_limit
from credit.domain.errors import DisbursementRefused
from credit.ports.sagas import Saga
from dataplatform.stores.mysql.audit import Event, append_events
from dataplatform.stores.mysql.customers import read_customer
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.sagas import require_fence
from dataplatform.stores.mysql.transactions import add_transactions
from foundation.clock import Clock
from foundation.instants import to_micros

_LOCK_CUSTOMER = text("SELECT customer_id FROM customers WHERE customer_id = :customer_id FOR UPDATE")
_PAID = text("SELECT transaction_id FROM transactions WHERE transaction_id = :transaction_id")
_PAID_SINCE = text("""
SELECT coalesce(sum(amount_cents), 0) FROM transactions
WHERE customer_id = :customer_id AND created_at >= :since AND kind = 'DISBURSEMENT' AND status <> 'REVERSED'
""")


def _free(connection: Connection, customer_id: str) -> int:
    profile = read_customer(connection, customer_id)
    if profile is None:
        return free_limit(None, 0)
    values = {"customer_id": customer_id, "since": to_micros(profile.updated_at)}
    return free_limit(profile, int(connection.execute(_PAID_SINCE, values).scalar_one()))


def _pay(connection: Connection, order: Order, saga: Saga, at: datetime) -> bool:
    require_fence(connection, saga.saga_id, saga.fence)
    connection.execute(_LOCK_CUSTOMER, {"customer_id": order.customer_id})
    known = connection.execute(_PAID, {"transaction_id": order.transaction_id}).one_or_none()
    if known is not None:
        return False
    if _free(connection, order.customer_id) < order.amount_cents:
        raise DisbursementRefused(Refusal.LIMIT_EXCEEDED)
    add_transactions(connection, [order.transaction(at)])
    body = canonical_json({"amount_cents": order.amount_cents, "customer_id": order.customer_id})
    append_events(connection, at, [Event(order.client_id, "disbursement.paid", order.decision_id, body)])
    return True


class MysqlDisbursementRecords:
    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def free_limit(self, customer_id: str) -> int:
        return await self._database.read_newest(lambda c: _free(c, customer_id))

    async def pay(self, order: Order, saga: Saga) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda c: _pay(c, order, saga, at))
