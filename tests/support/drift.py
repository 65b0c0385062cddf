"""Damage done to a projection by hand, in the store's own language: what the comparison must find.

One small class a store; each speaks to the store beside its adapter, as an operator or a defect would.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

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


def sqlite_vandals(data_dir: Path) -> dict[str, Vandal]:
    """By the name of the side."""
    folder = data_dir / "data"
    return {
        "hot": SqliteVandal(folder / "hot.sqlite", "hot_items", "attributes"),
        "wide": SqliteVandal(folder / "wide.sqlite", "creditdata", "columns"),
    }
