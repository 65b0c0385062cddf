"""Three evaluators of one definition differ by no more than their cadences, or by a listed cause."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from importlib.resources import files

import pytest
import yaml

from slo.ledger.tally import Tally
from slo.model.spec import Tier
from slo.simulate import Outage, Simulation, Timeline, Traffic, imagine, simulate
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON, an_slo

FULL = os.environ.get("MIRANTE_PROOF") == "full"
SEEDS = 200 if FULL else 10
CADENCES = 2  # minutes: each backend evaluates once a minute
WARM_UP = 3 * 1440

DIFFERENCES: Mapping[str, Mapping[str, object]] = {
    item["id"]: item
    for item in yaml.safe_load(files("slo.simulate").joinpath("differences.yaml").read_text("utf-8"))
}


def random_timeline(chance: random.Random) -> Timeline:
    """Three days of history and a day around an incident: even or uneven traffic, holes and quiet times."""
    even = chance.random() < 0.5
    traffic = (
        (chance.choice([3, 30, 300, 3000]),) if even else tuple(chance.randint(50, 2000) for _ in range(24))
    )
    ratio = Fraction(chance.choice([2, 4, 10, 30, 100, 300, 1000]), 1000)
    incident = Outage(ratio, NOON, MINUTE * chance.randint(1, 400))
    background = Fraction(chance.choice([0, 0, 1, 5]), 10_000)
    timeline = imagine(incident, Traffic(traffic, background), 3 * DAY + 2 * HOUR, DAY)
    minutes = list(timeline.minutes)
    if chance.random() < 0.3:
        at, length = chance.randrange(len(minutes)), chance.choice([1, 3, 10, 60, 200])
        minutes[at : at + length] = [None] * len(minutes[at : at + length])
    if chance.random() < 0.3:
        at, length = chance.randrange(WARM_UP, len(minutes)), chance.choice([10, 60, 400])
        minutes[at : at + length] = [Tally(0, 0)] * len(minutes[at : at + length])
    return Timeline(timeline.start, tuple(minutes))


def verdicts(found: Simulation, backend: str, tier: str) -> Sequence[bool]:
    firing = [False] * (len(found.timeline.minutes) + 1)
    for item in found.of(backend, tier):
        end = len(firing) if item.reset is None else found.timeline.index(item.reset)
        first = found.timeline.index(item.start)
        firing[first:end] = [True] * (end - first)
    return firing


def disagreements(left: Sequence[bool], right: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """``(first minute, length)`` of every stretch after the warm-up in which only one of them fires."""
    began: int | None = None
    for minute in range(WARM_UP, len(left) + 1):
        differ = minute < len(left) and left[minute] != right[minute]
        if differ and began is None:
            began = minute
        elif not differ and began is not None:
            yield began, minute - began
            began = None


def allowed(found: Simulation, tier: Tier, pair: tuple[str, str], first: int, length: int) -> int:
    """Minutes that the cadences and every listed difference that applies make up together."""
    minutes = CADENCES
    for item in DIFFERENCES.values():
        if not set(item["backends"]) & set(pair):  # type: ignore[call-overload]
            continue
        if item.get("quiet_window"):
            quiet = _quiet_window(found.timeline, tier, first, length)
            minutes += int(str(item["allowed_windows"])) * (quiet // MINUTE)
        elif tier.long_window > MINUTE * int(str(item["windows_longer_than_minutes"])):
            minutes += int(str(item["allowed_minutes"]))
    return minutes


def _quiet_window(timeline: Timeline, tier: Tier, first: int, length: int) -> timedelta:
    """The longest window of the tier that is without events at some minute of the stretch."""
    total = timeline.total_before()
    quiet = [
        window
        for window in (tier.short_window, tier.long_window)
        for minute in range(first, min(first + length, len(total)))
        if total[minute] == total[max(0, minute - window // MINUTE)]
    ]
    return max(quiet, default=timedelta(0))


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(SEEDS))
def test_backends_differ_by_their_cadences_or_by_a_listed_cause(seed: int) -> None:
    chance = random.Random(seed)
    slo = an_slo(target=chance.choice([Fraction(99, 100), Fraction(999, 1000)]))
    found = simulate(slo, random_timeline(chance))
    for tier in slo.tiers:
        for pair in (("prometheus", "cloudwatch"), ("prometheus", "ledger"), ("ledger", "cloudwatch")):
            left, right = (verdicts(found, backend, tier.name) for backend in pair)
            for first, length in disagreements(left, right):
                assert length <= allowed(found, tier, pair, first, length), (tier.name, pair, first, length)


def test_every_listed_difference_names_its_cause() -> None:
    assert set(DIFFERENCES) == {"smeared-long-windows", "hourly-evaluation", "last-points-again"}
    assert all(len(str(item["cause"])) > 80 for item in DIFFERENCES.values())


def test_the_hourly_evaluation_is_seen_and_would_not_pass_without_its_line() -> None:
    incident = Outage(Fraction(1), NOON + 7 * MINUTE, 20 * MINUTE)
    found = simulate(an_slo(), imagine(incident, Traffic((100,)), 3 * DAY + 2 * HOUR, 3 * HOUR))
    slow = next(tier for tier in found.slo.tiers if tier.long_window > DAY)
    ours, cloud = (verdicts(found, backend, slow.name) for backend in ("ledger", "cloudwatch"))
    longest = max(length for _, length in disagreements(ours, cloud))
    assert CADENCES < longest <= 60
