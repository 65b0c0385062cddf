"""Credit transactions in MySQL: inserted once each, with their outbox rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import IntegrityError

from credit.domain.canonical import transaction_bytes
from credit.domain.customer import Transaction
from credit.domain.errors import InvalidValue
from dataplatform.ingestion.projections import transaction_digest
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.failures import Contended, duplicated_index
from dataplatform.stores.mysql.outbox import Change, insert_changes
from dataplatform.stores.rows import TRANSACTION_COLUMNS, transaction_from_row, transaction_values
from foundation.instants import to_micros

_LIST = ", ".join(TRANSACTION_COLUMNS)
_OWNERS = text("SELECT customer_id FROM customers WHERE customer_id IN :customer_ids").bindparams(
    bindparam("customer_ids", expanding=True)
)
_KNOWN = text("SELECT transaction_id FROM transactions WHERE transaction_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_INSERT = text(
    f"INSERT INTO transactions ({_LIST}, digest) "  # noqa: S608 - constants
    f"VALUES ({', '.join(f':{name}' for name in TRANSACTION_COLUMNS)}, :digest)"
)
_BETWEEN = text(
    f"SELECT {_LIST} FROM transactions "  # noqa: S608 - constants
    "WHERE customer_id = :customer_id AND created_at >= :since AND created_at < :until "
    "ORDER BY created_at, transaction_id LIMIT :most"
)


def add_transactions(connection: Connection, transactions: Sequence[Transaction]) -> list[bool]:
    """Insert those that are not there with their outbox rows, inside the caller's transaction."""
    if not transactions:
        return []
    _check_owners(connection, transactions)
    ids = sorted({item.transaction_id for item in transactions})
    known = set(connection.execute(_KNOWN, {"ids": ids}).scalars())
    answers, fresh = list[bool](), list[Transaction]()
    for item in transactions:
        answers.append(item.transaction_id not in known)
        if answers[-1]:
            known.add(item.transaction_id)
            fresh.append(item)
    _insert(connection, fresh)
    insert_changes(
        connection,
        [Change("transaction", t.transaction_id, t.version, transaction_bytes(t)) for t in fresh],
    )
    return answers


def _check_owners(connection: Connection, transactions: Sequence[Transaction]) -> None:
    wanted = {item.customer_id for item in transactions}
    found = set(connection.execute(_OWNERS, {"customer_ids": sorted(wanted)}).scalars())
    for item in transactions:
        if item.customer_id not in found:
            raise InvalidValue(
                "customer_id", f"no customer is called {item.customer_id}", "Send the customer first"
            )


def _insert(connection: Connection, fresh: Sequence[Transaction]) -> None:
    if not fresh:
        return
    rows = [{**transaction_values(item), "digest": transaction_digest(item)} for item in fresh]
    try:
        connection.execute(_INSERT, rows)
    except IntegrityError as error:
        if duplicated_index(error) == "uq_transaction_id":
            raise Contended("relational", "another call added the same transaction") from error
        raise


class MysqlTransactionRecords:
    def __init__(self, database: MysqlDatabase) -> None:
        self._database = database

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        return await self._database.write(lambda c: add_transactions(c, transactions))

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        values = {
            "customer_id": customer_id,
            "since": to_micros(since),
            "until": to_micros(until),
            "most": limit,
        }
        rows = await self._database.read(lambda c: c.execute(_BETWEEN, values).all())
        return [transaction_from_row(row) for row in rows]
