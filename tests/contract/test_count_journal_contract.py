"""What every count journal and its reader keep to; each broken journal breaks the promise it names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, CountJournal, labels_of
from slo.ledger.minute_counts import CountReader
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_counts import SqliteCountJournal
from tests.support import broken_counts
from tests.support.memory_counts import MemoryCountJournal, MemoryCountReader
from tests.support.slo_samples import HOUR, MINUTE, NOON

OK = labels_of(outcome="ok")
BAD = labels_of(outcome="error")


@dataclass
class Bench:
    """A clock, a way to start a process with its journal, and a reader of them all."""

    clock: ManualClock
    start: Callable[[str], CountJournal]
    reader: CountReader


def memory_bench(kind: type[MemoryCountJournal] = MemoryCountJournal) -> Bench:
    clock = ManualClock(NOON)
    journals: list[MemoryCountJournal] = []

    def start(name: str) -> CountJournal:
        journals.append(kind(name, clock))
        return journals[-1]

    return Bench(clock, start, MemoryCountReader(journals))


@pytest.fixture(params=["memory", "sqlite"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "memory":
        yield memory_bench()
        return
    clock = ManualClock(NOON)
    opened: list[SqliteCountJournal] = []

    def start(name: str) -> CountJournal:
        opened.append(SqliteCountJournal(tmp_path / f"{name}.sqlite", name, clock))
        return opened[-1]

    paths = [tmp_path / f"{name}.sqlite" for name in ("api", "ingest", "never-started")]
    yield Bench(clock, start, SqliteCountReader(paths))
    for journal in opened:
        journal.close()


def one(
    name: str = "requests_total", labels: tuple[tuple[str, str], ...] = OK, value: int = 1
) -> CounterIncrement:
    return CounterIncrement(name, labels, value)


class JournalContract:
    def increments_of_a_minute_add_up(self, bench: Bench) -> None:
        journal = bench.start("api")
        for value in (1, 2, 3):
            journal.add([one(value=value)])
        assert [count.value for count in bench.reader.read(NOON, NOON + MINUTE)] == [6]

    def labels_tell_counters_apart(self, bench: Bench) -> None:
        journal = bench.start("api")
        journal.add([one(labels=OK), one(labels=BAD), one(name="other_total")])
        found = {(count.name, count.labels): count.value for count in bench.reader.read(NOON, NOON + MINUTE)}
        assert found == {("requests_total", OK): 1, ("requests_total", BAD): 1, ("other_total", OK): 1}

    def the_order_of_labels_does_not_matter(self, bench: Bench) -> None:
        journal = bench.start("api")
        journal.add([one(labels=(("a", "1"), ("b", "2"))), one(labels=(("b", "2"), ("a", "1")))])
        (count,) = bench.reader.read(NOON, NOON + MINUTE)
        assert (count.value, count.labels) == (2, (("a", "1"), ("b", "2")))

    def counts_fall_into_the_minute_they_happened(self, bench: Bench) -> None:
        journal = bench.start("api")
        bench.clock.advance(timedelta(seconds=59))
        journal.add([one()])
        bench.clock.advance(timedelta(seconds=1))
        journal.add([one(value=5)])
        found = {count.minute: count.value for count in bench.reader.read(NOON, NOON + HOUR)}
        assert found == {NOON: 1, NOON + MINUTE: 5}

    def only_the_minutes_asked_for_are_read(self, bench: Bench) -> None:
        journal = bench.start("api")
        for _ in range(5):
            journal.add([one()])
            bench.clock.advance(MINUTE)
        found = bench.reader.read(NOON + MINUTE, NOON + 3 * MINUTE)
        assert sorted(count.minute for count in found) == [NOON + MINUTE, NOON + 2 * MINUTE]

    def a_restart_is_another_source_of_the_same_minute(self, bench: Bench) -> None:
        bench.start("api").add([one(value=2)])
        bench.start("api").add([one(value=3)])
        found = bench.reader.read(NOON, NOON + MINUTE)
        assert sorted(count.value for count in found) == [2, 3]
        assert len({count.source for count in found}) == 2
        assert all(count.source.startswith("api/") for count in found)

    def processes_are_read_together(self, bench: Bench) -> None:
        bench.start("api").add([one(value=2)])
        bench.start("ingest").add([one(value=3)])
        assert sum(count.value for count in bench.reader.read(NOON, NOON + MINUTE)) == 5

    def a_zero_declares_a_counter(self, bench: Bench) -> None:
        journal = bench.start("api")
        journal.add([one(value=0)])
        (source,) = bench.reader.alive(NOON, NOON + MINUTE)
        assert bench.reader.names()[source] == {"requests_total"}
        assert [count.value for count in bench.reader.read(NOON, NOON + MINUTE)] == [0]

    def a_role_is_known_by_what_it_ever_counted(self, bench: Bench) -> None:
        bench.start("api").add([one()])
        bench.start("api")
        assert set(bench.reader.names().values()) == {frozenset({"requests_total"})}
        assert len(bench.reader.names()) == 2

    def a_heartbeat_makes_a_quiet_minute_known(self, bench: Bench) -> None:
        journal = bench.start("api")
        bench.clock.advance(10 * MINUTE)
        journal.heartbeat()
        alive = bench.reader.alive(NOON + 5 * MINUTE, NOON + HOUR)
        assert [list(minutes) for minutes in alive.values()] == [[NOON + 10 * MINUTE]]

    def one_missed_heartbeat_is_not_a_silence_and_two_are(self, bench: Bench) -> None:
        journal = bench.start("api")
        for pause in (2, 3):
            bench.clock.advance(pause * MINUTE)
            journal.heartbeat()
        (minutes,) = bench.reader.alive(NOON, NOON + HOUR).values()
        assert list(minutes) == [NOON + MINUTE * i for i in (0, 1, 2, 5)]

    def counting_is_a_sign_of_life(self, bench: Bench) -> None:
        journal = bench.start("api")
        bench.clock.advance(10 * MINUTE)
        journal.add([one()])
        assert list(bench.reader.alive(NOON + 10 * MINUTE, NOON + HOUR).values()) == [[NOON + 10 * MINUTE]]

    def a_process_that_said_nothing_is_not_alive(self, bench: Bench) -> None:
        bench.start("api")
        assert dict(bench.reader.alive(NOON + MINUTE, NOON + HOUR)) == {}
        assert list(bench.reader.read(NOON, NOON + HOUR)) == []

    def a_falling_counter_is_refused_whole(self, bench: Bench) -> None:
        journal = bench.start("api")
        with pytest.raises(ValueError, match="cannot fall"):
            journal.add([one(value=1), one(value=-1)])
        assert list(bench.reader.read(NOON, NOON + MINUTE)) == []


PROMISES = sorted(name for name, _ in inspect.getmembers(JournalContract, inspect.isfunction))


@pytest.mark.parametrize("promise", PROMISES)
def test_a_count_journal_keeps_its_promises(promise: str, bench: Bench) -> None:
    getattr(JournalContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_counts.ALL, ids=lambda broken: broken.__name__)
def test_the_contract_catches_a_broken_journal(broken: type[MemoryCountJournal]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        getattr(JournalContract(), broken.breaks)(memory_bench(broken))  # type: ignore[attr-defined]
