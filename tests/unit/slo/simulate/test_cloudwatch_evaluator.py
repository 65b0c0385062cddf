"""CloudWatch's published behaviour, row by row, on alarms written as boto3 arguments.

Tables and rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
("How alarm state is evaluated when data is missing", "Avoiding premature transitions to alarm state") and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
("Evaluating an alarm", "Example of evaluating a multi-day alarm").
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import slo.simulate.cloudwatch_evaluator as evaluator
from slo.model.errors import SourceError
from slo.simulate import metric_math
from slo.simulate.cloudwatch_evaluator import AlarmState, MetricAlarm, MetricMinutes, alarm_spans
from slo.simulate.metric_math import MetricMathError, compiled
from tests.support.slo_samples import HOUR, MINUTE, NOON

OK, ALARM, UNKNOWN = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
KEPT = "retain current state"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")

# Data points (most recent on the right) and the states for missing, ignore, breaching and notBreaching.
Row = tuple[str, tuple[AlarmState | str, ...]]
THREE_OF_THREE: list[Row] = [
    ("0 - X - X", (OK, OK, OK, OK)),
    ("0 - - - -", (OK, OK, OK, OK)),
    ("- - - - -", (UNKNOWN, KEPT, ALARM, OK)),
    ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", (ALARM, KEPT, ALARM, OK)),
]
TWO_OF_THREE: list[Row] = [
    ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", (OK, OK, ALARM, OK)),
    ("- - - - 0", (OK, OK, ALARM, OK)),
    ("- - - X -", (ALARM, KEPT, ALARM, OK)),
]


def an_alarm(
    name: str = "a",
    n: int = 3,
    m: int = 3,
    period: int = 300,
    missing: str = "missing",
    threshold: float = 3.0,
) -> dict[str, object]:
    return {
        "AlarmName": name,
        "Namespace": "N",
        "MetricName": "M",
        "Dimensions": [],
        "Statistic": "Sum",
        "Period": period,
        "EvaluationPeriods": n,
        "DatapointsToAlarm": m,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": missing,
    }


def rows(table: list[Row], m: int) -> list[tuple[int, str, str, object]]:
    return [
        (m, points, treatment, expected)
        for points, states in table
        for treatment, expected in zip(TREATMENTS, states, strict=True)
    ]


@pytest.mark.parametrize(
    ("m", "points", "missing", "expected"), rows(THREE_OF_THREE, 3) + rows(TWO_OF_THREE, 2)
)
@pytest.mark.parametrize("before", list(AlarmState))
def test_missing_data_is_treated_as_the_published_tables_say(
    m: int, points: str, missing: str, expected: object, before: AlarmState
) -> None:
    alarm = MetricAlarm(an_alarm(m=m, missing=missing))
    parsed = [{"0": False, "X": True, "-": None}[point] for point in points.split()]
    assert alarm.judged(parsed, before) == (before if expected is KEPT else expected)


@pytest.mark.parametrize("points", ["- - - - X", "- - - X -"])
def test_a_lone_breaching_point_waits_until_it_is_as_old_as_m(points: str) -> None:
    """The examples under "Avoiding premature transitions": not ALARM yet, whatever it was before."""
    parsed = [{"X": True, "-": None}[point] for point in points.split()]
    assert MetricAlarm(an_alarm()).judged(parsed, OK) is not ALARM


@pytest.mark.parametrize("points", ["- - - X 0", "- - X - 0"])
def test_a_calm_point_after_the_breaching_one_keeps_it_ok(points: str) -> None:
    parsed = [{"0": False, "X": True, "-": None}[point] for point in points.split()]
    assert MetricAlarm(an_alarm()).judged(parsed, OK) is OK


def metric(*sums: float | None) -> dict[evaluator.MetricKey, MetricMinutes]:
    return {("N", "M", ()): MetricMinutes(NOON, tuple(sums))}


def test_the_figure_of_the_manual_three_of_three_above_three() -> None:
    """Breaches in periods 3 to 5 fire in the fifth; a calm sixth resets; a lone ninth does nothing."""
    sums = [2.0, 2.0, 4.0, 4.0, 4.0, 2.0, 2.0, 2.0, 4.0, 2.0]
    spans = alarm_spans([an_alarm(period=60)], metric(*sums), NOON, len(sums))["a"]
    assert [((s.start - NOON) // MINUTE, s.end and (s.end - NOON) // MINUTE) for s in spans] == [(5, 6)]


def test_a_five_minute_period_slides_with_every_minute() -> None:
    """At the end of minute 6 it covers minutes 2 to 6."""
    sums = [0.0] * 5 + [4.0] + [0.0] * 10
    alarm = an_alarm(n=1, m=1, period=300)
    (span,) = alarm_spans([alarm], metric(*sums), NOON, len(sums))["a"]
    assert ((span.start - NOON) // MINUTE, (span.end or NOON) - span.start) == (6, 5 * MINUTE)


def test_a_multi_day_alarm_is_evaluated_once_an_hour_on_data_up_to_the_full_hour() -> None:
    """The manual's example: a failure at 10:02 is not seen before 11:00."""
    minutes = 30 * 60
    sums = [0.0] * minutes
    sums[22 * 60 + 2] = 10.0  # noon + 22:02 is 10:02 of the next day
    alarm = an_alarm(n=1, m=1, period=3 * 86_400)
    (span,) = alarm_spans([alarm], metric(*sums), NOON, minutes)["a"]
    assert span.start == NOON + 23 * HOUR


def test_a_day_in_all_is_still_evaluated_every_minute() -> None:
    assert not MetricAlarm(an_alarm(n=1, m=1, period=86_400)).multi_day
    assert MetricAlarm(an_alarm(n=1, m=1, period=90_000)).multi_day


def test_a_sum_of_nothing_is_missing_and_not_zero() -> None:
    alarm = an_alarm(n=1, m=1, period=60, missing="breaching", threshold=-1.0)
    assert MetricAlarm(alarm).states(metric(None, 0.0), 2) == [ALARM, ALARM, ALARM]
    calm = an_alarm(n=1, m=1, period=60, missing="notBreaching", threshold=-1.0)
    assert MetricAlarm(calm).states(metric(None, 0.0), 2) == [OK, OK, ALARM]


def test_a_metric_that_stopped_is_judged_by_its_last_points_for_a_while() -> None:
    """The note on re-evaluating the last data points after a metric has stopped flowing."""
    alarm = an_alarm(n=1, m=1, period=60, missing="notBreaching")
    assert MetricAlarm(alarm).states(metric(9.0, None, None, None), 4)[1:] == [ALARM, ALARM, ALARM, OK]


def test_a_composite_fires_while_all_its_children_do() -> None:
    children = [an_alarm("slow", n=1, m=1, period=180, threshold=5.0), an_alarm("fast", n=1, m=1, period=60)]
    both = {"AlarmName": "both", "AlarmRule": 'ALARM("slow") AND ALARM("fast")'}
    sums = [0.0, 4.0, 4.0, 4.0, 0.0, 0.0, 0.0]
    spans = alarm_spans([*children, both], metric(*sums), NOON, len(sums))
    assert {name: [(s.start - NOON) // MINUTE for s in found] for name, found in spans.items()} == {
        "slow": [3],
        "fast": [2],
        "both": [3],
    }
    assert spans["both"][0].end == NOON + 5 * MINUTE


def math_alarm(expression: str) -> dict[str, object]:
    def stat(name: str, metric_name: str) -> dict[str, object]:
        metric = {"Namespace": "N", "MetricName": metric_name, "Dimensions": []}
        return {
            "Id": name,
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }

    burn = {"Id": "burn", "Expression": expression, "ReturnData": True}
    alarm = an_alarm(n=1, m=1, missing="notBreaching", threshold=10.0)
    kept = {
        k: v
        for k, v in alarm.items()
        if k not in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    }
    return {**kept, "Metrics": [stat("total", "T"), stat("good", "G"), burn]}


def test_metric_math_decides_from_both_counts() -> None:
    alarm = math_alarm("IF(total > 0, (total - FILL(good, 0)) / total / 0.01)")
    metrics: dict[evaluator.MetricKey, MetricMinutes] = {
        ("N", "T", ()): MetricMinutes(NOON, (100.0, 100.0, 100.0, 0.0)),
        ("N", "G", ()): MetricMinutes(NOON, (90.0, 89.0, None, None)),
    }
    assert MetricAlarm(alarm).states(metrics, 3) == [OK, OK, ALARM, ALARM]


@pytest.mark.parametrize(
    ("expression", "points", "value"),
    [
        ("a + b * 2 - 1", {"a": 1.0, "b": 2.0}, 4.0),
        ("(a + b) * 2", {"a": 1.0, "b": 2.0}, 6.0),
        ("a / b", {"a": 1.0, "b": 0.0}, None),
        ("a + b", {"a": None, "b": 1.0}, None),
        ("FILL(a, 0) + b", {"a": None, "b": 1.0}, 1.0),
        ("IF(a > 0, b, 7)", {"a": 0.0, "b": None}, 7.0),
        ("IF(a > 0, b)", {"a": 0.0, "b": 1.0}, None),
        ("IF(a, b)", {"a": None, "b": 1.0}, None),
        ("a >= 1.5e1", {"a": 15.0}, 1.0),
        ("-a", {"a": 2.0}, -2.0),
    ],
)
def test_metric_math_of_single_points(
    expression: str, points: dict[str, float | None], value: float | None
) -> None:
    assert compiled(expression)(points) == value


@pytest.mark.parametrize(
    "expression",
    ["ANOMALY_DETECTION_BAND(a, 2)", "a +", "a b", "(a", "SUM(METRICS())", "a ^ 2", "FILL(a)", ""],
)
def test_metric_math_beyond_counts_is_refused_by_name(expression: str) -> None:
    with pytest.raises(MetricMathError):
        compiled(expression)


def test_alarms_it_does_not_understand_are_refused() -> None:
    with pytest.raises(SourceError, match="p99"):
        MetricAlarm({**an_alarm(), "Statistic": "p99"})
    rule = {"AlarmName": "c", "AlarmRule": 'ALARM("a") OR ALARM("b")'}
    with pytest.raises(SourceError, match="joined by AND"):
        alarm_spans([rule], {}, NOON, 1)


def test_the_evaluator_shares_no_code_with_the_generator() -> None:
    for module in (evaluator, metric_math):
        assert module.__file__ is not None
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not any(
            name.startswith(("slo.cloudwatch", "slo.prometheus", "slo.model.spec")) for name in imported
        )
