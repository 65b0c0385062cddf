"""Credit transactions: inserted once each, with their outbox rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from credit.domain.canonical import transaction_bytes
from credit.domain.customer import Transaction
from credit.domain.errors import InvalidValue
from dataplatform.ingestion.projections import transaction_digest
from dataplatform.stores.relational.outbox import OutboxChange, insert_changes
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, Row
from foundation.instants import from_micros, to_micros

TRANSACTION_COLUMNS = tuple(field.name for field in fields(Transaction))
_LIST = ", ".join(TRANSACTION_COLUMNS)
_OWNERS = "SELECT customer_id FROM customers WHERE customer_id IN :customer_ids"
_KNOWN = "SELECT transaction_id FROM transactions WHERE transaction_id IN :ids"
_INSERT = (
    f"INSERT INTO transactions ({_LIST}, digest) "  # noqa: S608 - constants
    f"VALUES ({', '.join(f':{name}' for name in TRANSACTION_COLUMNS)}, :digest)"
)
_BETWEEN = (
    f"SELECT {_LIST} FROM transactions "  # noqa: S608 - constants
    "WHERE customer_id = :customer_id AND created_at >= :since AND created_at < :until "
    "ORDER BY created_at, transaction_id LIMIT :most"
)


def transaction_values(transaction: Transaction) -> dict[str, object]:
    """Its row by column, its digest beside ``TRANSACTION_COLUMNS``."""
    values: dict[str, object] = {name: getattr(transaction, name) for name in TRANSACTION_COLUMNS}
    values["created_at"] = to_micros(transaction.created_at)
    values["digest"] = transaction_digest(transaction)
    return values


def transaction_from_row(row: Row) -> Transaction:
    """Of a row of ``TRANSACTION_COLUMNS``."""
    values = dict(zip(TRANSACTION_COLUMNS, row, strict=True))
    values["created_at"] = from_micros(values["created_at"])
    return Transaction(**values)


def add_transactions(session: RelationalSession, transactions: Sequence[Transaction]) -> list[bool]:
    """Insert those that are not there with their outbox rows, inside the caller's transaction."""
    if not transactions:
        return []
    _check_owners(session, transactions)
    ids = sorted({item.transaction_id for item in transactions})
    known = {row[0] for row in session.rows(_KNOWN, {"ids": ids})}
    answers, fresh = list[bool](), list[Transaction]()
    for item in transactions:
        answers.append(item.transaction_id not in known)
        if answers[-1]:
            known.add(item.transaction_id)
            fresh.append(item)
    session.change_all(_INSERT, [transaction_values(item) for item in fresh])
    changes = [OutboxChange("transaction", t.transaction_id, t.version, transaction_bytes(t)) for t in fresh]
    insert_changes(session, changes)
    return answers


def _check_owners(session: RelationalSession, transactions: Sequence[Transaction]) -> None:
    wanted = sorted({item.customer_id for item in transactions})
    found = {row[0] for row in session.rows(_OWNERS, {"customer_ids": wanted})}
    for item in transactions:
        if item.customer_id not in found:
            raise InvalidValue(
                "customer_id", f"there is no customer {item.customer_id}", "Send the customer first"
            )


class SqlTransactionRecords:
    def __init__(self, database: RelationalDatabase) -> None:
        self._database = database

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        return await self._database.write(lambda s: add_transactions(s, transactions))

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        values = {
            "customer_id": customer_id,
            "since": to_micros(since),
            "until": to_micros(until),
            "most": limit,
        }
        rows = await self._database.read(lambda s: s.rows(_BETWEEN, values))
        return [transaction_from_row(row) for row in rows]
