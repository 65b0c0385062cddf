"""Checkpoints in SQLite, beside the processing log."""

from __future__ import annotations

from collections.abc import Mapping

from dataplatform.stores.sqlite.database import Database

_LOAD = "SELECT shard, position FROM checkpoints WHERE stream = ?"
_SAVE = "INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET position = excluded.position"


class SqliteCheckpoints:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, stream: str) -> Mapping[str, str]:
        return dict(await self._database.read(lambda c: c.execute(_LOAD, (stream,)).fetchall()))

    async def save(self, stream: str, positions: Mapping[str, str]) -> None:
        rows = [(stream, shard, position) for shard, position in positions.items()]
        await self._database.write(lambda c: c.executemany(_SAVE, rows).rowcount)
