"""Customers in MySQL: written if newer, with their audit entries and outbox rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.exc import IntegrityError

from credit.domain.canonical import canonical_json, digest, profile_bytes
from credit.domain.customer import CustomerProfile
from credit.domain.errors import InvalidValue
from dataplatform.ingestion.projections import profile_digest
from dataplatform.stores.mysql.audit import Event, append_events
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.failures import Contended, duplicate
from dataplatform.stores.mysql.outbox import Change, insert_changes
from dataplatform.stores.rows import CUSTOMER_COLUMNS, customer_from_row, customer_values
from foundation.clock import Clock

ACTOR = "platform"
_LIST = ", ".join(CUSTOMER_COLUMNS)
_LOCK = text("""
SELECT customer_id, version FROM customers WHERE customer_id IN :customer_ids ORDER BY customer_id FOR UPDATE
""").bindparams(bindparam("customer_ids", expanding=True))
_INSERT = text(
    f"INSERT INTO customers ({_LIST}, digest) "  # noqa: S608 - constants
    f"VALUES ({', '.join(f':{name}' for name in CUSTOMER_COLUMNS)}, :digest)"
)
_UPDATE = text(
    "UPDATE customers SET digest = :digest, "  # noqa: S608 - constants
    + ", ".join(f"{name} = :{name}" for name in CUSTOMER_COLUMNS if name != "customer_id")
    + " WHERE customer_id = :customer_id"
)
_BY_ID = text(f"SELECT {_LIST} FROM customers WHERE customer_id = :value")  # noqa: S608 - constants
_BY_CPF = text(f"SELECT {_LIST} FROM customers WHERE cpf_index = :value")  # noqa: S608 - constants
_PAGE = text(
    f"SELECT {_LIST} FROM customers "  # noqa: S608 - constants
    "WHERE customer_id > :after ORDER BY customer_id LIMIT :most"
)


def read_customer(connection: Connection, customer_id: str) -> CustomerProfile | None:
    row = connection.execute(_BY_ID, {"value": customer_id}).one_or_none()
    return None if row is None else customer_from_row(row)


def _upsert(connection: Connection, profiles: Sequence[CustomerProfile], at: datetime) -> list[bool]:
    names = sorted({profile.customer_id for profile in profiles})
    if not names:
        return []
    versions: dict[str, int] = {row[0]: row[1] for row in connection.execute(_LOCK, {"customer_ids": names})}
    answers, accepted, fresh = list[bool](), list[CustomerProfile](), list[CustomerProfile]()
    for profile in profiles:
        known = versions.get(profile.customer_id)
        answers.append(known is None or known < profile.version)
        if not answers[-1]:
            continue
        accepted.append(profile)
        if known is None:
            fresh.append(profile)
        else:
            _write(connection, _INSERT, fresh)
            fresh.clear()
            _write(connection, _UPDATE, [profile])
        versions[profile.customer_id] = profile.version
    _write(connection, _INSERT, fresh)
    _tell(connection, accepted, at)
    return answers


def _write(connection: Connection, statement: TextClause, profiles: Sequence[CustomerProfile]) -> None:
    """New customers in one statement, however many: a round trip costs more than a row."""
    if not profiles:
        return
    rows = [{**customer_values(profile), "digest": profile_digest(profile)} for profile in profiles]
    try:
        connection.execute(statement, rows)
    except IntegrityError as error:
        index, value = duplicate(error) or ("", "")
        if index == "idx_customer_cpf":
            claims = [profile.customer_id for profile in profiles if profile.cpf_index == value]
            mend = f"Check who {' or '.join(claims)} is"
            raise InvalidValue("cpf", "it belongs to another customer", mend) from error
        if index == "uq_customer_id":
            raise Contended("relational", "another call made the same customer at the same time") from error
        raise


def _tell(connection: Connection, accepted: Sequence[CustomerProfile], at: datetime) -> None:
    """The projections by the outbox, then the audit trail."""
    changes, events = list[Change](), list[Event]()
    for profile in accepted:
        content = profile_bytes(profile)
        changes.append(Change("customer", profile.customer_id, profile.version, content))
        events.append(_event(profile, content))
    insert_changes(connection, changes)
    append_events(connection, at, events)


def _event(profile: CustomerProfile, content: bytes) -> Event:
    body = canonical_json({"digest": digest(content), "version": profile.version})
    return Event(ACTOR, "customer.upserted", profile.customer_id, body)


class MysqlCustomerRecords:
    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def get(self, customer_id: str) -> CustomerProfile | None:
        return await self._one(_BY_ID, customer_id)

    async def find_by_cpf(self, cpf_index: str) -> CustomerProfile | None:
        return await self._one(_BY_CPF, cpf_index)

    async def upsert(self, profile: CustomerProfile) -> bool:
        return (await self.upsert_many([profile]))[0]

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        at = self._clock.now()
        return await self._database.write(lambda c: _upsert(c, profiles, at))

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        values = {"after": after or "", "most": limit}
        rows = await self._database.read(lambda c: c.execute(_PAGE, values).all())
        return [customer_from_row(row) for row in rows]

    async def _one(self, statement: TextClause, value: str) -> CustomerProfile | None:
        row = await self._database.find(lambda c: c.execute(statement, {"value": value}).one_or_none())
        return None if row is None else customer_from_row(row)
