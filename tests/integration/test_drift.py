"""Drift of every class, done by raw statements under live writes: all found, nothing else, and repaired.

Once over the embedded stores by SQL, once over real servers: MariaDB by SQL, a DynamoDB server by boto3 and
Cassandra by CQL.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from dataplatform.consistency.marks import Mark
from dataplatform.consistency.monitor import ConsistencyMonitor, Round
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.sides import Place
from dataplatform.ingestion.projector import Projector
from dataplatform.profiles import workers
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.schemas.hot_table import HotTable
from dataplatform.stores.cassandra.wide import CassandraWideStore
from dataplatform.stores.mysql.relational import open_mysql_relational
from foundation.clock import SystemClock
from tests.support.aws_emulator import needs_emulator
from tests.support.credit_samples import a_decision, a_profile, a_transaction
from tests.support.drift import (
    CLASSES,
    CassandraVandal,
    DynamoVandal,
    Vandal,
    change_source,
    damage,
    mysql_execute,
    remove_from_source,
    sqlite_execute,
    sqlite_vandals,
)
from tests.support.dynamodb import a_hot_store, dynamodb_client, table_name
from tests.support.local_servers import empty_cassandra, fresh_mysql, needs_cassandra, needs_mariadb
from tests.support.projected import projected
from tests.support.recording_telemetry import RecordingTelemetry

FULL = os.environ.get("MIRANTE_PROOF") == "full"
BUSY = 20  # customers that live traffic writes
SETTLE = 0.3
REPORTED = {"unchanged_digest": "mismatch"}  # content changed behind its digest is a mismatch like any other


@dataclass(frozen=True)
class Size:
    """``sample``: contents compared in one round, so that it takes several to see them all."""

    customers: int
    per_class: int
    sample: int
    pause: float  # real seconds between two batches of live writes


SIZES = {
    "embedded": Size(4_000, 30, 1_000, 0.05) if FULL else Size(300, 4, 200, 0.05),
    "servers": Size(400, 8, 200, 0.3) if FULL else Size(80, 2, 80, 0.5),
}


@dataclass(frozen=True)
class Stores:
    """The platform under attack, with hands on each store. ``source`` executes SQL on the source of truth."""

    size: Size
    platform: DataPlatform
    projector: Projector
    telemetry: RecordingTelemetry
    vandals: Mapping[str, Vandal]
    source: Callable[[str], object]

    def monitor(self, plan: CheckPlan) -> ConsistencyMonitor:
        return workers.consistency_monitor(
            self.platform, self.telemetry, SystemClock(), Random(2), plan=plan, repair_cap=1_000
        )


@asynccontextmanager
async def embedded_stores(folder: Path) -> AsyncIterator[Stores]:
    telemetry = RecordingTelemetry()
    platform = open_embedded(folder / "m", SystemClock())
    source = sqlite_execute(folder / "m" / "data" / "relational.sqlite")
    vandals = sqlite_vandals(folder / "m")
    yield Stores(
        SIZES["embedded"], platform, workers.projector(platform, telemetry), telemetry, vandals, source
    )
    await platform.close()


@asynccontextmanager
async def server_stores(folder: Path) -> AsyncIterator[Stores]:
    clock, telemetry, url, table = SystemClock(), RecordingTelemetry(), fresh_mysql(), HotTable(table_name())
    embedded = open_embedded(folder / "m", clock)
    relational, session = open_mysql_relational(url, None, clock), empty_cassandra()
    async with a_hot_store(clock, table=table) as hot:
        platform = replace(
            embedded,
            customers=relational.customers,
            transactions=relational.transactions,
            decisions=relational.decisions,
            outbox=relational.outbox,
            audit=relational.audit,
            comparison=relational.comparison,
            hot=hot,
            wide=CassandraWideStore(session, clock),
        )
        vandals: dict[str, Vandal] = {
            "hot": DynamoVandal(dynamodb_client(), table.name),
            "wide": CassandraVandal(session._session),
        }
        projector = workers.projector(platform, telemetry)
        yield Stores(SIZES["servers"], platform, projector, telemetry, vandals, mysql_execute(url))
    await relational.close()
    await embedded.close()


class Traffic:
    """Writes customers who are not damaged, and projects, until it is stopped."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._stop = asyncio.Event()
        self.written = 0

    async def __aenter__(self) -> Traffic:
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._project())]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _write(self) -> None:
        platform, version, fresh = self._stores.platform, 2, self._stores.size.customers
        while not self._stop.is_set():
            fresh += 1
            changed = [a_profile(number, version=version) for number in range(1, BUSY + 1)]
            await platform.customers.upsert_many([*changed, a_profile(fresh)])
            await platform.transactions.add_many([a_transaction(fresh, customer=fresh)])
            version, self.written = version + 1, self.written + BUSY + 2
            await asyncio.sleep(self._stores.size.pause)

    async def _project(self) -> None:
        while not self._stop.is_set():
            if not await self._stores.projector.run_once():
                await asyncio.sleep(0.01)


async def filled(stores: Stores) -> None:
    platform, numbers = stores.platform, range(1, stores.size.customers + 1)
    await platform.customers.upsert_many([a_profile(n) for n in numbers])
    await platform.transactions.add_many([a_transaction(n, customer=n) for n in numbers])
    for number in range(1, stores.size.customers // 4):
        await platform.decisions.record(a_decision(number, customer=number), None)
    await projected(stores.platform.outbox, stores.projector)


async def quiet_marks(platform: DataPlatform, customers: int) -> list[Mark]:
    """Records that live traffic leaves alone."""
    quiet = {f"C-{number:05d}" for number in range(BUSY + 1, customers + 1)}
    found: list[Mark] = []
    after = None
    while page := await platform.comparison.marks(1_000, after):
        after = page[-1].cursor
        found += [mark for mark in page if mark.customer_id in quiet]
    return found


async def vandalise(stores: Stores) -> dict[str, dict[Place, str]]:
    """Every class in each projection, and the source itself changed; by pair what is to be found where."""
    marks = Random(7).sample(
        await quiet_marks(stores.platform, stores.size.customers), 2 * len(CLASSES) * stores.size.per_class
    )
    done: dict[str, dict[Place, str]] = {}
    for index, side in enumerate(("hot", "wide")):
        mine = marks[index::2]
        done[f"relational-{side}"] = {
            damage(stores.vandals[side], name, (mark.customer_id, mark.types[index]), number): REPORTED.get(
                name, name
            )
            for number, mark in enumerate(mine)
            for name in [CLASSES[number % len(CLASSES)]]
        }
    spared = [m for m in await quiet_marks(stores.platform, stores.size.customers) if m not in marks]
    for number, mark in enumerate([m for m in spared if m.kind == "transaction"][: stores.size.per_class]):
        (change_source if number % 2 else remove_from_source)(stores.source, mark.key)
        for index, side in enumerate(("hot", "wide")):
            name = "mismatch" if number % 2 else "orphan"
            done[f"relational-{side}"][mark.customer_id, mark.types[index]] = name
    return done


def found_in(rounds: Sequence[Round], pair: str) -> dict[Place, str]:
    return {
        (difference.customer_id, difference.data_type): difference.divergence.value
        for done in rounds
        if done.report.pair == pair
        for difference in done.report.differences
    }


@pytest.mark.proof
@pytest.mark.parametrize(
    "profile",
    [
        "embedded",
        pytest.param("servers", marks=[needs_mariadb, needs_cassandra, needs_emulator]),
    ],
)
async def test_drift_of_every_class_is_found_and_repaired_under_live_writes(
    tmp_path: Path, profile: str
) -> None:
    opened = embedded_stores if profile == "embedded" else server_stores
    async with opened(tmp_path) as stores:
        await filled(stores)
        monitor = stores.monitor(
            CheckPlan(sample=stores.size.sample, settle_seconds=SETTLE, full_every_seconds=0.0)
        )
        async with Traffic(stores) as traffic:
            quiet: list[Round] = []
            while len(quiet) < 4:
                quiet += await monitor.run_once(repair=True)
            assert {done.report.differences for done in quiet} == {()}, "live writes alone are no drift"
            done = await vandalise(stores)
            begun, found, seconds = time.monotonic(), dict[str, dict[Place, str]](), dict[str, float]()
            for _ in range(300):
                rounds = await monitor.run_once(repair=True)
                for pair in done:
                    found.setdefault(pair, {}).update(found_in(rounds, pair))
                    if found[pair].keys() >= done[pair].keys():
                        seconds.setdefault(pair, time.monotonic() - begun)
                if seconds.keys() == done.keys() and not any(r.report.differences for r in rounds):
                    break
        repaired = time.monotonic() - begun
        for pair, expected in done.items():
            right = sum(found[pair].get(place) == name for place, name in expected.items())
            print(
                f"\n{profile} {pair}: {len(expected)} damaged among {stores.size.customers:,} customers, "
                f"{traffic.written:,} records written meanwhile; recall {right}/{len(expected)}, "
                f"false {len(found[pair].keys() - expected.keys())}; "
                f"all found after {seconds.get(pair, float('nan')):.1f} s"
            )
            assert found[pair] == expected
        print(f"{profile}: all repaired and compared equal after {repaired:.1f} s")
        await assert_equal(stores)


async def assert_equal(stores: Stores) -> None:
    """Nobody writes any more: every content of both stores is compared, and nothing differs."""
    await projected(stores.platform.outbox, stores.projector)
    for done in await stores.monitor(CheckPlan(sample=1_000_000, settle_seconds=0.0)).run_once(repair=False):
        assert done.report.deep_complete
        assert (done.report.divergent, done.report.in_flight, done.report.index_ratio) == (0, 0, 1.0)
