"""What every ProcessingLog keeps to."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from dataplatform.ingestion.processing_log import BatchOutcome
from tests.support.credit_samples import NOON
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, open_bench


def a_batch(number: int) -> BatchOutcome:
    at = NOON + timedelta(seconds=number)
    return BatchOutcome("worker-1", at, 0.25, f"4961{number:052d}", f"4961{number + 9:052d}", 7, 1, 1, 1)


class ProcessingLogContract:
    async def a_batch_is_read_back_unchanged(self, bench: Bench) -> None:
        await bench.log.add(a_batch(1))
        assert list(await bench.log.latest(10)) == [a_batch(1)]

    async def the_newest_batch_comes_first(self, bench: Bench) -> None:
        for number in (1, 2, 3):
            await bench.log.add(a_batch(number))
        assert list(await bench.log.latest(2)) == [a_batch(3), a_batch(2)]

    async def an_empty_log_has_no_batches(self, bench: Bench) -> None:
        assert list(await bench.log.latest(10)) == []


PROMISES = sorted(name for name, _ in inspect.getmembers(ProcessingLogContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_processing_log_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(ProcessingLogContract(), promise)(bench)
