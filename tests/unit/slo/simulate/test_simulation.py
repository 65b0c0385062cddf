from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.judge.evaluate import evaluate
from slo.ledger.tally import Tally
from slo.model.spec import BudgetingMethod, Slo, Tier
from slo.simulate import (
    Outage,
    OutageError,
    Simulation,
    Timeline,
    Traffic,
    compare,
    imagine,
    parse_outage,
    review,
    simulate,
    timeline_of,
)
from slo.simulate.ledger_model import ledger_firing
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import DAY, GOOGLE, HOUR, MINUTE, NOON, a_row, an_slo, counted_by, key_of

DAY_START = datetime(2026, 3, 10, tzinfo=UTC)


def outage(slo: Slo, minutes: int, ratio: Fraction = Fraction(1), traffic: int = 1000) -> Simulation:
    incident = Outage(ratio, NOON, MINUTE * minutes)
    return simulate(slo, imagine(incident, Traffic((traffic,)), 3 * DAY, 8 * HOUR))


def test_two_percent_errors_for_45_minutes_page_when_the_arithmetic_says() -> None:
    """2 % of 0.1 % burns 20x; one hour's 14.4x is reached once 43.2 of 60 minutes burn at 20x."""
    found = outage(an_slo(), 45, Fraction(2, 100))
    for backend in ("ledger", "prometheus", "cloudwatch"):
        (page,) = found.of(backend, "page-fast")
        assert page.after(NOON) == 44 * MINUTE
        assert page.modelled == (backend == "cloudwatch")
    (page,) = found.of("ledger", "page-fast")
    assert page.spent_ratio == Fraction(44 * 20) / found.allowed
    assert page.reset == NOON + 47 * MINUTE  # the five-minute window empties first


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_simulated_evaluator_is_the_real_one(data: st.DataObject) -> None:
    tiers = (
        Tier("fast", Fraction(2, 1000), HOUR, 5 * MINUTE, "P1"),
        Tier("held", Fraction(4, 1000), 2 * HOUR, 10 * MINUTE, "P2", alert_after=3 * MINUTE),
    )
    slo = an_slo(target=Fraction(99, 100), tiers=tiers, min_events=data.draw(st.sampled_from([0, 50])))
    chance = random.Random(data.draw(st.integers(0, 10**6)))
    phases = [(chance.randint(0, 5), chance.choice([0.0, 0.02, 0.3])) for _ in range(6)]
    minutes = []
    for traffic, ratio in phases:
        for _ in range(30):
            bad = sum(chance.random() < ratio for _ in range(traffic))
            minutes.append(Tally(traffic - bad, traffic) if chance.random() > 0.05 else None)
    timeline = Timeline(NOON, tuple(minutes))
    ledger = MemoryLedger()
    key = key_of(slo)
    ledger.write(a_row(key, timeline.at(i), m.good, m.total) for i, m in enumerate(minutes) if m is not None)
    simulated = ledger_firing(slo, slo.objectives[0], timeline)
    for index in range(0, len(minutes) + 1, 3):
        now = timeline.at(index)
        real = {state.tier.name for state in evaluate([slo], ledger, "test", now).firing}
        model = {
            name
            for name, spans in simulated.items()
            if any(span.start <= now and (span.end is None or now < span.end) for span in spans)
        }
        assert real == model, index


def test_slices_are_simulated_on_every_backend() -> None:
    slo = an_slo(Fraction(9995, 10000), method=BudgetingMethod.TIMESLICES, time_slice_target=Fraction(9, 10))
    found = outage(slo, 3, traffic=6)
    starts = {backend: found.of(backend, "page-fast")[0].after(NOON) for backend in ("ledger", "prometheus")}
    assert starts == {"ledger": MINUTE, "prometheus": MINUTE}
    assert found.of("cloudwatch", "page-fast")[0].after(NOON) == MINUTE


def test_longer_slices_count_once_on_every_backend() -> None:
    """A five-minute outage is one bad slice of twelve in an hour, known when it ends."""
    slo = an_slo(
        Fraction(99, 100),
        method=BudgetingMethod.TIMESLICES,
        time_slice_target=Fraction(9, 10),
        time_slice_window=5 * MINUTE,
        tiers=(Tier("t", Fraction(1, 100), HOUR, 30 * MINUTE, "P1"),),
    )
    found = outage(slo, 5, traffic=6)
    assert [firing.after(NOON) for firing in found.of("prometheus")] == [5 * MINUTE]
    assert [firing.after(NOON) for firing in found.of("ledger")] == [5 * MINUTE]


def test_nothing_fires_when_nothing_fails() -> None:
    assert outage(an_slo(), 60, Fraction(0)).firings == ()


def test_what_a_backend_cannot_do_is_told() -> None:
    found = outage(an_slo(indicator=counted_by("pair")), 5)
    assert "pair" in found.left_out["cloudwatch"][0]


@pytest.mark.parametrize(
    ("text", "incident"),
    [
        ("2 % errors for 45 minutes at 14:00", (Fraction(2, 100), 14, 0, 45)),
        ("0.5% for 2h at 3:30", (Fraction(5, 1000), 3, 30, 120)),
        ("100% errors for 5 min", (Fraction(1), 12, 0, 5)),
        ("1,5 % errors for 1 hour at 00:00", (Fraction(15, 1000), 0, 0, 60)),
        ("outage for 2 days at 09:15", (Fraction(1), 9, 15, 2880)),
        ("Total outage for 1 day 6 hours", (Fraction(1), 12, 0, 1800)),
        ("30 % outage for 1h30m", (Fraction(3, 10), 12, 0, 90)),
        ("10 % failures for 120 seconds", (Fraction(1, 10), 12, 0, 2)),
        ("10 % for 0,5 day", (Fraction(1, 10), 12, 0, 720)),
    ],
)
def test_an_incident_is_read_as_a_person_writes_it(
    text: str, incident: tuple[Fraction, int, int, int]
) -> None:
    ratio, hour, minute, length = incident
    expected = Outage(ratio, DAY_START.replace(hour=hour, minute=minute), MINUTE * length)
    assert parse_outage(text, DAY_START) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a lot of errors",
        "120 % errors for 5 minutes",
        "2 % errors",
        "2 % for 5 minutes at 25:00",
        "outage",
        "outage for 0 minutes",
        "outage for 2 weeks",
        "outage for 400 days",
        "outage for 0.3333 seconds",
    ],
)
def test_an_incident_that_cannot_be_read_says_how_to_write_it(text: str) -> None:
    with pytest.raises(OutageError, match="incident"):
        parse_outage(text, DAY_START)


def test_an_incident_of_seconds_burns_its_share_of_each_minute() -> None:
    found = imagine(parse_outage("outage for 90 seconds", DAY_START), Traffic((60,)), MINUTE, MINUTE)
    assert [minute.bad for minute in found.minutes if minute is not None] == [0, 60, 30, 0]


@given(st.integers(0, 50), st.integers(1, 1000))
def test_no_error_of_an_incident_is_lost_to_rounding(traffic: int, thousandths: int) -> None:
    incident = Outage(Fraction(thousandths, 1000), NOON, HOUR)
    timeline = imagine(incident, Traffic((traffic,)), HOUR, HOUR)
    exact = traffic * 60 * incident.error_ratio
    assert exact - 1 < timeline.bad_before()[-1] <= exact


def test_traffic_may_differ_by_the_hour() -> None:
    traffic = Traffic(tuple(range(24)))
    timeline = imagine(Outage(Fraction(0), NOON, HOUR), traffic, 2 * HOUR, HOUR)
    assert [timeline.minutes[i].total for i in (0, 60, 120, 180)] == [10, 11, 12, 13]  # type: ignore[union-attr]
    with pytest.raises(OutageError, match="24"):
        Traffic((1, 2))


def uneven(quiet_bad: int, busy_bad: int) -> Timeline:
    """Ten days: 20 hours at 10 events a minute, 4 at 1,000; an hour of errors in a quiet and a busy one."""
    minutes = []
    for index in range(10 * 1440):
        hour, day = index % 1440 // 60, index // 1440
        total = 1000 if 10 <= hour < 14 else 10
        bad = quiet_bad if (day, hour) == (4, 3) else busy_bad if (day, hour) == (6, 11) else 0
        minutes.append(Tally(total - bad, total))
    return Timeline(DAY_START, tuple(minutes))


def test_a_page_at_low_traffic_that_cost_next_to_nothing_is_false() -> None:
    found = review(simulate(an_slo(tiers=GOOGLE[:1]), uneven(quiet_bad=1, busy_bad=0)), "ledger")
    assert (len(found.true), len(found.false), found.missed) == (0, 1, ())
    assert found.pages == 1


def test_a_spend_at_the_peak_below_the_burn_rate_is_missed() -> None:
    """1 % errors at the peak burn 10x, below 14.4x, and still spend more than 2 % of the budget."""
    found = review(simulate(an_slo(tiers=GOOGLE[:1]), uneven(quiet_bad=0, busy_bad=10)), "ledger")
    assert (found.true, found.false) == ((), ())
    assert [missed.tier for missed in found.missed] == ["page-fast"]


def test_an_outage_at_the_peak_is_a_true_page() -> None:
    found = review(simulate(an_slo(tiers=GOOGLE[:1]), uneven(quiet_bad=0, busy_bad=100)), "ledger")
    assert (len(found.true), found.false, found.missed) == (1, (), ())


def test_a_change_of_the_definition_is_told_in_pages() -> None:
    history = uneven(quiet_bad=1, busy_bad=100)
    now = an_slo(tiers=GOOGLE[:1])
    quieter = replace(now, min_events=2000)
    change = compare(simulate(now, history), simulate(quieter, history), "ledger")
    assert (change.pages, change.false, change.missed) == (-1, -1, 0)
    assert change.text == "1 fewer page, 1 fewer false firing, as many missed spends over this history"


def test_recorded_minutes_become_a_timeline_with_its_holes() -> None:
    slo, ledger = an_slo(), MemoryLedger()
    ledger.write([a_row(key_of(slo), NOON, 1, 2), a_row(key_of(slo), NOON + 2 * MINUTE, 3, 3)])
    end: datetime = NOON + timedelta(minutes=3)
    timeline = timeline_of(ledger.minutes(key_of(slo), NOON, end), NOON, end)
    assert timeline.minutes == (Tally(1, 2), None, Tally(3, 3))
