"""Scraped counters: exact where they can be, and a bound that holds where they cannot."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from slo.ledger.companies import Company, ScrapeTarget
from slo.ledger.increases import LONGEST_GAP, increases
from slo.ledger.samples import MAX_GAP, MinuteIncrease, Values, closing_minute
from tests.support.chance import poisson
from tests.support.slo_samples import MINUTE, NOON

THIS, OTHER = ("requests_total", (("outcome", "ok"),)), ("requests_total", (("outcome", "error"),))
LABELS = (("instance", "a:1"), ("job", "api"))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def counted(
    values: dict[float, int],
    others: dict[float, int] | None = None,
    since: float = 0,
    started: dict[float, float] | None = None,
    certain: bool = False,
) -> Mapping[int, MinuteIncrease]:
    """Of one series, by minutes after noon. ``others`` is a second series of the same job and instance, and
    of the same target if ``certain``; ``started`` are the starts of its process, in seconds after noon."""
    series: dict[tuple[str, tuple[tuple[str, str], ...]], Values] = {THIS: _at(values)}
    if others is not None:
        series[OTHER] = _at(others)
    target = None
    if certain or started is not None:
        scrapes = sorted({instant for one in series.values() for instant in one})
        starts = {at(seconds): at(began).timestamp() for seconds, began in (started or {}).items()}
        target = ScrapeTarget(LABELS, scrapes, starts)
    until = max(instant for one in series.values() for instant in one)
    found = increases(THIS, Company(series, target), at(since), until)
    return {(minute - NOON) // MINUTE: increase for minute, increase in found.items()}


def _at(values: dict[float, int]) -> Values:
    return {at(seconds): value for seconds, value in values.items()}


def steady(scrapes: int, start: int = 1_000, step: int = 5) -> dict[float, int]:
    return {index * 60.0: start + index * step for index in range(scrapes)}


def test_a_sample_on_the_boundary_closes_the_minute_before() -> None:
    assert counted({0: 100, 60: 105, 120: 105}) == {0: MinuteIncrease(5), 1: MinuteIncrease(0)}


def test_an_increase_is_counted_in_the_minute_that_saw_it() -> None:
    assert counted({50: 100, 65: 103, 80: 104}) == {1: MinuteIncrease(4)}


def test_a_falling_counter_is_a_restart_whose_loss_is_bounded() -> None:
    found = counted({0: 1100, 60: 1160, 120: 5})
    assert found[0] == MinuteIncrease(60)
    assert found[1] == MinuteIncrease(5, error_bound=2 * 60 + 10 - 5)


def test_another_series_of_the_job_that_falls_is_not_this_ones_restart() -> None:
    """The fault: five million counted for two thousand, because two pods shared a job and an instance."""
    found = counted({0: 5_000_000, 60: 5_000_040, 120: 5_000_080}, others={0: 100, 60: 160, 120: 5})
    assert found == {0: MinuteIncrease(40), 1: MinuteIncrease(40)}


def test_a_small_one_may_have_begun_again_with_it_and_says_so() -> None:
    found = counted({0: 1, 60: 1, 120: 4}, others={0: 1100, 60: 1160, 120: 5})
    assert found[1].value == 3
    assert found[1].error_bound == 2 * 3 + 10 - 3


@pytest.mark.parametrize("value", [1, 7])
def test_a_restart_told_by_the_start_time_is_seen_although_nothing_fell(value: int) -> None:
    found = counted({0: 1, 60: value}, started={0: -1_000, 60: 30})
    assert found[0].value == value
    assert found[0].error_bound is not None


def test_a_start_time_that_a_clock_corrects_is_the_same() -> None:
    assert counted({0: 1, 60: 3}, started={0: -1_000, 60: -999.2}) == {0: MinuteIncrease(2)}


def test_counters_that_an_aggregator_carried_over_its_own_restart_are_not_counted_again() -> None:
    values = steady(8, start=5_000_000) | {480: 5_000_040}
    found = counted(values, started=dict.fromkeys(steady(8), -90_000.0) | {480: 450.0})
    assert sum(one.value for one in found.values()) == 40
    assert sum(one.error_bound or 0 for one in found.values()) <= 50


def test_small_values_are_exact_while_the_process_tells_that_it_is_the_same() -> None:
    values: dict[float, int] = {0: 0, 60: 3, 120: 9, 180: 9}
    exact = counted(values, started=dict.fromkeys(values, -90_000.0))
    assert all(one.error_bound is None for one in exact.values())
    doubted = counted(values)
    assert [one.value for one in exact.values()] == [one.value for one in doubted.values()]
    assert doubted[1].error_bound is not None, "9 may be 3 that were lost and 9 new ones"
    assert doubted[2].error_bound is None


def test_a_busy_series_of_the_target_is_witness_that_the_process_did_not_restart() -> None:
    found = counted({0: 1, 60: 2, 120: 4}, others={0: 9_000, 60: 9_050, 120: 9_100}, certain=True)
    assert found == {0: MinuteIncrease(1), 1: MinuteIncrease(2)}


def test_a_start_time_proves_nothing_where_others_begin_again_without_it() -> None:
    values: dict[float, int] = {0: 1, 60: 2, 120: 4, 180: 4}
    others: dict[float, int] = {0: 9_000, 60: 9_050, 120: 9_100, 180: 10}
    found = counted(values, others, started=dict.fromkeys(values, -90_000.0))
    assert found[2].error_bound is not None


def test_a_series_born_beside_others_of_its_target_counts_from_its_first_event() -> None:
    """The first error of a label value: Prometheus's increase() does not see it."""
    assert counted({120: 1, 180: 1}, others=steady(4), certain=True) == {
        1: MinuteIncrease(1),
        2: MinuteIncrease(0),
    }


def test_a_series_born_beside_others_that_may_be_another_process_counts_and_says_so() -> None:
    found = counted({120: 1, 180: 1}, others={0: 9, 60: 9, 130: 9, 190: 9}, since=-600)
    assert found[1] == MinuteIncrease(1, 1)


def test_a_process_that_tells_its_start_counts_from_there() -> None:
    found = counted({660: 40, 720: 50}, since=0, started={660: 640, 720: 640})
    assert found == {10: MinuteIncrease(40), 11: MinuteIncrease(10)}


def test_a_series_that_went_and_came_back_higher_goes_on() -> None:
    values: dict[float, int] = {0: 5_000, 60: 5_010, 300: 5_020}
    found = counted(values, steady(6), started=dict.fromkeys(steady(6), -90_000.0))
    assert sum(one.value for one in found.values()) == 20
    assert sum(one.error_bound or 0 for one in found.values()) <= 40


def test_a_gap_keeps_its_sum_and_admits_not_to_know_its_minutes() -> None:
    found = counted({0: 1000, 60: 1010, 600: 1100})
    assert sum(increase.value for increase in found.values()) == 100
    assert found[0].error_bound is None
    assert all(found[minute].error_bound == 30 - found[minute].value for minute in range(1, 10))


def test_a_missing_scrape_or_two_are_no_gap() -> None:
    assert counted({0: 1000, 60: 1010, 180: 1030}) == {
        0: MinuteIncrease(10),
        1: MinuteIncrease(0),
        2: MinuteIncrease(20),
    }


def test_after_hours_without_a_scrape_it_is_a_newcomer() -> None:
    late = LONGEST_GAP.total_seconds() + 120
    found = counted({0: 1000, 60: 1010, late: 9000, late + 60: 9010})
    assert sum(increase.value for increase in found.values()) == 20


def test_an_instance_never_seen_before_counts_nothing_yet_and_says_so() -> None:
    before = MAX_GAP.total_seconds() + 60
    assert counted({0: 50, 60: 52}, since=-before)[-1] == MinuteIncrease(0, error_bound=20)


@dataclass
class Life:
    """A process under random traffic, restarts and failing scrapes, and the truth beside what is scraped."""

    chance: random.Random
    good: dict[datetime, int] = field(default_factory=dict)
    bad: dict[datetime, int] = field(default_factory=dict)
    started: dict[datetime, float] = field(default_factory=dict)
    true_good: dict[datetime, int] = field(default_factory=dict)
    true_bad: dict[datetime, int] = field(default_factory=dict)

    def live(self, scrapes: int, interval: float) -> None:
        """The truth of a minute is what happened up to the scrape (failed or not) that falls into it."""
        base = self.chance.choice([0.05, 1.0, 20.0, 400.0])
        errors = self.chance.choice([0.0, 0.01, 0.3])
        counters, boot, now = [0, 0], 0.0, self.chance.uniform(0, 60)
        unseen: list[tuple[int, int]] = []
        for index in range(scrapes):
            swing = 1 + 0.3 * math.sin(index / 20)
            events = poisson(self.chance, base * swing * interval)
            failed = sum(self.chance.random() < errors for _ in range(min(events, 2000)))
            restart = self.chance.random() < 0.03
            cut = self.chance.randint(0, events) if restart else 0
            self._count(counters, events, failed, cut, restart)
            boot = index if restart else boot
            unseen.append((events - failed, failed))
            now += interval * self.chance.uniform(0.9, 1.1)
            if self.chance.random() < 0.06 and index:
                continue
            self._scrape(at(now), counters, boot, unseen)
            unseen = []

    def _count(self, counters: list[int], events: int, failed: int, cut: int, restart: bool) -> None:
        """``cut`` events came before the restart and went with it, errors first."""
        if restart:
            counters[:] = [0, 0]
        lost_bad = min(failed, cut)
        counters[0] += events - failed - (cut - lost_bad)
        counters[1] += failed - lost_bad

    def _scrape(
        self, instant: datetime, counters: list[int], boot: float, unseen: list[tuple[int, int]]
    ) -> None:
        self.good[instant] = counters[0]
        self.bad[instant] = counters[1]
        self.started[instant] = 60 * boot
        minute = closing_minute(instant)
        self.true_good[minute] = self.true_good.get(minute, 0) + sum(good for good, _ in unseen)
        self.true_bad[minute] = self.true_bad.get(minute, 0) + sum(bad for _, bad in unseen)


@pytest.mark.parametrize("seed", range(500))
def test_the_stated_bound_holds_with_restarts_and_gaps(seed: int) -> None:
    """In each of 500 random lives, over the whole life and over random windows of it.

    A window that cuts a gap is judged too: its minutes carry the doubt of where the events fell.
    """
    chance = random.Random(seed)
    life = Life(chance)
    life.live(chance.randint(60, 240), chance.choice([15.0, 30.0, 60.0]))
    company = Company(
        {THIS: life.good, OTHER: life.bad}, ScrapeTarget(LABELS, sorted(life.good), life.started)
    )
    good, bad = (increases(series, company, at(0), max(life.good)) for series in (THIS, OTHER))
    first = min(life.good)
    minutes = sorted(set(good) | set(bad) | set(life.true_good))
    minutes = [minute for minute in minutes if minute > closing_minute(first)]
    windows = [(0, len(minutes))] + [sorted(chance.sample(range(len(minutes) + 1), 2)) for _ in range(20)]
    for low, high in windows:
        inside = minutes[low:high]
        off = abs(_sum(good, inside) - sum(life.true_good.get(minute, 0) for minute in inside))
        off += abs(_sum(bad, inside) - sum(life.true_bad.get(minute, 0) for minute in inside))
        bounds = [found[m].error_bound for found in (good, bad) for m in inside if m in found]
        assert off <= sum(bound for bound in bounds if bound is not None), (inside[:1], inside[-1:])


def _sum(found: Mapping[datetime, MinuteIncrease], minutes: list[datetime]) -> int:
    return sum(found[minute].value for minute in minutes if minute in found)


@pytest.mark.parametrize("seed", range(20))
def test_without_restarts_and_gaps_every_minute_is_exact(seed: int) -> None:
    chance = random.Random(seed)
    total = 0
    true: dict[datetime, int] = {}
    values: dict[datetime, int] = {}
    for index in range(300):
        instant = at(index * 30 + chance.uniform(-5, 5))
        if index:
            more = chance.randint(0, 50)
            total += more
            true[closing_minute(instant)] = true.get(closing_minute(instant), 0) + more
        values[instant] = total
    company = Company({THIS: values}, ScrapeTarget(LABELS, sorted(values), dict.fromkeys(values, 0.0)))
    found = increases(THIS, company, at(0), max(values))
    assert {minute: increase.value for minute, increase in found.items()} == true
    assert all(increase.error_bound is None for increase in found.values())


def test_what_a_process_counted_after_its_last_scrape_is_inside_the_bound_of_that_minute() -> None:
    values: dict[float, int] = {0: 1000, 60: 1010, 120: 1020}
    company = Company({THIS: _at(values)})
    found = increases(THIS, company, at(0), at(900))
    assert found[at(60)] == MinuteIncrease(10, 2 * 10 + 10)
    assert found[at(0)] == MinuteIncrease(10)
    assert len(found) == 2, "no minute without a scrape has data"


def test_a_burst_of_later_widens_no_bound_of_a_lone_series_that_only_rose() -> None:
    """A restart hidden by its own value would need the burst in the very minutes of it."""
    values = {index * 30.0: index * 40 for index in range(120)}
    values |= {index * 30.0: 1_000 + index * 40 for index in range(80, 120)}
    found = counted(values)
    assert sum(increase.value for increase in found.values()) == 1_000 + 119 * 40
    assert [minute for minute, increase in found.items() if increase.error_bound] == [0]
