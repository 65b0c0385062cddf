from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from slo.judge.evaluate import Evaluation, evaluate
from slo.ledger.collect import Collector
from slo.ledger.exclusions import Exclusion
from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import BudgetingMethod, Slo
from tests.support.memory_counts import MemoryCountJournal, MemoryCountReader
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import (
    DAY,
    GOOGLE,
    HOUR,
    MINUTE,
    NOON,
    a_row,
    an_slo,
    counted_by,
    key_of,
    steady,
)


def ledger_of(*rows: object) -> MemoryLedger:
    ledger = MemoryLedger()
    for batch in rows:
        ledger.write(batch)  # type: ignore[arg-type]
    return ledger


def fired(evaluation: Evaluation) -> list[str]:
    return [state.tier.name for state in evaluation.firing]


def with_outage(
    slo: Slo, minutes: int, bad: int, total: int = 100, history: timedelta = 30 * DAY
) -> MemoryLedger:
    start = NOON - MINUTE * minutes
    return ledger_of(
        steady(slo, NOON - history, start, total, total), steady(slo, start, NOON, total - bad, total)
    )


def test_a_full_outage_pages_after_one_minute_of_even_traffic() -> None:
    slo = an_slo()
    assert fired(evaluate([slo], with_outage(slo, 1, 100), "test", NOON)) == ["page-fast"]


def test_an_error_rate_at_the_budget_fires_nothing() -> None:
    slo = an_slo(target=Fraction(99, 100))
    assert fired(evaluate([slo], with_outage(slo, 5000, 1), "test", NOON)) == []


def test_three_times_the_budget_opens_the_slow_ticket_first_and_the_fast_one_never() -> None:
    slo = an_slo(target=Fraction(99, 100))
    evaluation = evaluate([slo], with_outage(slo, 3 * 1440, 3), "test", NOON)
    assert fired(evaluation) == ["ticket-slow"]


def test_the_short_window_resets_the_page_soon_after_the_end() -> None:
    slo = an_slo()
    ledger = with_outage(slo, 30, 100)
    ledger.write(steady(slo, NOON, NOON + 10 * MINUTE, 100, 100))
    at = [fired(evaluate([slo], ledger, "test", NOON + MINUTE * minute)) for minute in (4, 6)]
    assert "page-fast" in at[0]
    assert "page-fast" not in at[1]


PROBED = load_catalogue().slo("credit/decision-availability")


@pytest.mark.parametrize("history", [timedelta(0), 3 * HOUR], ids=["a control side begins", "it has run"])
@pytest.mark.parametrize(("bad_minutes", "pages"), [(1, False), (2, True), (3, True)])
def test_one_bad_minute_of_probes_pages_nobody_and_a_total_failure_does_in_its_third(
    history: timedelta, bad_minutes: int, pages: bool
) -> None:
    ledger = with_outage(PROBED, bad_minutes, 1, 1, history)
    evaluation = evaluate([PROBED], ledger, "test", NOON)
    assert ("page-fast" in fired(evaluation)) is pages
    if not pages:
        said = next(state.explanation for state in evaluation.tiers if state.tier.name == "page-fast")
        assert "but 1 bad are fewer than the 2 this alert asks for" in said.en
        assert "mas 1 ruins são menos que os 2 que este alerta exige" in said.pt


def test_a_page_tells_its_arithmetic() -> None:
    slo = an_slo(target=Fraction(99, 100))
    ledger = with_outage(slo, 60, 20, history=3 * DAY)
    state = evaluate([slo], ledger, "test", NOON).firing[0]
    assert state.explanation.en == (
        "page-fast: 1200 of 6000 events bad in 1h (burn 20x), 100 of 500 events bad in 5m (burn 20x), "
        "both above 14.4x; budget 1 %, 2.78 % of it spent (forecast: 432000 in 3d of history, "
        "continued evenly over the period of 30d); at this rate it is gone in 1d 11h "
        "(95 % range: 1d 9h to 1d 13h)"
    )
    assert "1200 de 6000 eventos ruins em 1h (queima 20x)" in state.explanation.pt
    assert "ambas acima de 14,4x" in state.explanation.pt


def test_spent_budget_is_counted_and_not_derived_from_the_tier() -> None:
    """At night, with a tenth of the traffic, an hour at 14.4x spends far less than 2 %."""
    slo = an_slo()
    night = NOON - HOUR
    ledger = ledger_of(steady(slo, NOON - 30 * DAY, night, 1000, 1000), steady(slo, night, NOON, 98, 100))
    state = evaluate([slo], ledger, "test", NOON).firing[0]
    assert state.tier.name == "page-fast"
    assert state.budget.spent == 120
    assert state.budget.spent_ratio < Fraction(2, 100) / 5
    assert not state.budget.forecast


def test_too_few_events_do_not_page_and_say_so() -> None:
    slo = an_slo(min_events=100)
    ledger = ledger_of(steady(slo, NOON - 40 * MINUTE, NOON, 1, 1), [a_row(key_of(slo), NOON - MINUTE, 0, 1)])
    evaluation = evaluate([slo], ledger, "test", NOON)
    assert fired(evaluation) == []
    assert evaluation.tiers[0].burn.burning
    assert "40 are fewer than the 100 this alert asks for" in evaluation.tiers[0].explanation.en


def test_a_tier_that_must_hold_fires_once_it_has_held() -> None:
    page = replace(GOOGLE[0], alert_after=5 * MINUTE)
    slo = an_slo(tiers=(page,))
    ledger = ledger_of(steady(slo, NOON - DAY, NOON, 100, 100), steady(slo, NOON, NOON + HOUR, 0, 100))
    at = [evaluate([slo], ledger, "test", NOON + MINUTE * minute) for minute in range(8)]
    assert [fired(evaluation) for evaluation in at] == [[]] * 6 + [["page-fast"]] * 2
    assert "but not yet for 5min" in at[5].tiers[0].explanation.en


def test_no_events_burn_nothing() -> None:
    slo = an_slo()
    evaluation = evaluate([slo], ledger_of(steady(slo, NOON - DAY, NOON, 0, 0)), "test", NOON)
    assert fired(evaluation) == []
    assert evaluation.tiers[0].long.burn is None
    assert evaluation.no_data == ()


def test_a_silent_series_is_reported_after_its_own_limit() -> None:
    slo = replace(an_slo(), no_data_after=3 * MINUTE)
    ledger = ledger_of(steady(slo, NOON - HOUR, NOON, 1, 1))
    assert evaluate([slo], ledger, "test", NOON + 2 * MINUTE).no_data == ()
    (silence,) = evaluate([slo], ledger, "test", NOON + 3 * MINUTE).no_data
    assert (silence.severity, silence.since, silence.silent_for) == ("P3", NOON, 3 * MINUTE)
    assert "no data for 3min, last seen 2026-03-10 11:59 UTC" in silence.explanation.en


def test_silence_is_not_reported_where_nobody_wants_it() -> None:
    slo = an_slo(no_data_severity=None)
    assert evaluate([slo], MemoryLedger(), "test", NOON).no_data == ()


def test_a_long_slice_is_given_the_time_to_end() -> None:
    slo = an_slo(
        method=BudgetingMethod.TIMESLICES, time_slice_target=Fraction(9, 10), time_slice_window=10 * MINUTE
    )
    ledger = ledger_of(steady(slo, NOON - HOUR, NOON, 0, 0))
    assert evaluate([slo], ledger, "test", NOON + 11 * MINUTE).no_data == ()
    assert len(evaluate([slo], ledger, "test", NOON + 12 * MINUTE).no_data) == 1


def test_a_series_never_seen_is_given_its_time_to_appear() -> None:
    slo = an_slo()
    began = NOON - 2 * MINUTE
    assert evaluate([slo], MemoryLedger(), "test", NOON, watching_since=began).no_data == ()
    (late,) = evaluate([slo], MemoryLedger(), "test", NOON + HOUR, watching_since=began).no_data
    assert late.last_minute is None
    assert "no data has ever arrived" in late.explanation.en
    assert len(evaluate([slo], MemoryLedger(), "test", NOON).no_data) == 1


def test_each_label_value_is_judged_alone() -> None:
    slo = an_slo(indicator=counted_by("pair"))
    rows = [
        a_row(key_of(slo, (("pair", pair),)), NOON - MINUTE * i, good, 10)
        for i in range(1, 60)
        for pair, good in (("hot", 10), ("wide", 0))
    ]
    firing = evaluate([slo], ledger_of(rows), "test", NOON).firing
    assert {state.labels for state in firing} == {(("pair", "wide"),)}


def test_a_label_value_that_has_gone_for_a_whole_period_is_forgotten_unless_it_is_the_last() -> None:
    slo = an_slo(indicator=counted_by("pair"))
    old, new = key_of(slo, (("pair", "retired"),)), key_of(slo, (("pair", "hot"),))
    gone = ledger_of([a_row(old, NOON - 31 * DAY, 1, 1)])
    assert [silence.labels for silence in evaluate([slo], gone, "test", NOON).no_data] == [old.labels]
    gone.write([a_row(new, NOON - MINUTE, 1, 1)])
    evaluation = evaluate([slo], gone, "test", NOON)
    assert evaluation.no_data == ()
    assert {state.labels for state in evaluation.tiers} == {new.labels}
    recent = ledger_of([a_row(old, NOON - 29 * DAY, 1, 1), a_row(new, NOON - MINUTE, 1, 1)])
    assert [silence.labels for silence in evaluate([slo], recent, "test", NOON).no_data] == [old.labels]


def test_maintenance_pages_nobody() -> None:
    slo = an_slo()
    ledger = with_outage(slo, 30, 100)
    maintenance = Exclusion("e1", "shop/*", NOON - 30 * MINUTE, NOON + HOUR, "upgrade", "ana", NOON - DAY)
    assert fired(evaluate([slo], ledger, "test", NOON)) != []
    assert fired(evaluate([slo], ledger, "test", NOON, [maintenance])) == []


def test_environments_do_not_mix() -> None:
    slo = an_slo()
    assert fired(evaluate([slo], with_outage(slo, 30, 100), "production", NOON)) == []


class Platform:
    """The shipped availability SLO, its prober's journal, and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.journal = MemoryCountJournal("prober", self.clock)
        self.slo = load_catalogue().slo("credit/decision-availability")
        self.ledger = MemoryLedger()
        reader = MemoryCountReader([self.journal])
        self.collector = Collector([self.slo], reader, self.ledger, "test", self.clock)

    def minutes(self, count: int, result: str | None) -> None:
        """``count`` minutes with six probes each, or with the prober gone (``None``)."""
        for _ in range(count):
            if result is not None:
                probe = labels_of(target="decision-api", result=result)
                self.journal.add([CounterIncrement("probe_requests_total", probe, 6)])
            self.clock.advance(MINUTE)

    def evaluation(self) -> Evaluation:
        self.collector.collect()
        return evaluate([self.slo], self.ledger, "test", self.clock.now())


def test_three_dead_minutes_burn_availability_although_no_request_was_counted() -> None:
    platform = Platform()
    platform.minutes(60, "ok")
    assert fired(platform.evaluation()) == []
    platform.minutes(3, "failed")
    evaluation = platform.evaluation()
    assert fired(evaluation)[0] == "page-fast"
    assert evaluation.firing[0].long.counts.bad == 3
    assert "3 of 60 minutes bad in 1h" in evaluation.firing[0].explanation.en


def test_a_stopped_prober_is_no_data_after_three_minutes_and_burns_nothing() -> None:
    platform = Platform()
    platform.minutes(60, "ok")
    platform.minutes(2, None)
    assert platform.evaluation().no_data == ()
    platform.minutes(1, None)
    evaluation = platform.evaluation()
    assert [(silence.severity, silence.silent_for) for silence in evaluation.no_data] == [("P1", 3 * MINUTE)]
    assert fired(evaluation) == []
