from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from slo.indicators.ratio import RatioIndicator
from slo.indicators.threshold import ThresholdIndicator
from slo.ledger import collect
from slo.ledger.collect import Collector
from slo.ledger.ledger import Counts
from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import BudgetingMethod, MetricQuery, Slo
from tests.support.memory_counts import MemoryCountJournal, MemoryCountReader
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import HOUR, MINUTE, NOON, an_slo, counted, counted_by, key_of


class Stage:
    """A clock, one or more processes that count, a ledger and the collector between them."""

    def __init__(self, *slos: Slo, roles: tuple[str, ...] = ("api",)) -> None:
        self.clock = ManualClock(NOON)
        self.journals = [MemoryCountJournal(role, self.clock) for role in roles]
        self.reader = MemoryCountReader(self.journals)
        self.ledger = MemoryLedger()
        self.slos = slos
        self.collector = self.new_collector()

    def new_collector(self) -> Collector:
        return Collector(self.slos, self.reader, self.ledger, "test", self.clock)

    def count(
        self, value: int, outcome: str = "ok", name: str = "requests_total", role: int = 0, **labels: str
    ) -> None:
        increment = CounterIncrement(name, labels_of(outcome=outcome, **labels), value)
        self.journals[role].add([increment])

    def counts(self, slo: Slo, start: int, end: int, labels: tuple[tuple[str, str], ...] = ()) -> Counts:
        return self.ledger.counts(key_of(slo, labels), NOON + MINUTE * start, NOON + MINUTE * end)

    def beat(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            for journal in self.journals:
                journal.heartbeat()


def test_the_slos_own_query_decides_what_is_good_and_what_is_counted() -> None:
    slo = an_slo(
        indicator=counted(total='sum(increase(requests_total{outcome!="client_error"}[{{.window}}]))')
    )
    stage = Stage(slo)
    stage.count(90)
    stage.count(10, "error")
    stage.count(55, "client_error")
    stage.collector.collect()
    assert stage.counts(slo, 0, 1) == Counts(90, 100, 1, 1)


def test_collecting_again_changes_nothing() -> None:
    slo = an_slo()
    stage = Stage(slo)
    stage.count(5)
    stage.beat(3)
    for _ in range(3):
        stage.collector.collect()
    stage.new_collector().collect()
    assert stage.counts(slo, 0, 4) == Counts(5, 5, 4, 4)


def test_a_partial_minute_is_written_and_later_replaced() -> None:
    slo = an_slo()
    stage = Stage(slo)
    stage.count(5)
    stage.collector.collect()
    assert stage.counts(slo, 0, 1).total == 5
    stage.count(2, "error")
    stage.collector.collect()
    assert stage.counts(slo, 0, 1) == Counts(5, 7, 1, 1)


def test_counts_that_arrive_late_are_taken_in() -> None:
    slo = an_slo()
    stage = Stage(slo)
    stage.count(1)
    stage.beat(5)
    stage.collector.collect()
    late = MemoryCountJournal("batch", ManualClock(NOON + 2 * MINUTE))
    late.add([CounterIncrement("requests_total", labels_of(outcome="ok"), 7)])
    stage.journals.append(late)
    stage.collector.collect()
    assert stage.counts(slo, 2, 3).total == 7


def test_a_quiet_minute_is_no_traffic_and_a_dead_one_is_no_data() -> None:
    slo = an_slo()
    stage = Stage(slo)
    stage.count(1)
    stage.beat(2)
    stage.clock.advance(10 * MINUTE)
    stage.collector.collect()
    quiet, dead = stage.counts(slo, 1, 3), stage.counts(slo, 4, 10)
    assert (quiet.total, quiet.minutes_with_data) == (0, 2)
    assert (dead.total, dead.minutes_with_data) == (0, 0)


def test_another_process_being_alive_says_nothing_about_this_one() -> None:
    slo = an_slo()
    stage = Stage(slo, roles=("prober", "api"))
    stage.count(1)
    stage.count(1, name="something_else_total", role=1)
    stage.clock.advance(10 * MINUTE)
    stage.journals[1].heartbeat()
    stage.collector.collect()
    assert not stage.counts(slo, 5, 11).has_data


def test_a_process_that_declared_its_counters_is_quiet_before_its_first_request() -> None:
    slo = an_slo()
    stage = Stage(slo)
    stage.count(0)
    stage.beat()
    stage.collector.collect()
    assert stage.counts(slo, 0, 2) == Counts(0, 0, 2, 2)


def test_two_processes_and_a_restart_within_a_minute_are_summed() -> None:
    slo = an_slo()
    stage = Stage(slo, roles=("api-1", "api-2", "api-1"))
    for role in range(3):
        stage.count(10, role=role)
    stage.collector.collect()
    assert stage.counts(slo, 0, 1).total == 30


def test_each_label_value_has_a_series_of_its_own() -> None:
    slo = an_slo(indicator=counted_by("pair"))
    stage = Stage(slo)
    stage.count(10, pair="hot")
    stage.count(3, "error", pair="wide")
    stage.beat(30)
    stage.collector.collect()
    assert stage.counts(slo, 0, 1, (("pair", "hot"),)) == Counts(10, 10, 1, 1)
    assert stage.counts(slo, 0, 1, (("pair", "wide"),)) == Counts(0, 3, 1, 1)
    stage.beat(30)
    stage.collector.collect()
    later = stage.counts(slo, 50, 60, (("pair", "wide"),))
    assert (later.total, later.minutes_with_data) == (0, 10)


def test_bad_counts_are_taken_from_the_total() -> None:
    indicator = RatioIndicator(
        total=MetricQuery("Prometheus", "sum(increase(compared_total[{{.window}}]))"),
        bad=MetricQuery("Prometheus", "sum(increase(divergent_total[{{.window}}]))"),
    )
    slo = an_slo(indicator=indicator)
    stage = Stage(slo)
    stage.count(100, name="compared_total")
    stage.count(4, name="divergent_total")
    stage.collector.collect()
    assert stage.counts(slo, 0, 1) == Counts(96, 100, 1, 1)


def test_more_good_than_total_is_cut_and_flagged() -> None:
    slo = an_slo(indicator=counted(total="sum(increase(all_total[{{.window}}]))"))
    stage = Stage(slo)
    stage.count(10)
    stage.count(8, name="all_total")
    stage.collector.collect()
    assert stage.counts(slo, 0, 1) == Counts(8, 8, 1, 1, error_bound=2)


def slices(window: timedelta | None = None) -> Slo:
    return an_slo(
        Fraction(9995, 10000),
        method=BudgetingMethod.TIMESLICES,
        time_slice_target=Fraction(9, 10),
        time_slice_window=window,
    )


def test_a_minute_is_good_when_enough_of_its_probes_were() -> None:
    slo = slices()
    stage = Stage(slo)
    for good in (10, 9, 8, 0):
        stage.count(good)
        stage.count(10 - good, "failed")
        stage.clock.advance(MINUTE)
    stage.collector.collect()
    assert [stage.counts(slo, minute, minute + 1).good for minute in range(4)] == [1, 1, 0, 0]
    assert stage.counts(slo, 0, 4) == Counts(2, 4, 4, 4)


def test_a_running_minute_is_not_judged_as_a_slice() -> None:
    slo = slices()
    stage = Stage(slo)
    stage.count(1, "failed")
    stage.collector.collect()
    assert not stage.counts(slo, 0, 1).has_data


def test_a_prober_that_is_alive_but_does_not_probe_is_no_data() -> None:
    slo = slices()
    stage = Stage(slo)
    stage.count(6)
    stage.beat(5)
    stage.collector.collect()
    assert stage.counts(slo, 0, 1).has_data
    assert not stage.counts(slo, 1, 5).has_data


def test_a_slice_is_judged_over_all_its_sources() -> None:
    slo = slices()
    stage = Stage(slo, roles=("prober-a", "prober-b"))
    stage.count(95, role=0)
    stage.count(5, "failed", role=1)
    stage.clock.advance(MINUTE)
    stage.collector.collect()
    assert stage.counts(slo, 0, 1) == Counts(1, 1, 1, 1)


def test_slices_of_five_minutes_count_once_and_cover_every_minute() -> None:
    slo = slices(5 * MINUTE)
    stage = Stage(slo)
    for minute in range(12):
        stage.count(10 if minute < 5 else 5)
        stage.count(0 if minute < 5 else 5, "failed")
        stage.clock.advance(MINUTE)
        stage.collector.collect()
    assert stage.counts(slo, 0, 12) == Counts(1, 2, 10, 12)


def test_a_long_absence_is_caught_up_without_splitting_a_slice() -> None:
    slo = slices(25 * MINUTE)  # six hours, one transaction, are no multiple of it
    stage = Stage(slo)
    for _ in range(600):
        stage.count(1)
        stage.clock.advance(MINUTE)
    stage.collector.collect()
    found = stage.ledger.counts(key_of(slo), NOON - HOUR, NOON + 600 * MINUTE)
    assert (found.good, found.total) == (24, 24)


def test_each_minute_of_a_ratio_slice_weighs_the_same() -> None:
    slo = an_slo(method=BudgetingMethod.RATIO_TIMESLICES)
    stage = Stage(slo)
    stage.count(999)
    stage.count(1, "error")
    stage.clock.advance(MINUTE)
    stage.count(1, "error")
    stage.clock.advance(MINUTE)
    stage.collector.collect()
    assert stage.counts(slo, 0, 2) == Counts(999_000, 2_000_000, 2, 2)


def test_a_new_definition_is_counted_from_the_whole_journal() -> None:
    old = an_slo()
    stage = Stage(old)
    for _ in range(60):
        stage.count(1)
        stage.clock.advance(MINUTE)
    stage.collector.collect()
    new = replace(old, indicator=counted(good=TOTAL_OF_ALL))
    stage.slos = (old, new)
    stage.new_collector().collect()
    assert new.revision != old.revision
    assert stage.counts(new, 0, 60).total == 60


TOTAL_OF_ALL = 'sum(increase(requests_total{outcome=~".*"}[{{.window}}]))'


def test_an_slo_that_cannot_be_counted_is_named_and_the_others_go_on() -> None:
    gauge = replace(
        an_slo(name="gauge"), indicator=ThresholdIndicator(MetricQuery("Prometheus", "temperature"))
    )
    slo = an_slo()
    stage = Stage(gauge, slo)
    stage.count(1)
    stage.collector.collect()
    assert "threshold" in stage.collector.refused["shop/gauge"]
    assert stage.counts(slo, 0, 1).total == 1


def test_every_shipped_definition_can_be_counted_from_the_services_own_counters() -> None:
    stage = Stage(*load_catalogue().slos)
    assert stage.collector.refused == {}


def test_too_many_groups_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MOST_GROUPS", 3)
    slo = an_slo(indicator=counted_by("pair"))
    stage = Stage(slo)
    for pair in ("a", "b", "c", "d"):
        stage.count(1, pair=pair)
    stage.collector.collect()
    assert "4 groups of pair" in stage.collector.refused[slo.id]
    assert "group-by" in stage.collector.refused[slo.id]
    assert stage.ledger.series("test", slo.id) == []
