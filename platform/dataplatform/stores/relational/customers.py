"""Customers: written if newer, with their audit entries and outbox rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from credit.domain.canonical import canonical_json, digest, profile_bytes
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.errors import InvalidValue
from dataplatform.ingestion.projections import profile_digest
from dataplatform.stores.relational.audit import Event, append_events
from dataplatform.stores.relational.outbox import OutboxChange, insert_changes
from dataplatform.stores.relational.session import (
    Duplicate,
    RelationalDatabase,
    RelationalSession,
    Row,
    first,
)
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

ACTOR = "platform"
CUSTOMER_COLUMNS = tuple(field.name for field in fields(CustomerProfile))
_LIST = ", ".join(CUSTOMER_COLUMNS)
_LOCK = """
SELECT customer_id, version FROM customers WHERE customer_id IN :customer_ids ORDER BY customer_id FOR UPDATE
"""
_OWNERS = "SELECT cpf_index, customer_id FROM customers WHERE cpf_index IN :indexes"
_INSERT = (
    f"INSERT INTO customers ({_LIST}, digest) "  # noqa: S608 - constants
    f"VALUES ({', '.join(f':{name}' for name in CUSTOMER_COLUMNS)}, :digest)"
)
_UPDATE = (
    "UPDATE customers SET digest = :digest, "  # noqa: S608 - constants
    + ", ".join(f"{name} = :{name}" for name in CUSTOMER_COLUMNS if name != "customer_id")
    + " WHERE customer_id = :customer_id"
)
_BY_ID = f"SELECT {_LIST} FROM customers WHERE customer_id = :value"  # noqa: S608 - constants
_BY_CPF = f"SELECT {_LIST} FROM customers WHERE cpf_index = :value"  # noqa: S608 - constants
_PAGE = (
    f"SELECT {_LIST} FROM customers "  # noqa: S608 - constants
    "WHERE customer_id > :after ORDER BY customer_id LIMIT :most"
)


def customer_values(profile: CustomerProfile) -> dict[str, object]:
    """Its row by column, its digest beside ``CUSTOMER_COLUMNS``."""
    values: dict[str, object] = {name: getattr(profile, name) for name in CUSTOMER_COLUMNS}
    values["status"] = profile.status.value
    values["created_at"] = to_micros(profile.created_at)
    values["updated_at"] = to_micros(profile.updated_at)
    values["digest"] = profile_digest(profile)
    return values


def customer_from_row(row: Row) -> CustomerProfile:
    """Of a row of ``CUSTOMER_COLUMNS``."""
    values = dict(zip(CUSTOMER_COLUMNS, row, strict=True))
    values["status"] = CustomerStatus(values["status"])
    values["created_at"] = from_micros(values["created_at"])
    values["updated_at"] = from_micros(values["updated_at"])
    return CustomerProfile(**values)


def read_customer(session: RelationalSession, customer_id: str) -> CustomerProfile | None:
    return _one(session, _BY_ID, customer_id)


def _one(session: RelationalSession, statement: str, value: str) -> CustomerProfile | None:
    row = first(session, statement, {"value": value})
    return None if row is None else customer_from_row(row)


def _upsert(session: RelationalSession, profiles: Sequence[CustomerProfile], at: datetime) -> list[bool]:
    if not profiles:
        return []
    names = sorted({profile.customer_id for profile in profiles})
    stored: dict[str, int] = dict(session.rows(_LOCK, {"customer_ids": names}))  # type: ignore[arg-type]
    versions, answers, accepted = dict(stored), list[bool](), list[CustomerProfile]()
    for profile in profiles:
        answers.append(versions.get(profile.customer_id, 0) < profile.version)
        if answers[-1]:
            accepted.append(profile)
            versions[profile.customer_id] = profile.version
    newest = {profile.customer_id: profile for profile in accepted}.values()
    _write(session, _UPDATE, [profile for profile in newest if profile.customer_id in stored])
    _write(session, _INSERT, [profile for profile in newest if profile.customer_id not in stored])
    _tell(session, accepted, at)
    return answers


def _write(session: RelationalSession, statement: str, profiles: Sequence[CustomerProfile]) -> None:
    try:
        session.change_all(statement, [customer_values(profile) for profile in profiles])
    except Duplicate as error:
        raise _misclaim(session, profiles) or error from error


def _misclaim(session: RelationalSession, profiles: Sequence[CustomerProfile]) -> InvalidValue | None:
    """The first that claims a CPF of another; None: another call made the same customer just now."""
    indexes = [profile.cpf_index for profile in profiles]
    owners: dict[str, str] = dict(session.rows(_OWNERS, {"indexes": indexes}))  # type: ignore[arg-type]
    for profile in profiles:
        if owners.setdefault(profile.cpf_index, profile.customer_id) != profile.customer_id:
            fix = f"Check who {profile.customer_id} is"
            return InvalidValue("cpf", "it belongs to another customer", fix)
    return None


def _tell(session: RelationalSession, accepted: Sequence[CustomerProfile], at: datetime) -> None:
    """The projections by the outbox, then the audit trail."""
    changes, events = list[OutboxChange](), list[Event]()
    for profile in accepted:
        content = profile_bytes(profile)
        body = canonical_json({"digest": digest(content), "version": profile.version})
        changes.append(OutboxChange("customer", profile.customer_id, profile.version, content))
        events.append(Event(ACTOR, "customer.upserted", profile.customer_id, body))
    insert_changes(session, changes)
    append_events(session, at, events)


class SqlCustomerRecords:
    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def get(self, customer_id: str) -> CustomerProfile | None:
        return await self._database.find(lambda s: read_customer(s, customer_id))

    async def find_by_cpf(self, cpf_index: str) -> CustomerProfile | None:
        return await self._database.find(lambda s: _one(s, _BY_CPF, cpf_index))

    async def upsert(self, profile: CustomerProfile) -> bool:
        return (await self.upsert_many([profile]))[0]

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        at = self._clock.now()
        return await self._database.write(lambda s: _upsert(s, profiles, at))

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        rows = await self._database.read(lambda s: s.rows(_PAGE, {"after": after or "", "most": limit}))
        return [customer_from_row(row) for row in rows]
