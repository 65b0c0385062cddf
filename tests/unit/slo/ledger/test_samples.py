"""Scraped counters: exact where they can be, and a bound that holds where they cannot."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from slo.ledger.samples import InstanceSamples, MinuteIncrease, closing_minute
from tests.support.slo_samples import MINUTE, NOON


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def increases(
    values: dict[float, int], others: dict[float, int] | None = None, known_before: bool = True
) -> Mapping[int, MinuteIncrease]:
    """Of one series, by minutes after noon; ``others`` is a second series of the same process."""
    series = {"this": {at(seconds): value for seconds, value in values.items()}}
    if others is not None:
        series["other"] = {at(seconds): value for seconds, value in others.items()}
    found = InstanceSamples(series, known_before=known_before).increases("this")
    return {(minute - NOON) // MINUTE: increase for minute, increase in found.items()}


def test_a_sample_on_the_boundary_closes_the_minute_before() -> None:
    assert increases({0: 10, 60: 15, 120: 15}) == {0: MinuteIncrease(5), 1: MinuteIncrease(0)}


def test_an_increase_is_counted_in_the_minute_that_saw_it() -> None:
    assert increases({50: 10, 65: 13, 80: 14}) == {1: MinuteIncrease(4)}


def test_a_falling_counter_is_a_restart_whose_loss_is_bounded() -> None:
    found = increases({0: 100, 60: 160, 120: 5})
    assert found[0] == MinuteIncrease(60)
    assert found[1] == MinuteIncrease(5, error_bound=2 * 60 + 10 - 5)


def test_a_restart_told_by_one_series_holds_for_all_of_the_process() -> None:
    found = increases({0: 1, 60: 1, 120: 4}, others={0: 100, 60: 160, 120: 5})
    assert found[1].value == 4
    assert found[1].error_bound is not None


def test_a_restart_told_by_the_start_time_is_seen_although_nothing_fell() -> None:
    values = {"this": {at(0): 1, at(60): 5}}
    started = {at(0): 1000.0, at(60): 1090.0}
    (increase,) = InstanceSamples(values, started).increases("this").values()
    assert increase.value == 5
    assert increase.error_bound is not None


def test_a_series_born_beside_others_counts_from_its_first_event() -> None:
    """The first error of a label value: Prometheus's increase() does not see it."""
    assert increases({120: 1, 180: 1}, others={0: 9, 60: 9, 120: 9, 180: 9}) == {
        1: MinuteIncrease(1),
        2: MinuteIncrease(0),
    }


def test_a_gap_keeps_its_sum_and_admits_not_to_know_its_minutes() -> None:
    found = increases({0: 0, 60: 10, 600: 100})
    assert sum(increase.value for increase in found.values()) == 100
    assert found[0].error_bound is None
    assert all(found[minute].error_bound == 90 - found[minute].value for minute in range(1, 10))


def test_a_missing_scrape_or_two_are_no_gap() -> None:
    assert increases({0: 0, 60: 10, 180: 30}) == {
        0: MinuteIncrease(10),
        1: MinuteIncrease(0),
        2: MinuteIncrease(20),
    }


def test_an_instance_never_seen_before_counts_nothing_yet_and_says_so() -> None:
    assert increases({0: 50, 60: 52}, known_before=False)[-1] == MinuteIncrease(0, error_bound=20)


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
            events = self._poisson(base * swing * interval)
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
        self.started[instant] = boot
        minute = closing_minute(instant)
        self.true_good[minute] = self.true_good.get(minute, 0) + sum(good for good, _ in unseen)
        self.true_bad[minute] = self.true_bad.get(minute, 0) + sum(bad for _, bad in unseen)

    def _poisson(self, mean: float) -> int:
        if mean > 50:
            return max(0, round(self.chance.gauss(mean, math.sqrt(mean))))
        limit, count, product = math.exp(-mean), 0, self.chance.random()
        while product > limit:
            count += 1
            product *= self.chance.random()
        return count


@pytest.mark.parametrize("seed", range(500))
def test_the_stated_bound_holds_with_restarts_and_gaps(seed: int) -> None:
    """In each of 500 random lives, over the whole life and over random windows of it.

    A window that cuts a gap is judged too: its minutes carry the doubt of where the events fell.
    """
    chance = random.Random(seed)
    life = Life(chance)
    life.live(chance.randint(60, 240), chance.choice([15.0, 30.0, 60.0]))
    scraped = InstanceSamples({"good": life.good, "bad": life.bad}, life.started)
    good, bad = scraped.increases("good"), scraped.increases("bad")
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
    found = InstanceSamples({"requests": values}).increases("requests")
    assert {minute: increase.value for minute, increase in found.items()} == true
    assert all(increase.error_bound is None for increase in found.values())
