"""Figures of the executive board, from the journals."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.console.beside import JournalBeside
from app.console.decisions import JournalDecisions, share_within, summed, typical_bound
from foundation.count_journal import labels_of
from slo.ledger.minute_counts import MinuteCount
from slo.loaders.catalogue_files import load_catalogue
from slo.model.errors import UnsupportedQuery
from tests.support.console_world import GivenCounts

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SOURCE = "api-1/4f2c"


def decided(minute: datetime, outcome: str, count: int) -> MinuteCount:
    return MinuteCount(
        "credit_decisions_total", labels_of(decision=outcome, policy="p"), minute, SOURCE, count
    )


def within(minute: datetime, edge: str, count: int, outcome: str = "ok") -> MinuteCount:
    name = "credit_decision_duration_seconds_bucket"
    return MinuteCount(name, labels_of(outcome=outcome, le=edge), minute, SOURCE, count)


def test_decisions_are_summed_into_the_slice_their_minute_falls_in() -> None:
    counts = [decided(TEN + 59 * MINUTE, "APPROVE", 3), decided(TEN + HOUR, "APPROVE", 5)]
    slices = JournalDecisions(GivenCounts(counts, [TEN])).slices(TEN, TEN + 2 * HOUR, HOUR)
    assert [part.outcomes for part in slices] == [{"APPROVE": 3}, {"APPROVE": 5}]
    assert [part.start for part in slices] == [TEN, TEN + HOUR]


def test_slices_end_on_whole_hours_and_the_edges_are_cut() -> None:
    since, until = TEN + 42 * MINUTE, TEN + 2 * HOUR + 42 * MINUTE
    slices = JournalDecisions(GivenCounts()).slices(since, until, HOUR)
    assert [part.start for part in slices] == [since, TEN + HOUR, TEN + 2 * HOUR]
    assert [part.length for part in slices] == [18 * MINUTE, HOUR, 42 * MINUTE]


def test_an_empty_span_has_no_slices() -> None:
    assert JournalDecisions(GivenCounts()).slices(TEN, TEN, HOUR) == []


def test_a_slice_without_a_living_source_is_not_known_and_not_zero() -> None:
    counts = [decided(TEN, "APPROVE", 1)]
    alive = [TEN, TEN + MINUTE, TEN + HOUR + MINUTE]
    known = JournalDecisions(GivenCounts(counts, alive)).slices(TEN, TEN + 3 * HOUR, HOUR)
    assert [part.known_minutes for part in known] == [2, 1, 0]
    assert [part.known for part in known] == [True, True, False]


def test_a_source_that_counts_no_decisions_says_nothing_about_them() -> None:
    counts = [MinuteCount("probe_requests_total", labels_of(target="x"), TEN, SOURCE, 1)]
    slices = JournalDecisions(GivenCounts(counts, [TEN])).slices(TEN, TEN + HOUR, HOUR)
    assert not slices[0].known


def test_times_count_full_and_degraded_answers_and_no_errors() -> None:
    counts = [
        *(within(TEN, edge, count) for edge, count in (("0.1", 6), ("0.2", 9), ("+Inf", 10))),
        within(TEN, "0.1", 0, "degraded"),
        within(TEN, "0.2", 1, "degraded"),
        within(TEN, "+Inf", 10, "degraded"),
        within(TEN, "0.2", 100, "error"),
        within(TEN, "+Inf", 100, "error"),
    ]
    slices = JournalDecisions(GivenCounts(counts, [TEN])).slices(TEN, TEN + HOUR, HOUR)
    assert share_within(slices, 0.2) == 0.5
    assert typical_bound(slices, 0.3) == 0.1
    assert typical_bound(slices, 0.95) == math.inf


def test_without_answers_no_time_is_known() -> None:
    slices = JournalDecisions(GivenCounts()).slices(TEN, TEN + HOUR, HOUR)
    assert share_within(slices, 0.2) is None
    assert typical_bound(slices, 0.95) is None


def test_sums_go_by_key() -> None:
    assert summed([{"a": 1, "b": 2}, {"a": 3}]) == {"a": 4, "b": 2}


def test_the_ratio_beside_is_counted_by_its_own_queries() -> None:
    slo = load_catalogue().slo("credit/decision-availability")
    name = "credit_decision_requests_total"
    outcomes = {"ok": 90, "error": 6, "degraded": 3, "client_error": 50}
    counts = [MinuteCount(name, labels_of(outcome=word), TEN, SOURCE, n) for word, n in outcomes.items()]
    found = JournalBeside(GivenCounts(counts))(slo, TEN, TEN + HOUR)
    assert found is not None
    assert (found.good, found.total, found.minutes_with_data, found.minutes) == (90, 99, 1, 60)
    assert found.error_bound is None


def test_a_definition_without_a_ratio_beside_has_none() -> None:
    slo = load_catalogue().slo("credit/decision-latency")
    assert JournalBeside(GivenCounts())(slo, TEN, TEN + HOUR) is None


def test_a_ratio_beside_that_cannot_be_counted_is_refused() -> None:
    slo = replace(load_catalogue().slo("credit/decision-latency"), texts={"beside": "max(a) / max(b)"})
    with pytest.raises(UnsupportedQuery):
        JournalBeside(GivenCounts())(slo, TEN, TEN + HOUR)
