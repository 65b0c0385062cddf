"""Budgets from counts beside the mean of ratios that other tools report, on traffic with night and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.collect import Collector
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_counts import SqliteCountJournal
from slo.ledger.sqlite_ledger import SqliteLedger
from tests.support.slo_samples import DAY, HOUR, MINUTE, an_slo
from tests.support.traffic import MinuteOfTraffic, day_and_night

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
OK, ERROR = labels_of(outcome="ok"), labels_of(outcome="error")


def lived(folder: Path, traffic: Sequence[MinuteOfTraffic], days: int) -> ObjectiveStatus:
    """A process counts the traffic in its own journal, restarting every day; the control side collects."""
    clock = ManualClock(MIDNIGHT)
    path = folder / "api.sqlite"
    ledger = SqliteLedger(folder / "ledger.sqlite")
    slo = an_slo()
    collector = Collector([slo], SqliteCountReader([path]), ledger, "test", clock)
    journal = SqliteCountJournal(path, "api", clock)
    for index, minute in enumerate(traffic):
        clock.current = minute.start + timedelta(seconds=30)
        if index % 1440 == 700:
            journal.close()
            journal = SqliteCountJournal(path, "api", clock)
        counts = ((OK, minute.good), (ERROR, minute.bad))
        journal.add([CounterIncrement("requests_total", labels, value) for labels, value in counts if value])
        if index % 200 == 0:
            journal.heartbeat()
            collector.collect()
    clock.current = MIDNIGHT + days * DAY
    collector.collect()
    journal.close()
    (found,) = status([slo], ledger, "test", clock.now())
    ledger.close()
    return found


def mean_of_ratios(traffic: Sequence[MinuteOfTraffic]) -> float:
    """The unweighted mean of 5-minute error ratios, as Sloth's 30-day rule has it."""
    ratios = []
    for start in range(0, len(traffic), 5):
        total = sum(minute.total for minute in traffic[start : start + 5])
        ratios.append(sum(minute.bad for minute in traffic[start : start + 5]) / total if total else 0.0)
    return sum(ratios) / len(ratios)


def test_errors_of_quiet_nights_are_counted_exactly_where_the_mean_of_ratios_is_far_too_high(
    tmp_path: Path,
) -> None:
    traffic = list(day_and_night(MIDNIGHT, 10, seed=1, night_errors=0.01))
    bad, total = sum(minute.bad for minute in traffic), sum(minute.total for minute in traffic)
    found = lived(tmp_path, traffic, 10)
    assert (found.counts.bad, found.counts.total) == (bad, total)
    assert found.exact
    assert found.compliance == 1 - Fraction(bad, total)
    assert mean_of_ratios(traffic) > 10 * bad / total


def test_an_outage_at_the_peak_is_counted_exactly_where_the_mean_of_ratios_is_far_too_low(
    tmp_path: Path,
) -> None:
    """Two minutes of total outage in the afternoon of a service that sleeps most of the day."""
    start = MIDNIGHT + 5 * DAY + 12 * HOUR
    traffic = [
        MinuteOfTraffic(m.start, 0, m.total * 20)
        if start <= m.start < start + 2 * MINUTE
        else MinuteOfTraffic(m.start, m.good if 11 <= m.start.hour < 13 else 1, 0)
        for m in day_and_night(MIDNIGHT, 10, seed=2)
    ]
    bad, total = sum(minute.bad for minute in traffic), sum(minute.total for minute in traffic)
    found = lived(tmp_path, traffic, 10)
    assert (found.counts.bad, found.counts.total) == (bad, total)
    assert found.budget.spent_ratio == Fraction(bad) / found.budget.allowed
    assert mean_of_ratios(traffic) * 10 < bad / total
