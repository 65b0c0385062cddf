"""What every place for checkpoints keeps to."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dataplatform.ingestion.checkpoints import SHARD_END, Checkpoints
from dataplatform.schemas import stream
from dataplatform.stores.sqlite.checkpoints import SqliteCheckpoints
from dataplatform.stores.sqlite.database import Database
from tests.support.in_memory import InlineDatabase


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Checkpoints]:
    database = Database(folder / "stream.sqlite", "stream", stream.RUNGS)
    try:
        yield SqliteCheckpoints(database)
    finally:
        await database.close()


ADAPTERS = {"sqlite": sqlite}


class CheckpointsContract:
    async def a_stream_nobody_read_has_none(self, kept: Checkpoints) -> None:
        assert await kept.load("records") == {}

    async def each_shard_keeps_its_own_and_the_newest(self, kept: Checkpoints) -> None:
        await kept.save("records", {"shard-0": "4" * 56, "shard-1": "7"})
        await kept.save("records", {"shard-0": "5" * 56})
        await kept.save("records", {"shard-1": SHARD_END})
        assert await kept.load("records") == {"shard-0": "5" * 56, "shard-1": SHARD_END}

    async def streams_do_not_mix(self, kept: Checkpoints) -> None:
        await kept.save("records", {"shard-0": "1"})
        await kept.save("others", {"shard-0": "2"})
        assert await kept.load("records") == {"shard-0": "1"}


class KeepsTheFirst(SqliteCheckpoints):
    breaks = "each_shard_keeps_its_own_and_the_newest"

    async def save(self, stream: str, positions: Mapping[str, str]) -> None:
        await super().save(stream, {**positions, **await self.load(stream)})


class MixesStreams(SqliteCheckpoints):
    breaks = "streams_do_not_mix"

    async def save(self, stream: str, positions: Mapping[str, str]) -> None:
        await super().save("all", positions)

    async def load(self, stream: str) -> dict[str, str]:
        return dict(await super().load("all"))


PROMISES = sorted(name for name, _ in inspect.getmembers(CheckpointsContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
@pytest.mark.parametrize("promise", PROMISES)
async def test_checkpoints_keep_their_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with ADAPTERS[adapter](tmp_path) as kept:
        await getattr(CheckpointsContract(), promise)(kept)


@pytest.mark.parametrize("broken", [KeepsTheFirst, MixesStreams])
async def test_the_contract_catches_broken_checkpoints(broken: type) -> None:
    with pytest.raises(AssertionError):
        await getattr(CheckpointsContract(), broken.breaks)(broken(InlineDatabase()))  # type: ignore[attr-defined]


async def test_sqlite_checkpoints_outlive_their_process(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as kept:
        await kept.save("records", {"shard-0": "9"})
    async with sqlite(tmp_path) as kept:
        assert await kept.load("records") == {"shard-0": "9"}
