"""When CloudWatch would fire: an evaluator of emitted alarm arguments, by AWS's published rules. *Modelled*.

It reads ``alarms.json`` (arguments of ``put_metric_alarm`` and ``put_composite_alarm``) and nothing of the
generator. Sources are pages of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/:

1. *Cadence* (``AlarmThatSendsEmail.html``, "Evaluating an alarm"): every minute for periods of a minute or
   more; once per hour, on data up to the full hour, when period x evaluation periods exceeds one day.
2. *Sliding window* (same section, and ``alarm-evaluation-window.html``): at minute 6 a five-minute period
   covers minutes 2 to 6; earlier data points are the periods before, end to end.
3. *Data points*: the statistic of each metric over the period, then metric math. A period without samples is
   missing (``Sum`` of nothing is not 0).
4. *Missing data* (``alarms-and-missing-data.html``): more points than N are retrieved; with N real ones the
   most recent N real ones are judged, else the missing ones are filled in as the alarm says, as few times as
   possible. How many more is documented by example only (five for N = 3): ``EXTRA_POINTS``.
5. *Premature alarms* (same page): with ``missing``, ALARM if the oldest breaching point is at least as old
   as M and all points after it are breaching or missing; its tables keep the state with ``ignore``.
6. *Composite alarms*: the rule over the children's states, in the same minute.

What is not published, and so not modelled: delays of ingestion and the second within the minute at which an
alarm is evaluated. Times are those of the evaluation that a minute's data first allows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from slo.model.errors import SourceError
from slo.simulate.metric_math import Node, Value, compiled
from slo.simulate.timeline import Span, spans_of

MINUTE = timedelta(minutes=1)
EXTRA_POINTS = 2
DAY_MINUTES = 1440

Alarm = Mapping[str, object]
MetricKey = tuple[str, str, tuple[tuple[str, str], ...]]


class AlarmState(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class MetricMinutes:
    """Sum of a metric's values in each minute from ``start``; ``None``: no sample, else one sample."""

    start: datetime
    sums: tuple[float | None, ...]


_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def alarm_spans(
    alarms: Sequence[Alarm], metrics: Mapping[MetricKey, MetricMinutes], start: datetime, minutes: int
) -> Mapping[str, tuple[Span, ...]]:
    """Stretches in which each alarm is in ALARM, by name, evaluated at the end of every minute.

    Raises:
        SourceError: an alarm this evaluator does not understand; says which and why.
    """
    states: dict[str, Sequence[AlarmState]] = {}
    for alarm in alarms:
        if "AlarmRule" not in alarm:
            states[_text(alarm, "AlarmName")] = MetricAlarm(alarm).states(metrics, minutes)
    for alarm in alarms:
        if "AlarmRule" in alarm:
            states[_text(alarm, "AlarmName")] = _composite(_text(alarm, "AlarmRule"), states, minutes)
    return {
        name: spans_of([state is AlarmState.ALARM for state in found], start, MINUTE)
        for name, found in states.items()
    }


class MetricAlarm:
    """One metric alarm: a single metric with a statistic, or metric math."""

    def __init__(self, alarm: Alarm) -> None:
        self.name = _text(alarm, "AlarmName")
        self._stats, self._math, self._result = _queries(alarm)
        periods = {stat.period for stat in self._stats.values()}
        if len(periods) != 1:
            raise SourceError(f"alarm {self.name}: its metrics have different periods {sorted(periods)}")
        self.period = periods.pop() // 60
        self.evaluation_periods = _whole(alarm, "EvaluationPeriods")
        self.datapoints = (
            _whole(alarm, "DatapointsToAlarm") if "DatapointsToAlarm" in alarm else (self.evaluation_periods)
        )
        self.missing = str(alarm.get("TreatMissingData", "missing"))
        self._compare = _COMPARE[_text(alarm, "ComparisonOperator")]
        self._threshold = float(str(alarm["Threshold"]))

    @property
    def multi_day(self) -> bool:
        return self.period * self.evaluation_periods > DAY_MINUTES

    def states(self, metrics: Mapping[MetricKey, MetricMinutes], minutes: int) -> Sequence[AlarmState]:
        """The state after each evaluation, from the start (nothing known) to the end of the last minute."""
        series = {name: _Series(stat, metrics.get(stat.metric)) for name, stat in self._stats.items()}
        seen: dict[int, bool | None] = {}
        state, found = AlarmState.INSUFFICIENT_DATA, []
        began = min((metric.start for metric in metrics.values()), default=None)
        for minute in range(minutes + 1):
            until = self._data_until(minute, began)
            if until is not None:
                for end in self._ends(until):
                    if end not in seen:
                        seen[end] = self._point(series, end)
                state = self.judged([seen[end] for end in self._ends(until)], state)
            found.append(state)
        return found

    def _data_until(self, minute: int, began: datetime | None) -> int | None:
        """The end of the data judged at ``minute``; ``None`` when nothing is evaluated then."""
        if not self.multi_day or began is None:
            return minute
        return minute if (began + MINUTE * minute).minute == 0 else None

    def _ends(self, until: int) -> Sequence[int]:
        """Ends of the periods retrieved, oldest first."""
        count = self.evaluation_periods + EXTRA_POINTS
        return [until - self.period * back for back in range(count - 1, -1, -1)]

    def _point(self, series: Mapping[str, _Series], end: int) -> bool | None:
        points: dict[str, Value] = {name: found.value(end) for name, found in series.items()}
        for name, node in self._math.items():
            points[name] = node(points)
        value = points[self._result]
        return None if value is None else self._compare(value, self._threshold)

    def judged(self, points: Sequence[bool | None], state: AlarmState) -> AlarmState:
        """The next state from breaching (true), not breaching and missing points, oldest first."""
        real = [point for point in points if point is not None]
        if len(real) >= self.evaluation_periods:
            return self._verdict(real[-self.evaluation_periods :])
        if self.missing in ("breaching", "notBreaching"):
            filled = [self.missing == "breaching"] * (self.evaluation_periods - len(real))
            return self._verdict(real + filled)
        return self._with_gaps(points, real, state)

    def _verdict(self, points: Sequence[bool]) -> AlarmState:
        return AlarmState.ALARM if sum(points) >= self.datapoints else AlarmState.OK

    def _with_gaps(
        self, points: Sequence[bool | None], real: Sequence[bool], state: AlarmState
    ) -> AlarmState:
        """``missing`` and ``ignore``: too few real points; a calm one says OK, breaching ones must be old."""
        if sum(real) >= self.datapoints:
            return AlarmState.ALARM
        if not all(real):
            return AlarmState.OK
        if self.missing == "ignore":
            return state
        ages = [len(points) - index for index, point in enumerate(points) if point]
        premature = bool(ages) and max(ages) >= self.datapoints
        return AlarmState.ALARM if premature else AlarmState.INSUFFICIENT_DATA


@dataclass(frozen=True, slots=True)
class _Stat:
    metric: MetricKey
    period: int
    statistic: str


class _Series:
    """A metric's statistic over any stretch of minutes, from running sums."""

    def __init__(self, stat: _Stat, minutes: MetricMinutes | None) -> None:
        self._stat = stat
        self._sums, self._samples = [0.0], [0]
        for value in minutes.sums if minutes is not None else ():
            self._sums.append(self._sums[-1] + (value or 0.0))
            self._samples.append(self._samples[-1] + (value is not None))

    def value(self, end: int) -> Value:
        low, high = max(0, end - self._stat.period // 60), max(0, min(end, len(self._sums) - 1))
        if low >= high:
            return None
        samples = self._samples[high] - self._samples[low]
        if not samples:
            return None
        return float(samples) if self._stat.statistic == "SampleCount" else self._sums[high] - self._sums[low]


def _queries(alarm: Alarm) -> tuple[dict[str, _Stat], dict[str, Node], str]:
    """Metrics, math in the order written, and the name of what is returned."""
    if "MetricName" in alarm:
        return {"metric": _stat(alarm, _text(alarm, "Statistic"), _whole(alarm, "Period"))}, {}, "metric"
    stats: dict[str, _Stat] = {}
    math: dict[str, Node] = {}
    result = ""
    queries = alarm["Metrics"]
    assert isinstance(queries, Sequence)
    for query in queries:
        name = _text(query, "Id")
        if "MetricStat" in query:
            inner = query["MetricStat"]
            stats[name] = _stat(inner["Metric"], str(inner["Stat"]), _whole(inner, "Period"))
        else:
            math[name] = compiled(_text(query, "Expression"))
        if query.get("ReturnData", True):
            result = name
    return stats, math, result


def _stat(metric: Mapping[str, object], statistic: str, period: int) -> _Stat:
    if statistic not in ("Sum", "SampleCount"):
        raise SourceError(
            f"statistic {statistic} of {metric.get('MetricName')} is not a count, so it is not evaluated"
        )
    return _Stat(metric_key(metric), period, statistic)


def metric_key(metric: Mapping[str, object]) -> MetricKey:
    """Namespace, name and sorted dimensions of a metric as boto3 writes it."""
    dimensions = metric.get("Dimensions", ())
    assert isinstance(dimensions, Sequence)
    pairs = tuple(sorted((str(item["Name"]), str(item["Value"])) for item in dimensions))
    return _text(metric, "Namespace"), _text(metric, "MetricName"), pairs


_CHILD = re.compile(r'(ALARM|OK|INSUFFICIENT_DATA)\("([^"]+)"\)')


def _composite(rule: str, states: Mapping[str, Sequence[AlarmState]], minutes: int) -> Sequence[AlarmState]:
    """Rules of children joined by AND: all that is emitted."""
    parts = [part.strip() for part in rule.split(" AND ")]
    found = [_CHILD.fullmatch(part) for part in parts]
    if not all(found):
        raise SourceError(f"composite rule {rule!r}: only ALARM, OK and INSUFFICIENT_DATA joined by AND")
    children = [(AlarmState(match[1]), states[match[2]]) for match in found if match is not None]
    return [
        AlarmState.ALARM if all(wanted is child[minute] for wanted, child in children) else AlarmState.OK
        for minute in range(minutes + 1)
    ]


def _text(of: Mapping[str, object], key: str) -> str:
    value = of.get(key)
    if not isinstance(value, str):
        raise SourceError(f"{key} is missing in {dict(of)!r:.120}")
    return value


def _whole(of: Mapping[str, object], key: str) -> int:
    value = of.get(key)
    if not isinstance(value, int):
        raise SourceError(f"{key} is missing in {dict(of)!r:.120}")
    return value
