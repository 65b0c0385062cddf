"""Customers in SQLite: written if newer, with their audit entry and outbox row."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from app.domain.canonical import canonical_json, digest, profile_bytes
from app.domain.customer import CustomerProfile, CustomerStatus
from app.domain.errors import InvalidValue
from dataplatform.stores.instants import from_micros, to_micros
from dataplatform.stores.sqlite.audit import append_entry
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.outbox import insert_row
from slo.clock import Clock

ACTOR = "platform"
COLUMNS = tuple(field.name for field in fields(CustomerProfile))
_LIST = ", ".join(COLUMNS)
_UPSERT = (
    f"INSERT INTO customers ({_LIST}) VALUES ({', '.join('?' * len(COLUMNS))}) "  # noqa: S608 - constants
    "ON CONFLICT (customer_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "customer_id")
    + " WHERE excluded.version > customers.version"
)
_SELECT = f"SELECT {_LIST} FROM customers"  # noqa: S608 - constants
_BY_ID = f"{_SELECT} WHERE customer_id = ?"
_BY_CPF = f"{_SELECT} WHERE cpf_index = ?"
_PAGE = f"{_SELECT} WHERE customer_id > ? ORDER BY customer_id LIMIT ?"


def to_row(profile: CustomerProfile) -> tuple[object, ...]:
    values: dict[str, object] = {name: getattr(profile, name) for name in COLUMNS}
    values["status"] = profile.status.value
    values["created_at"] = to_micros(profile.created_at)
    values["updated_at"] = to_micros(profile.updated_at)
    return tuple(values.values())


def from_row(row: Sequence[Any]) -> CustomerProfile:
    values = dict(zip(COLUMNS, row, strict=True))
    values["status"] = CustomerStatus(values["status"])
    values["created_at"] = from_micros(values["created_at"])
    values["updated_at"] = from_micros(values["updated_at"])
    return CustomerProfile(**values)


def _upsert(connection: sqlite3.Connection, profile: CustomerProfile, at: datetime) -> bool:
    try:
        written = connection.execute(_UPSERT, to_row(profile)).rowcount
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
        return [from_row(row) for row in rows]

    async def _one(self, statement: str, value: str) -> CustomerProfile | None:
        row = await self._database.read(lambda c: c.execute(statement, (value,)).fetchone())
        return None if row is None else from_row(row)
