"""Credit transactions in SQLite: inserted once each, with their outbox rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from credit.domain.canonical import transaction_bytes
from credit.domain.customer import Transaction
from credit.domain.errors import InvalidValue
from dataplatform.ingestion.projections import transaction_digest
from dataplatform.stores.rows import TRANSACTION_COLUMNS, transaction_from_row, transaction_values
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.outbox import insert_row
from foundation.instants import to_micros

_LIST = ", ".join(TRANSACTION_COLUMNS)
_INSERT = (
    f"INSERT INTO transactions ({_LIST}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - constants
    "ON CONFLICT (transaction_id) DO NOTHING"
)
_BETWEEN = (
    f"SELECT {_LIST} FROM transactions "  # noqa: S608 - constants
    "WHERE customer_id = ? AND created_at >= ? AND created_at < ? ORDER BY created_at, transaction_id LIMIT ?"
)
_CUSTOMER = "SELECT 1 FROM customers WHERE customer_id = ?"


def add_transaction(connection: sqlite3.Connection, transaction: Transaction) -> bool:
    """Insert it with its outbox row, inside the caller's transaction. False: it is there already."""
    if connection.execute(_CUSTOMER, (transaction.customer_id,)).fetchone() is None:
        raise InvalidValue(
            "customer_id", f"no customer is called {transaction.customer_id}", "Send the customer first"
        )
    values = (*transaction_values(transaction).values(), transaction_digest(transaction))
    if not connection.execute(_INSERT, values).rowcount:
        return False
    insert_row(
        connection,
        "transaction",
        transaction.transaction_id,
        transaction.version,
        transaction_bytes(transaction),
    )
    return True


class SqliteTransactionRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        return await self._database.write(lambda c: [add_transaction(c, item) for item in transactions])

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        span = (customer_id, to_micros(since), to_micros(until), limit)
        rows = await self._database.read(lambda c: c.execute(_BETWEEN, span).fetchall())
        return [transaction_from_row(row) for row in rows]
