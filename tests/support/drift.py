"""Damage done to a projection by hand, in the store's own language: what the comparison must find.

One small class a store; each speaks to the store beside its adapter, as an operator or a defect would.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import text

from dataplatform.schemas.cassandra.creditdata import COLUMNS, QUALIFIED
from dataplatform.stores.dynamodb.wire import key_of
from dataplatform.stores.mysql.endpoint import make_engine
from dataplatform.stores.packing import pack, unpack

CLASSES = ("missing", "stale", "mismatch", "unchanged_digest", "orphan")
Place = tuple[str, str]


class Vandal(Protocol):
    """Raw statements against one projection. ``place`` is (customer id, data type)."""

    def remove(self, place: Place) -> None: ...

    def set_version(self, place: Place, version: int) -> None: ...

    def set_digest(self, place: Place, digest: str) -> None: ...

    def change_content(self, place: Place) -> None:
        """Alter an attribute and leave version and digest as they are."""
        ...

    def copy_to(self, place: Place, customer_id: str) -> None:
        """The same record under a customer whom the source does not have."""
        ...


def damage(vandal: Vandal, name: str, place: Place, number: int) -> Place:
    """Do one kind of damage; answers where it is to be found."""
    if name == "missing":
        vandal.remove(place)
    elif name == "stale":
        vandal.set_version(place, 0)
    elif name == "mismatch":
        vandal.set_digest(place, f"{number:064x}")
    elif name == "unchanged_digest":
        vandal.change_content(place)
    else:
        vandal.copy_to(place, f"GHOST-{number:05d}")
        return f"GHOST-{number:05d}", place[1]
    return place


class SqliteVandal:
    """``table`` and ``content`` name the projection's table and its packed column."""

    def __init__(self, path: Path, table: str, content: str) -> None:
        self._path, self._table, self._content = path, table, content

    def remove(self, place: Place) -> None:
        with self._connection() as c:
            c.execute(f"DELETE FROM {self._table} WHERE customer_id = ? AND data_type = ?", place)

    def set_version(self, place: Place, version: int) -> None:
        self._set(place, "version", version)

    def set_digest(self, place: Place, digest: str) -> None:
        self._set(place, "digest", digest)

    def change_content(self, place: Place) -> None:
        with self._connection() as c:
            where = f"FROM {self._table} WHERE customer_id = ? AND data_type = ?"
            held = unpack(c.execute(f"SELECT {self._content} {where}", place).fetchone()[0])
        self._set(place, self._content, pack({**held, "customer_id": "somebody else"}))

    def copy_to(self, place: Place, customer_id: str) -> None:
        with self._connection() as c:
            names = [row[1] for row in c.execute(f"PRAGMA table_info({self._table})")]
            copied = ", ".join("?" if name == "customer_id" else name for name in names)
            c.execute(
                f"INSERT INTO {self._table} ({', '.join(names)}) SELECT {copied} FROM {self._table} "
                "WHERE customer_id = ? AND data_type = ?",
                (customer_id, *place),
            )

    def _set(self, place: Place, column: str, value: object) -> None:
        with self._connection() as c:
            changed = c.execute(
                f"UPDATE {self._table} SET {column} = ? WHERE customer_id = ? AND data_type = ?",
                (value, *place),
            ).rowcount
        assert changed == 1, f"nothing is at {place}"

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()


class DynamoVandal:
    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def remove(self, place: Place) -> None:
        self._client.delete_item(TableName=self._table, Key=key_of(*place))

    def set_version(self, place: Place, version: int) -> None:
        self._set(place, "#field", {"#field": "version"}, {"N": str(version)})

    def set_digest(self, place: Place, digest: str) -> None:
        self._set(place, "#field", {"#field": "digest"}, {"S": digest})

    def change_content(self, place: Place) -> None:
        names = {"#map": "attributes", "#field": "customer_id"}
        self._set(place, "#map.#field", names, {"S": "somebody else"})

    def copy_to(self, place: Place, customer_id: str) -> None:
        item = self._client.get_item(TableName=self._table, Key=key_of(*place))["Item"]
        self._client.put_item(TableName=self._table, Item={**item, "customerId": {"S": customer_id}})

    def _set(self, place: Place, path: str, names: dict[str, str], value: dict[str, str]) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=key_of(*place),
            UpdateExpression=f"SET {path} = :value",
            ConditionExpression="attribute_exists(customerId)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":value": value},
        )


class CassandraVandal:
    """``session`` is the driver's own: nothing of ours stands between it and the server."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def remove(self, place: Place) -> None:
        self._session.execute(f"DELETE FROM {QUALIFIED} WHERE customer_id = %s AND data_type = %s", place)

    def set_version(self, place: Place, version: int) -> None:
        self._set(place, "version", version)

    def set_digest(self, place: Place, digest: str) -> None:
        self._set(place, "digest", digest)

    def change_content(self, place: Place) -> None:
        held = unpack(self._row(place)["content"])
        self._set(place, "content", pack({**held, "customer_id": "somebody else"}))

    def copy_to(self, place: Place, customer_id: str) -> None:
        row = {**self._row(place), "customer_id": customer_id}
        marks = ", ".join("%s" for _ in row)
        self._session.execute(
            f"INSERT INTO {QUALIFIED} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )

    def _row(self, place: Place) -> dict[str, Any]:
        where = "WHERE customer_id = %s AND data_type = %s"
        found = self._session.execute(f"SELECT {', '.join(COLUMNS)} FROM {QUALIFIED} {where}", place).one()
        return dict(found) if isinstance(found, dict) else dict(found._asdict())

    def _set(self, place: Place, column: str, value: object) -> None:
        self._session.execute(
            f"UPDATE {QUALIFIED} SET {column} = %s WHERE customer_id = %s AND data_type = %s",
            (value, *place),
        )


def change_source(execute: Callable[[str], object], transaction_id: str) -> None:
    """The source of truth itself, past the outbox and without a new digest: both projections are wrong."""
    execute(
        f"UPDATE transactions SET amount_cents = amount_cents + 1 WHERE transaction_id = '{transaction_id}'"
    )


def remove_from_source(execute: Callable[[str], object], transaction_id: str) -> None:
    """What both projections hold of it is orphaned now."""
    execute(f"DELETE FROM transactions WHERE transaction_id = '{transaction_id}'")


def sqlite_execute(path: Path) -> Callable[[str], object]:
    def execute(statement: str) -> None:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            assert connection.execute(statement).rowcount == 1

    return execute


def mysql_execute(url: str) -> Callable[[str], object]:
    engine = make_engine(url, 1)

    def execute(statement: str) -> None:
        with engine.begin() as connection:
            assert connection.execute(text(statement)).rowcount == 1

    return execute


def sqlite_vandals(data_dir: Path) -> dict[str, Vandal]:
    """By the name of the side."""
    folder = data_dir / "data"
    return {
        "hot": SqliteVandal(folder / "hot.sqlite", "hot_items", "attributes"),
        "wide": SqliteVandal(folder / "wide.sqlite", "creditdata", "columns"),
    }
