"""What every place for dead letters keeps to."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from credit.ports.stream import DeadLetter, StreamRecord
from dataplatform.ingestion.letter_box import LetterBox
from dataplatform.schemas import stream
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from tests.support.credit_samples import NOON
from tests.support.in_memory import InlineDatabase


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[LetterBox]:
    database = Database(folder / "stream.sqlite", "stream", stream.RUNGS)
    try:
        yield SqliteLetterBox(database)
    finally:
        await database.close()


ADAPTERS = {"sqlite": sqlite}


def a_letter(number: int) -> DeadLetter:
    record = StreamRecord(f"shardId-000000000003:{number}", f"key-{number}", b"\x00\xff", NOON, 2)
    return DeadLetter(record, "not a record", NOON + timedelta(seconds=number))


class LetterBoxContract:
    async def a_letter_is_kept_whole(self, box: LetterBox) -> None:
        await box.add(a_letter(1))
        assert list(await box.letters(10)) == [a_letter(1)]

    async def letters_come_in_order_up_to_the_limit(self, box: LetterBox) -> None:
        for number in (2, 1, 3):
            await box.add(a_letter(number))
        assert list(await box.letters(2)) == [a_letter(2), a_letter(1)]
        assert len(await box.letters(-1)) == 3

    async def the_same_record_again_is_one_letter(self, box: LetterBox) -> None:
        await box.add(a_letter(1))
        await box.add(replace(a_letter(1), reason="still not one"))
        assert list(await box.letters(10)) == [replace(a_letter(1), reason="still not one")]

    async def only_what_is_here_is_found(self, box: LetterBox) -> None:
        await box.add(a_letter(1))
        names = [a_letter(9).record.sequence, a_letter(1).record.sequence]
        assert list(await box.find(names)) == [a_letter(1)]

    async def what_is_removed_is_gone(self, box: LetterBox) -> None:
        await box.add(a_letter(1))
        await box.add(a_letter(2))
        await box.remove([a_letter(1).record.sequence, "no letter"])
        assert list(await box.letters(10)) == [a_letter(2)]


class KeepsBoth(SqliteLetterBox):
    breaks = "the_same_record_again_is_one_letter"

    async def add(self, letter: DeadLetter) -> None:
        another = f"{letter.record.sequence}/{len(await self.letters(-1))}"
        await super().add(replace(letter, record=replace(letter.record, sequence=another)))


class RemovesNothing(SqliteLetterBox):
    breaks = "what_is_removed_is_gone"

    async def remove(self, sequences: Sequence[str]) -> None:
        return None


PROMISES = sorted(name for name, _ in inspect.getmembers(LetterBoxContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_letter_box_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with ADAPTERS[adapter](tmp_path) as box:
        await getattr(LetterBoxContract(), promise)(box)


@pytest.mark.parametrize("broken", [KeepsBoth, RemovesNothing])
async def test_the_contract_catches_a_broken_letter_box(broken: type) -> None:
    with pytest.raises(AssertionError):
        await getattr(LetterBoxContract(), broken.breaks)(broken(InlineDatabase()))  # type: ignore[attr-defined]
