"""Customers in SQLite: written if newer, with their audit entry and outbox row."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from credit.domain.canonical import canonical_json, digest, profile_bytes
from credit.domain.customer import CustomerProfile
from credit.domain.errors import InvalidValue
from dataplatform.ingestion.projections import profile_digest
from dataplatform.stores.rows import CUSTOMER_COLUMNS, customer_from_row, customer_values
from dataplatform.stores.sqlite.audit import append_entry
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.outbox import insert_row
from foundation.clock import Clock

ACTOR = "platform"
_LIST = ", ".join(CUSTOMER_COLUMNS)
_UPSERT = (
    f"INSERT INTO customers ({_LIST}, digest) VALUES ({', '.join('?' * len(CUSTOMER_COLUMNS))}, ?) "  # noqa: S608
    "ON CONFLICT (customer_id) DO UPDATE SET digest = excluded.digest, "
    + ", ".join(f"{name} = excluded.{name}" for name in CUSTOMER_COLUMNS if name != "customer_id")
    + " WHERE excluded.version > customers.version"
)
_SELECT = f"SELECT {_LIST} FROM customers"  # noqa: S608 - constants
_BY_ID = f"{_SELECT} WHERE customer_id = ?"
_BY_CPF = f"{_SELECT} WHERE cpf_index = ?"
_PAGE = f"{_SELECT} WHERE customer_id > ? ORDER BY customer_id LIMIT ?"


def read_customer(connection: sqlite3.Connection, customer_id: str) -> CustomerProfile | None:
    row = connection.execute(_BY_ID, (customer_id,)).fetchone()
    return None if row is None else customer_from_row(row)


def _upsert(connection: sqlite3.Connection, profile: CustomerProfile, at: datetime) -> bool:
    values = (*customer_values(profile).values(), profile_digest(profile))
    try:
        written = connection.execute(_UPSERT, values).rowcount
    except sqlite3.IntegrityError as error:
        if "cpf_index" in str(error):
            raise InvalidValue(
                "cpf", "it belongs to another customer", f"Check who {profile.customer_id} is"
            ) from error
        raise
    if not written:
        return False
    content = profile_bytes(profile)
    body = canonical_json({"digest": digest(content), "version": profile.version})
    append_entry(connection, at, ACTOR, "customer.upserted", profile.customer_id, body)
    insert_row(connection, "customer", profile.customer_id, profile.version, content)
    return True


class SqliteCustomerRecords:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def get(self, customer_id: str) -> CustomerProfile | None:
        return await self._one(_BY_ID, customer_id)

    async def find_by_cpf(self, cpf_index: str) -> CustomerProfile | None:
        return await self._one(_BY_CPF, cpf_index)

    async def upsert(self, profile: CustomerProfile) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda c: _upsert(c, profile, at))

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        at = self._clock.now()
        return await self._database.write(lambda c: [_upsert(c, profile, at) for profile in profiles])

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        rows = await self._database.read(lambda c: c.execute(_PAGE, (after or "", limit)).fetchall())
        return [customer_from_row(row) for row in rows]

    async def _one(self, statement: str, value: str) -> CustomerProfile | None:
        row = await self._database.read(lambda c: c.execute(statement, (value,)).fetchone())
        return None if row is None else customer_from_row(row)
