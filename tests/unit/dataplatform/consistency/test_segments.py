"""A full scan in parts: no record is left out, each difference is found once, the parts need no order."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dataplatform.consistency.report import PairReport
from dataplatform.consistency.segments import NAMED, SegmentScan, report_of
from dataplatform.consistency.state_machine import ConsistencyDeclaration, ConsistencyFunctions
from dataplatform.profiles import workers
from tests.support.credit_samples import a_decision, a_hot_item, a_profile, a_transaction
from tests.support.drift import CLASSES, damage, sqlite_vandals
from tests.support.open_platform import OpenPlatform, opened

CUSTOMERS = 60
RECORDS = CUSTOMERS + 20 + 20


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[OpenPlatform]:
    async with opened(tmp_path) as platform:
        stores = platform.platform
        await stores.customers.upsert_many([a_profile(n, version=2) for n in range(1, CUSTOMERS + 1)])
        await stores.transactions.add_many([a_transaction(n, customer=n) for n in range(1, 21)])
        for number in range(1, 21):
            await stores.decisions.record(a_decision(number, customer=number), None)
        await platform.projector.drain()
        yield platform


def hot_scan(bench: OpenPlatform) -> SegmentScan:
    return workers.segment_scans(bench.platform, bench.clock)[0]


async def scanned(bench: OpenPlatform, size: int) -> tuple[Sequence[Mapping[str, Any]], PairReport]:
    """Through JSON, as the state machine hands it on, and in any order."""
    scan = hot_scan(bench)
    parts = json.loads(json.dumps(await scan.segments(size)))
    Random(size).shuffle(parts)
    results = [json.loads(json.dumps(await scan.compare(part))) for part in parts]
    return parts, report_of(scan.pair, results, bench.clock, 0.95)


@pytest.mark.parametrize("size", [1, 7, 25, 1_000])
async def test_every_record_is_compared_whatever_the_size(bench: OpenPlatform, size: int) -> None:
    parts, report = await scanned(bench, size)
    assert (report.compared, report.divergent, report.index_ratio) == (RECORDS, 0, 1.0)
    assert report.lower_bound_ratio is None, "nothing was drawn at random"
    assert len(parts) >= 2 * (RECORDS // size)


@pytest.mark.parametrize("size", [3, 1_000])
async def test_damage_of_every_class_is_found_once_each(
    bench: OpenPlatform, tmp_path: Path, size: int
) -> None:
    vandal = sqlite_vandals(tmp_path / "mirante")["hot"]
    for number, name in enumerate(CLASSES, start=1):
        damage(vandal, name, (f"C-{number:05d}", "PROFILE"), number)
    _, report = await scanned(bench, size)
    assert report.divergent_by_class == {"missing": 1, "stale": 1, "mismatch": 2, "orphan": 1}
    assert len(report.differences) == 5


async def test_an_end_that_was_deleted_meanwhile_leaves_nothing_out(bench: OpenPlatform) -> None:
    scan = hot_scan(bench)
    parts = await scan.segments(10)
    ends = [part["until"] for part in parts if part["walk"] == "projection" and part["until"]]
    await bench.platform.hot.delete(*ends[0])
    results = [await scan.compare(part) for part in parts]
    report = report_of(scan.pair, results, bench.clock, 0.95)
    assert report.divergent_by_class["missing"] == 1
    assert report.compared >= RECORDS


async def test_changes_on_their_way_are_in_flight(bench: OpenPlatform) -> None:
    await bench.platform.customers.upsert(a_profile(1, version=3))
    await bench.platform.customers.upsert(a_profile(777))
    _, report = await scanned(bench, 1_000)
    assert (report.divergent, report.in_flight) == (0, 2)


async def test_more_differences_than_are_named_are_counted_and_not_repaired(bench: OpenPlatform) -> None:
    for number in range(1, NAMED + 6):
        await bench.platform.hot.put_if_newer(a_hot_item(customer=9_000 + number))
    _, report = await scanned(bench, 1_000)
    assert (report.divergent_by_class["orphan"], len(report.differences)) == (NAMED + 5, NAMED)
    assert report.unnamed == {"orphan": 5}


def test_the_state_machine_maps_a_function_over_the_segments_and_skips_none() -> None:
    machine = ConsistencyDeclaration(concurrency=7).machine(ConsistencyFunctions("l", "c", "s"))
    segments = machine["States"]["Segments"]
    assert segments["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert (segments["ItemsPath"], segments["MaxConcurrency"]) == ("$.listed.segments", 7)
    assert segments["ToleratedFailurePercentage"] == 0
    assert [machine["States"][name]["Resource"] for name in ("List", "Summarise")] == ["l", "s"]
    compare = segments["ItemProcessor"]["States"]["Compare"]
    assert (compare["Resource"], compare["End"]) == ("c", True)
    assert json.loads(json.dumps(machine)) == machine
