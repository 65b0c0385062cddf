"""Drift of every class, done by raw statements under live writes: all found, nothing else, and mended."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from dataplatform import workers
from dataplatform.consistency.checker import CheckPlan
from dataplatform.consistency.monitor import Round
from dataplatform.consistency.places import Place
from dataplatform.embedded import EmbeddedPlatform, open_embedded
from dataplatform.ingestion.projector import Projector
from dataplatform.resilience.faults import FaultBoard
from slo.clock import SystemClock
from tests.support.credit_samples import a_decision, a_profile, a_transaction
from tests.support.drift import CLASSES, Vandal, damage, sqlite_vandals
from tests.support.recording_telemetry import RecordingTelemetry

FULL = os.environ.get("MIRANTE_PROOF") == "full"
CUSTOMERS = 10_000 if FULL else 600
PER_CLASS = 40 if FULL else 6
SAMPLE = 400 if FULL else 150  # contents compared in one round: several rounds to see them all
SETTLE = 0.5
REPORTED = {"unchanged_digest": "mismatch"}  # content changed behind its digest is a mismatch like any other


class Traffic:
    """Writes customers who are not damaged, and projects, until it is stopped."""

    def __init__(self, platform: EmbeddedPlatform, projector: Projector) -> None:
        self._platform, self._projector = platform, projector
        self._stop = asyncio.Event()
        self.written = 0

    async def __aenter__(self) -> Traffic:
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._project())]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _write(self) -> None:
        version, fresh = 2, CUSTOMERS
        while not self._stop.is_set():
            fresh += 1
            changed = [a_profile(number, version=version) for number in range(1, 21)]
            await self._platform.customers.upsert_many([*changed, a_profile(fresh)])
            await self._platform.transactions.add_many([a_transaction(fresh, customer=fresh)])
            version, self.written = version + 1, self.written + 22
            await asyncio.sleep(0.02)

    async def _project(self) -> None:
        while not self._stop.is_set():
            if not await self._projector.run_once():
                await asyncio.sleep(0.01)


async def filled(platform: EmbeddedPlatform, projector: Projector) -> None:
    numbers = range(1, CUSTOMERS + 1)
    await platform.customers.upsert_many([a_profile(n) for n in numbers])
    await platform.transactions.add_many([a_transaction(n, customer=n) for n in numbers])
    for start in range(1, CUSTOMERS // 4, 100):
        batch = range(start, min(start + 100, CUSTOMERS // 4))
        await asyncio.gather(*(platform.decisions.record(a_decision(n, customer=n), None) for n in batch))
    await projector.drain()


async def places_of(platform: EmbeddedPlatform, side: str) -> list[Place]:
    """Places that live traffic leaves alone."""
    found: list[Place] = []
    after = None
    while page := await platform.comparison.marks(1_000, after):
        after = page[-1].cursor
        found += [(mark.customer_id, mark.types[0 if side == "hot" else 1]) for mark in page]
    quiet = {f"C-{number:05d}" for number in range(21, CUSTOMERS + 1)}
    return [place for place in found if place[0] in quiet]


def vandalise(vandal: Vandal, places: Sequence[Place], dice: Random) -> dict[Place, str]:
    """Every class done to random places; where each is to be found, and as what."""
    done: dict[Place, str] = {}
    for number, place in enumerate(dice.sample(list(places), PER_CLASS * len(CLASSES))):
        name = CLASSES[number % len(CLASSES)]
        done[damage(vandal, name, place, number)] = REPORTED.get(name, name)
    return done


def found_in(rounds: Sequence[Round], pair: str) -> dict[Place, str]:
    return {
        (difference.customer_id, difference.data_type): difference.divergence.value
        for done in rounds
        if done.report.pair == pair
        for difference in done.report.differences
    }


@pytest.mark.proof
async def test_drift_of_every_class_is_found_and_mended_under_live_writes(tmp_path: Path) -> None:
    clock, telemetry = SystemClock(), RecordingTelemetry()
    platform = open_embedded(tmp_path / "m", clock, FaultBoard())
    projector = workers.projector(platform, telemetry)
    await filled(platform, projector)
    plan = CheckPlan(sample=SAMPLE, settle_seconds=SETTLE, full_every_seconds=0.0)
    monitor = workers.consistency_monitor(
        platform, telemetry, clock, Random(2), plan=plan, repair_cap=10 * PER_CLASS
    )
    vandals = sqlite_vandals(tmp_path / "m")
    async with Traffic(platform, projector) as traffic:
        quiet = [done for _ in range(3) for done in await monitor.run_once(repair=True)]
        assert [done.report.differences for done in quiet] == [()] * 6, "live writes alone are no drift"
        done = {
            f"relational-{side}": vandalise(vandals[side], await places_of(platform, side), Random(side))
            for side in vandals
        }
        begun, found, seconds = time.monotonic(), dict[str, dict[Place, str]](), dict[str, float]()
        for _ in range(200):
            rounds = await monitor.run_once(repair=True)
            for pair in done:
                found.setdefault(pair, {}).update(found_in(rounds, pair))
                if found[pair].keys() >= done[pair].keys():
                    seconds.setdefault(pair, time.monotonic() - begun)
            if seconds.keys() == done.keys() and not any(r.report.differences for r in rounds):
                break
    settled = time.monotonic() - begun
    for pair, expected in done.items():
        print(
            f"\n{pair}: {len(expected)} damaged among {CUSTOMERS:,} customers, {traffic.written:,} records "
            f"written meanwhile; recall {sum(found[pair].get(p) == c for p, c in expected.items())}"
            f"/{len(expected)}, false {len(found[pair].keys() - expected.keys())}; all found after "
            f"{seconds[pair]:.1f} s"
        )
        assert found[pair] == expected
    print(f"all mended and compared equal after {settled:.1f} s")
    await assert_equal(platform, projector, telemetry)
    await platform.close()


async def assert_equal(
    platform: EmbeddedPlatform, projector: Projector, telemetry: RecordingTelemetry
) -> None:
    """Nobody writes any more: every content of both stores is compared, and nothing differs."""
    await projector.drain()
    everything = CheckPlan(sample=1_000_000, settle_seconds=0.0)
    monitor = workers.consistency_monitor(platform, telemetry, SystemClock(), Random(1), plan=everything)
    for done in await monitor.run_once(repair=False):
        assert done.report.deep_complete
        assert (done.report.divergent, done.report.in_flight, done.report.index_ratio) == (0, 0, 1.0)
