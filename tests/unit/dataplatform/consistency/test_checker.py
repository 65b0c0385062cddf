"""Comparison and repair: every class found, nothing false under live writes, repaired from the source."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from app.bootstrap.control_side import PairReadings
from credit.domain.errors import StoreUnavailable
from credit.metrics import CONSISTENCY_COMPARED, CONSISTENCY_DIVERGENT
from credit.ports.faults import Fault
from dataplatform.consistency.checker import ConsistencyChecker
from dataplatform.consistency.monitor import Round
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.sides import HotSide
from dataplatform.stores.sqlite.check_log import latest_checks
from foundation.clock import ManualClock
from foundation.sqlite_ladder import UnusableFile
from tests.support.credit_samples import NOON, a_decision, a_hot_item, a_profile, a_transaction, a_wide_row
from tests.support.open_platform import OpenPlatform, opened

CUSTOMERS = 40
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


async def rounds(bench: OpenPlatform, *, repair: bool = False, **plan: float | None) -> dict[str, Round]:
    monitor = bench.monitor(CheckPlan(**plan))  # type: ignore[arg-type]
    return {item.report.pair: item for item in await monitor.run_once(repair=repair)}


async def classes(bench: OpenPlatform, pair: str) -> dict[str, int]:
    report = (await rounds(bench))[pair].report
    return {name: count for name, count in report.divergent_by_class.items() if count}


async def replace_hot(bench: OpenPlatform, customer: int, **changes: object) -> None:
    """Overwrite the stored profile whatever its version, as a bug or a hand would."""
    item = await bench.platform.hot.get(f"C-{customer:05d}", "PROFILE")
    assert item is not None
    await bench.platform.hot.delete(item.customer_id, "PROFILE")
    await bench.platform.hot.put_if_newer(replace(item, **changes))  # type: ignore[arg-type]


async def test_equal_stores_are_fully_compared_and_counted(bench: OpenPlatform) -> None:
    for pair, result in (await rounds(bench)).items():
        report = result.report
        assert (report.compared, report.divergent, report.in_flight) == (RECORDS, 0, 0)
        assert (report.index_ratio, report.lower_bound_ratio, report.coverage_ratio) == (1.0, 1.0, 1.0)
        assert bench.telemetry.counted(CONSISTENCY_COMPARED, pair=pair) == RECORDS
        assert bench.telemetry.counts[CONSISTENCY_DIVERGENT.name, (("class", "missing"), ("pair", pair))] == 0


async def test_every_class_is_found_in_hot_data(bench: OpenPlatform) -> None:
    await bench.platform.hot.delete("C-00001", "PROFILE")
    await replace_hot(bench, 2, version=1)
    await replace_hot(bench, 3, digest="f" * 32)
    await replace_hot(bench, 4, version=9)
    await bench.platform.hot.put_if_newer(a_hot_item(customer=999))
    assert await classes(bench, "relational-hot") == {"missing": 1, "stale": 1, "mismatch": 2, "orphan": 1}
    assert await classes(bench, "relational-wide") == {}


async def test_content_changed_behind_an_unchanged_digest_is_found(bench: OpenPlatform) -> None:
    item = await bench.platform.hot.get("C-00005", "PROFILE")
    assert item is not None
    await replace_hot(bench, 5, attributes={**item.attributes, "credit_score": 1})
    assert await classes(bench, "relational-hot") == {"mismatch": 1}


async def test_every_class_is_found_in_the_wide_store(bench: OpenPlatform) -> None:
    wide = bench.platform.wide
    await wide.delete("C-00001", "CUSTOMER_PROFILE")
    await wide.put_if_newer(a_wide_row(customer=2, version=7))
    await wide.put_if_newer(a_wide_row(customer=3, data_type="DECISION#20200101#nobody"))
    await wide.put_if_newer(a_wide_row(customer=3, data_type="RUBBISH"))
    assert await classes(bench, "relational-wide") == {"missing": 1, "mismatch": 1, "orphan": 2}


async def test_a_change_on_its_way_is_in_flight_and_not_compared(bench: OpenPlatform) -> None:
    await bench.platform.customers.upsert(a_profile(1, version=3))
    await bench.platform.customers.upsert(a_profile(77))
    report = (await rounds(bench))["relational-hot"].report
    assert (report.divergent, report.in_flight) == (0, 2)
    assert report.compared == RECORDS - 1
    assert report.coverage_ratio < 1.0


async def test_a_difference_that_settles_while_waiting_counts_as_equal(bench: OpenPlatform) -> None:
    class Settling(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await bench.projector.drain()

    await bench.platform.customers.upsert(a_profile(1, version=3))
    checker = ConsistencyChecker(
        bench.platform.comparison, HotSide(bench.platform.hot), bench.telemetry, Settling(NOON), Random(1)
    )
    report = await checker.check()
    assert (report.compared, report.divergent, report.in_flight) == (RECORDS, 0, 0)


async def test_live_writes_never_look_like_differences(bench: OpenPlatform) -> None:
    monitor, stop = bench.monitor(CheckPlan(settle_seconds=0.0)), asyncio.Event()

    async def write() -> None:
        version = 3
        while not stop.is_set():
            await bench.platform.customers.upsert_many(
                [a_profile(n, version=version) for n in range(1, CUSTOMERS + 1)]
            )
            version += 1

    async def project() -> None:
        while not stop.is_set():
            await bench.projector.run_once()

    tasks = [asyncio.create_task(write()), asyncio.create_task(project())]
    reports = [item.report for _ in range(10) for item in await monitor.run_once(repair=False)]
    stop.set()
    await asyncio.gather(*tasks)
    assert len(reports) == 20
    assert [report.differences for report in reports] == [()] * 20


async def test_a_sample_claims_no_more_than_it_saw(bench: OpenPlatform) -> None:
    report = (await rounds(bench, sample=30, full_every_seconds=None))["relational-hot"].report
    assert report.random_compared == 30
    assert 30 <= report.compared <= 60
    assert report.index_ratio == 1.0
    assert report.lower_bound_ratio == pytest.approx(0.05 ** (1 / 30))
    assert report.coverage_ratio == report.compared / RECORDS


async def test_a_sweep_goes_on_where_it_stopped_until_an_orphan_is_found(bench: OpenPlatform) -> None:
    await bench.platform.hot.put_if_newer(a_hot_item(customer=999))
    monitor = bench.monitor(CheckPlan(sample=10, full_every_seconds=None))
    found = [
        difference.divergence.value
        for _ in range(9)
        for item in await monitor.run_once(repair=False)
        for difference in item.report.differences
    ]
    assert found == ["orphan"]


async def test_repair_makes_the_stores_equal_and_says_so_in_the_audit_trail(bench: OpenPlatform) -> None:
    await bench.platform.hot.delete("C-00001", "PROFILE")
    await replace_hot(bench, 2, version=1)
    await replace_hot(bench, 3, digest="f" * 32)
    await replace_hot(bench, 4, version=9)
    await bench.platform.hot.put_if_newer(a_hot_item(customer=999))
    repaired = (await rounds(bench, repair=True))["relational-hot"].repaired
    assert repaired is not None
    assert (repaired.written, repaired.removed, repaired.settled) == (4, 1, 0)
    assert await classes(bench, "relational-hot") == {}
    head = await bench.platform.audit.head()
    assert head is not None
    assert (head.actor, head.action, head.subject) == (
        "consistency",
        "consistency.repaired",
        "relational-hot",
    )
    told = json.loads(head.body)
    fields = {key: names for _, _, key, names in told["records"]}
    assert fields["C-00002"] == ["version"]
    assert fields["C-00003"] == ["digest"]
    assert fields["C-00001"] == []


async def test_a_repair_that_would_touch_too_much_stops_and_says_so(bench: OpenPlatform) -> None:
    for number in range(1, 5):
        await bench.platform.hot.delete(f"C-{number:05d}", "PROFILE")
    monitor = bench.monitor(repair_cap=3)
    (hot,) = [r for r in await monitor.run_once() if r.report.pair == "relational-hot"]
    assert hot.repaired is None
    assert hot.refused is not None
    assert "4 records differ, but one repair may touch at most 3" in hot.refused
    assert await bench.platform.hot.get("C-00001", "PROFILE") is None


async def test_a_store_that_is_down_gives_no_reading_and_no_counts(
    bench: OpenPlatform, tmp_path: Path
) -> None:
    bench.faults.set("hot", Fault(error_ratio=1.0))
    assert list(await rounds(bench)) == ["relational-wide"]
    assert bench.telemetry.counted(CONSISTENCY_COMPARED, pair="relational-hot") == 0
    readings = latest_checks(tmp_path / "mirante" / "data" / "consistency.sqlite")
    assert [reading.pair for reading in readings] == ["relational-wide"]


async def test_the_exporter_reads_the_latest_result_of_each_pair(bench: OpenPlatform, tmp_path: Path) -> None:
    source = PairReadings(tmp_path / "mirante" / "data" / "consistency.sqlite")
    assert list(source.readings()) == []
    await rounds(bench)
    await bench.platform.hot.delete("C-00001", "PROFILE")
    await rounds(bench)
    hot, wide = source.readings()
    assert (hot.pair, hot.compared, hot.divergent) == ("relational-hot", RECORDS, 1)
    assert hot.index_ratio == pytest.approx(1 - 1 / RECORDS)
    assert hot.measured_at == bench.clock.now()
    assert (wide.pair, wide.index_ratio, wide.confidence) == ("relational-wide", 1.0, 0.95)


@pytest.mark.parametrize("content", [b"not a database" * 100, b""])
def test_a_file_that_is_not_the_record_is_told_and_gives_the_exporter_no_readings(
    tmp_path: Path, content: bytes
) -> None:
    assert list(latest_checks(tmp_path / "none.sqlite")) == []
    (tmp_path / "bad.sqlite").write_bytes(content)
    with pytest.raises(UnusableFile, match=r"bad\.sqlite: it is .*\. Restore it from a backup"):
        latest_checks(tmp_path / "bad.sqlite")
    assert list(PairReadings(tmp_path / "bad.sqlite").readings()) == []


async def test_a_check_of_empty_stores_knows_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        report = (await rounds(bench))["relational-hot"].report
        assert (report.compared, report.index_ratio, report.lower_bound_ratio) == (0, None, None)


async def test_a_comparison_that_fails_midway_counts_nothing(bench: OpenPlatform) -> None:
    bench.faults.set("relational", Fault(error_ratio=1.0))
    with pytest.raises(StoreUnavailable):
        await bench.platform.comparison.population()
    assert await rounds(bench) == {}
    assert sum(bench.telemetry.counts[key] for key in bench.telemetry.counts if "consistency" in key[0]) == 0
