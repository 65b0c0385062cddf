"""A line, its alert and its target are one number: each lie alone is found, and nothing else is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest

from alarms.generate.cloudwatch.every_alarm import every_alarm
from alarms.model.indicator import IndicatorAlarm, Measure
from alarms.model.watch_list import WatchList
from dashboards.model.board import Board, Panel, Shape, Threshold
from dashboards.model.palette import State
from dashboards.standard.source import Source
from dashboards.truth import line_gate
from dashboards.truth.known_series import rules
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_boards, shipped_source, shipped_watched

BURN = "burn-credit-decision-latency-main-page-fast"
ALERT = "CreditDecisionLatencyBurnPageFast"
ALARM = "mirante-test-credit-decision-latency-main-page-fast"

RULES = rules(shipped_source())
ALARMS = every_alarm(shipped(), shipped_watched(), ENVIRONMENT)


def board_named(name: str) -> Board:
    return next(board for board in shipped_boards() if board.name == name)


def watching(source: Source, *indicators: IndicatorAlarm) -> Source:
    return dataclasses.replace(source, watched=WatchList(indicators))


def found(
    board: Board,
    source: Source | None = None,
    rules: Sequence[line_gate.Generated] = RULES,
    alarms: Sequence[line_gate.Generated] = ALARMS,
) -> list[str]:
    return [str(one) for one in line_gate.of_boards([board], source or shipped_source(), rules, alarms)]


def with_panel(board: Board, panel_id: str, change: Callable[[Panel], Panel]) -> Board:
    rows = tuple(
        dataclasses.replace(row, panels=tuple(change(p) if p.id == panel_id else p for p in row.panels))
        for row in board.rows
    )
    return dataclasses.replace(board, rows=rows)


def with_lines(board: Board, panel_id: str, *values: Fraction) -> Board:
    lines = tuple(Threshold(value, State.BAD) for value in values)
    return with_panel(board, panel_id, lambda panel: dataclasses.replace(panel, thresholds=lines))


def lying_rules(name: str, right: str, wrong: str) -> list[line_gate.Generated]:
    return [
        {**rule, "expr": str(rule["expr"]).replace(right, wrong)} if rule.get("alert") == name else rule
        for rule in RULES
    ]


def lying_alarms(name: str, **told: object) -> list[line_gate.Generated]:
    return [alarm | told if alarm["AlarmName"] == name else alarm for alarm in ALARMS]


@pytest.fixture(params=["slo-credit-decision-latency", "operations", "security"])
def honest_board(request: pytest.FixtureRequest) -> Board:
    return board_named(str(request.param))


def test_an_honest_board_has_no_finding(honest_board: Board) -> None:
    assert found(honest_board) == []


@pytest.mark.parametrize("lines", [(), (Fraction(14),), (Fraction(72, 5), Fraction(6))])
def test_a_burn_panel_has_exactly_the_line_of_its_tier(lines: tuple[Fraction, ...]) -> None:
    (one,) = found(with_lines(board_named("slo-credit-decision-latency"), BURN, *lines))
    shown = ", ".join(str(float(value)) for value in sorted(lines)) or "nothing"
    assert f"panel {BURN}: its line says {shown}, but the definition says 14.4" in one


@pytest.mark.parametrize("wrong", ["14.5", "6"])
def test_an_alert_that_compares_another_factor_in_one_window_alone_is_found(
    wrong: str,
) -> None:
    rules = lying_rules(ALERT, "> 14.4\nand", f"> {wrong}\nand")
    (one,) = found(board_named("slo-credit-decision-latency"), rules=rules)
    assert f"the alert {ALERT} says" in one


@pytest.mark.parametrize("half", ["long", "short"])
def test_a_cloudwatch_alarm_with_another_threshold_is_found(half: str) -> None:
    alarms = lying_alarms(f"{ALARM}-{half}", Threshold=14.0)
    (one,) = found(board_named("slo-credit-decision-latency"), alarms=alarms)
    assert f"the CloudWatch alarm {ALARM}-{half} says 14.0" in one


def test_an_alarm_that_counts_slices_has_a_threshold_of_another_kind() -> None:
    alarms = lying_alarms(f"{ALARM}-long", Threshold=0.1, EvaluationPeriods=60)
    assert found(board_named("slo-credit-decision-latency"), alarms=alarms) == []


def test_a_tier_that_has_no_cloudwatch_alarm_is_held_against_none() -> None:
    assert found(board_named("slo-credit-decision-latency"), alarms=[]) == []


def test_an_achieved_panel_is_held_against_its_target() -> None:
    panel = "achieved-credit-decision-latency-main"
    (one,) = found(with_lines(board_named("slo-credit-decision-latency"), panel, Fraction(9, 10)))
    assert f"panel {panel}: its threshold says 0.9, but the definition says 0.95" in one


def test_a_chart_of_what_an_indicator_watches_needs_its_line_and_may_have_more() -> None:
    operations = board_named("operations")
    (one,) = found(with_lines(operations, "ingest-lag", Fraction(59)))
    assert "no line marks where IngestLagHigh fires; its lines says 59.0, but the definition says 60.0" in one
    assert found(with_lines(operations, "ingest-lag", Fraction(59), Fraction(60))) == []


def test_only_a_line_chart_is_held_against_an_indicator() -> None:
    bare = with_panel(
        board_named("operations"),
        "ingest-lag",
        lambda panel: dataclasses.replace(panel, shape=Shape.STAT, thresholds=()),
    )
    assert found(bare) == []


def test_an_indicator_alert_or_alarm_that_says_another_number_is_found() -> None:
    rules = lying_rules("IngestLagHigh", "> 60", "> 61")
    alarms = lying_alarms("mirante-test-ingest-lag-high", Threshold=62.0)
    alert, alarm = found(board_named("operations"), rules=rules, alarms=alarms)
    assert "the alert IngestLagHigh says 61.0, but the definition says 60.0" in alert
    assert "the CloudWatch alarm of IngestLagHigh says 62.0, but the definition says 60.0" in alarm


def test_a_chart_of_other_labels_or_another_measure_is_not_what_the_indicator_watches() -> None:
    """Throttled requests are an increase of one status; a chart of all requests needs no such line."""
    source = shipped_source()
    throttled = source.indicator("RequestsThrottled")
    lag = source.indicator("IngestLagHigh")
    assert throttled is not None
    assert lag is not None
    security, operations = board_named("security"), board_named("operations")
    moved = [
        dataclasses.replace(throttled, where={"status": "500"}, threshold=Fraction(7)),
        dataclasses.replace(lag, where={"shard": "1"}, threshold=Fraction(7)),
    ]
    others = watching(source, *moved)
    assert found(security, others) == []
    assert found(operations, others) == []
    grown = dataclasses.replace(lag, measure=Measure.INCREASE, threshold=Fraction(7))
    assert found(operations, watching(source, grown)) == []
    same = dataclasses.replace(throttled, threshold=Fraction(7))
    assert found(security, watching(source, same))


def test_a_chart_of_what_must_never_happen_needs_no_line_at_zero() -> None:
    source = shipped_source()
    lag = source.indicator("IngestLagHigh")
    assert lag is not None
    never = watching(source, dataclasses.replace(lag, threshold=Fraction(0)))
    said = found(board_named("operations"), never)
    assert said
    assert not any("no line marks" in one for one in said)


def test_a_tier_that_names_its_alert_itself_is_held_against_that_alert() -> None:
    catalogue, wanted = shipped(), ("credit/decision-latency", "page-fast")
    slos = [
        dataclasses.replace(
            slo,
            tiers=tuple(
                dataclasses.replace(tier, alert_name="OwnName") if (slo.id, tier.name) == wanted else tier
                for tier in slo.tiers
            ),
        )
        for slo in catalogue.slos
    ]
    source = dataclasses.replace(shipped_source(), catalogue=dataclasses.replace(catalogue, slos=tuple(slos)))
    board = board_named("slo-credit-decision-latency")
    named = [{**rule, "alert": "OwnName"} if rule.get("alert") == ALERT else rule for rule in RULES]
    assert found(board, source, rules=named) == []
    (one,) = found(board, source, rules=RULES)
    assert "the alert OwnName says nothing" in one


def test_tiers_that_share_one_alert_name_are_each_held_against_their_own_alert() -> None:
    """Sloth's files name one alert for all of an SLO's tiers."""
    catalogue = shipped()
    slos = tuple(
        dataclasses.replace(
            slo, tiers=tuple(dataclasses.replace(tier, alert_name="Shared") for tier in slo.tiers)
        )
        for slo in catalogue.slos
    )
    source = dataclasses.replace(shipped_source(), catalogue=dataclasses.replace(catalogue, slos=slos))
    board = board_named("slo-credit-decision-latency")
    assert found(board, source, rules=rules(source)) == []
    lying = with_lines(board, BURN, Fraction(6))
    assert len(found(lying, source, rules=rules(source))) == 1
