"""The model of Prometheus fires and resets in the very minutes in which the real rule engine does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slo.ledger.tally import Tally
from slo.model.spec import BudgetingMethod, Slo, Tier
from slo.simulate.prometheus_model import PrometheusModel
from slo.simulate.timeline import Timeline
from tests.support.prometheus_server import needs_prometheus
from tests.support.rule_engine import PACKED, check_against_the_engine
from tests.support.slo_samples import GOOGLE, HOUR, MINUTE, NOON, an_slo

FULL = os.environ.get("MIRANTE_PROOF") == "full"
PACK = 25  # incidents judged in one run of the engine
RUNS = 40 if FULL else 8  # 8 x 25 = 200 incidents in CI, 1,000 in the full proof
BEFORE, LENGTH = 260, 620  # minutes of history before an incident, and of everything

windows = st.sampled_from(
    [
        (HOUR, 5 * MINUTE),
        (HOUR, 10 * MINUTE),
        (2 * HOUR, 15 * MINUTE),
        (4 * HOUR, 30 * MINUTE),
        (30 * MINUTE, 2 * MINUTE),
    ]
)


@st.composite
def slos(draw: st.DrawFn) -> Slo:
    pairs = draw(st.lists(windows, min_size=1, max_size=3, unique=True))
    tiers = tuple(
        Tier(
            f"tier-{index}",
            Fraction(draw(st.integers(1, 40)), 1000),
            long,
            short,
            "P1",
            alert_after=draw(st.sampled_from([0, 0, 0, 3, 10])) * MINUTE,
        )
        for index, (long, short) in enumerate(pairs)
    )
    return an_slo(
        target=draw(st.sampled_from([Fraction(99, 100), Fraction(999, 1000), Fraction(95, 100)])),
        tiers=tiers,
        indicator=PACKED,
        min_events=draw(st.sampled_from([0, 0, 500])),
    )


@st.composite
def incidents(draw: st.DrawFn) -> Timeline:
    """Traffic that changes twice, one or two bursts of errors, a background of errors, silence or quiet."""
    before, during = draw(st.integers(1, 2000)), draw(st.integers(0, 2000))
    background = draw(st.sampled_from([0, 0, 0, 1000, 200, 50]))  # one bad event in so many
    minutes: list[Tally | None] = []
    length = draw(st.integers(1, 120))
    ratio = draw(st.sampled_from([1, 2, 5, 10, 20, 50, 100, 200])) / 200
    pause = draw(st.integers(0, 40))
    second = draw(st.integers(0, 30))
    silence = draw(st.sampled_from([0, 0, 0, 1, 2, 4, 7, 20]))
    phases = [
        (BEFORE, before, 0.0),
        (length, during, ratio),
        (pause, before, 0.0),
        (second, before, ratio / 2),
        (LENGTH - BEFORE - length - pause - second, draw(st.sampled_from([before, 0])), 0.0),
    ]
    for count, traffic, errors in phases:
        for _ in range(count):
            bad = round(traffic * errors) + (1 if background and len(minutes) % background == 0 else 0)
            minutes.append(Tally(max(0, traffic - bad), max(traffic, bad)))
    at = BEFORE + draw(st.integers(-20, 40))
    minutes[at : at + silence] = [None] * len(minutes[at : at + silence])
    return Timeline(NOON, tuple(minutes))


def run_of(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        print_blob=True,
    )


@needs_prometheus
@pytest.mark.proof
@run_of(RUNS)
@given(slos(), st.lists(incidents(), min_size=PACK, max_size=PACK))
def test_fire_and_reset_times_equal_those_of_the_real_rule_engine(
    slo: Slo, timelines: list[Timeline]
) -> None:
    model = PrometheusModel(slo, slo.objectives[0])
    expected = [model.firing(timeline) for timeline in timelines]
    with tempfile.TemporaryDirectory() as folder:
        told = check_against_the_engine(Path(folder), slo, timelines, expected, every=20)
    assert told == ""


@needs_prometheus
def test_the_engine_would_have_noticed_a_model_that_is_a_minute_late(tmp_path: Path) -> None:
    slo = an_slo(indicator=PACKED, tiers=GOOGLE[:1])
    outage = [Tally(100, 100)] * 120 + [Tally(0, 100)] * 10 + [Tally(100, 100)] * 60
    timeline = Timeline(NOON, tuple(outage))
    firing = PrometheusModel(slo, slo.objectives[0]).firing(timeline)
    assert check_against_the_engine(tmp_path, slo, [timeline], [firing]) == ""
    late = {
        tier: tuple(replace(span, start=span.start + MINUTE) for span in spans)
        for tier, spans in firing.items()
    }
    assert late != firing
    assert "FAILED" in check_against_the_engine(tmp_path, slo, [timeline], [late])


@needs_prometheus
def test_one_minute_slices_fire_as_the_rule_engine_says(tmp_path: Path) -> None:
    slo = an_slo(
        Fraction(9995, 10000),
        method=BudgetingMethod.TIMESLICES,
        time_slice_target=Fraction(9, 10),
        indicator=PACKED,
        tiers=GOOGLE[:2],
    )
    timelines = []
    for bad in (0, 1, 2, 6):
        minutes = [Tally(6, 6)] * 400 + [Tally(6 - bad, 6)] * 4 + [None] * 3
        timelines.append(Timeline(NOON, (*minutes, *[Tally(6, 6)] * 420)))
    expected = [PrometheusModel(slo, slo.objectives[0]).firing(timeline) for timeline in timelines]
    assert [bool(firing["page-fast"]) for firing in expected] == [False, True, True, True]
    assert check_against_the_engine(tmp_path, slo, timelines, expected) == ""


@needs_prometheus
@pytest.mark.proof
def test_the_shipped_tiers_over_days_fire_as_the_rule_engine_says(tmp_path: Path) -> None:
    """All four tiers over five days in the full proof; the three up to one day over 30 hours otherwise."""
    slo = an_slo(indicator=PACKED, tiers=GOOGLE if FULL else GOOGLE[:3])
    before, length = (3 * 1440, 5 * 1440) if FULL else (1440, 1800)
    calm = Tally(1000, 1000)
    timelines = []
    for burning, bad in ((2, 1000), (10, 1000), (45, 20), (240, 12), (1440, 4), (2880, 2)):
        minutes = [calm] * before + [Tally(1000 - bad, 1000)] * burning + [calm] * length
        timelines.append(Timeline(NOON - before * MINUTE, tuple(minutes[:length])))
    expected = [PrometheusModel(slo, slo.objectives[0]).firing(timeline) for timeline in timelines]
    assert {tier for firing in expected for tier, spans in firing.items() if spans} == {
        t.name for t in slo.tiers
    }
    assert check_against_the_engine(tmp_path, slo, timelines, expected, every=240) == ""
