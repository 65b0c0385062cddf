"""What a Prometheus recorded, asked as gently as the answer allows.

Counts of up to an hour are asked at every evaluation. Longer windows are added up from five-minute counts,
five of which hold every event, so that a month is read once and not once for each window: an event then
enters and leaves a long window spread over five minutes, and what it says is up to that late. Any other
expression with a longer range is asked a hundred times within that range.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from foundation.quantities import range_text
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.errors import SourceError, TooMuch
from slo.model.periods import MINUTE
from slo.proof.columns import Axis, Column, Labels, Vector, labels_of, sums_over
from slo.proof.errors import Unsupported
from slo.proof.replay import RuleHistory

BASE = timedelta(minutes=5)
LONGEST_DIRECT = timedelta(hours=1)
FIRST_POINTS = 500
MOST_POINTS = 10_000  # of one answer; Prometheus refuses more than 11,000
LEAST_POINTS = 20
MOST_TOUCHED = 20_000_000  # samples that one question should make the server read
MOST_VALUES = 400_000  # of one answer
MOST_GROUPS = 200
Points = list[tuple[float, float]]
_MISSING = -1.7976931348623157e308


class PrometheusHistory:
    """A ``RuleHistory``; ``touched`` is how many samples the server says it has read for it."""

    def __init__(
        self, server: PrometheusQueries, axis: Axis, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        self._server, self._axis, self._progress = server, axis, progress
        self._answers: dict[tuple[str, timedelta], Mapping[Labels, array[float]]] = {}
        self.touched = 0
        self.questions = 0
        self.coarse: dict[str, timedelta] = {}  # what was asked less often than it is evaluated

    @property
    def axis(self) -> Axis:
        return self._axis

    def forget(self) -> None:
        self._answers.clear()

    def counted(self, function: str, selector: str, grouping: str | None, window: timedelta) -> Vector:
        if window <= LONGEST_DIRECT:
            return self._answer(_counting(function, selector, grouping, window), self._axis.step)
        base = self._answer(_counting(function, selector, grouping, BASE), self._axis.step)
        share, steps = BASE / self._axis.step, self._axis.steps(window)
        return {
            labels: [None if value is None else value / share for value in sums_over(column, steps)[0]]
            for labels, column in base.items()
        }

    def asked(self, expr: str, longest: timedelta) -> Vector:
        step = self._axis.step
        if longest > LONGEST_DIRECT:
            step = max(step, longest / 100 // MINUTE * MINUTE)
            self.coarse[expr] = step
        return self._answer(expr, step)

    def _answer(self, expr: str, step: timedelta) -> Vector:
        key = (expr, step)
        if key not in self._answers:
            self._answers[key] = self._asked(expr, step)
        return {labels: _unpacked(values) for labels, values in self._answers[key].items()}

    def _asked(self, expr: str, step: timedelta) -> Mapping[Labels, array[float]]:
        found: dict[Labels, array[float]] = {}
        hold = self._axis.steps(step)
        for pairs in self._pieces(expr, step):
            for labels, points in pairs:
                column = found.get(labels)
                if column is None:
                    if len(found) == MOST_GROUPS:
                        raise Unsupported(f"more than {MOST_GROUPS} label sets of {expr}")
                    column = found[labels] = array("d", [_MISSING]) * self._axis.count
                for at, value in points:
                    first = self._axis.index_of_seconds(at)
                    for index in range(first, min(first + hold, self._axis.count)):
                        column[index] = value
        return found

    def _pieces(self, expr: str, step: timedelta) -> Iterator[list[tuple[Labels, Points]]]:
        """Answers one after the other; each as long as the one before suggests."""
        left, points = -(-self._axis.count * self._axis.step // step), FIRST_POINTS
        start = self._axis.start
        while left > 0:
            points = min(points, left)
            self._progress(f"asking {start:%Y-%m-%d %H:%M}: {expr}")
            try:
                series, touched = self._question(expr, start, points, step)
            except TooMuch:
                if points <= LEAST_POINTS:
                    raise
                points = max(LEAST_POINTS, points // 4)
                continue
            yield series
            left -= points
            start += step * points
            points = _next(points, touched, sum(len(values) for _, values in series))

    def _question(
        self, expr: str, start: datetime, points: int, step: timedelta
    ) -> tuple[list[tuple[Labels, Points]], int]:
        end = start + step * (points - 1)
        data = self._server.ask(
            "query_range",
            {
                "query": expr,
                "start": f"{start.timestamp():.3f}",
                "end": f"{end.timestamp():.3f}",
                "step": f"{step.total_seconds():.3f}",
                "stats": "1",
            },
        )
        self.questions += 1
        touched = _touched(data)
        self.touched += touched
        try:
            series = [
                (labels_of(one["metric"]), [(float(at), float(value)) for at, value in one.get("values", ())])
                for one in data["result"]
            ]
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise SourceError(
                f"{self._server.shown_url} answered {expr!r} with no matrix; is it Prometheus?"
            ) from error
        return series, touched


def _touched(data: object) -> int:
    """0 where the server keeps no count (before 2.36, or another one)."""
    try:
        return int(data["stats"]["samples"]["totalQueryableSamples"])  # type: ignore[index]
    except (LookupError, TypeError, ValueError):
        return 0


def _next(points: int, touched: int, values: int) -> int:
    """How many to ask for next: more by at most four times."""
    fits = min(
        MOST_TOUCHED * points // touched if touched else MOST_POINTS,
        MOST_VALUES * points // values if values else MOST_POINTS,
        points * 4,
        MOST_POINTS,
    )
    return max(LEAST_POINTS, fits)


def _counting(function: str, selector: str, grouping: str | None, window: timedelta) -> str:
    inner = f"{function}({selector}[{range_text(window)}])"
    return inner if grouping is None else f"sum {grouping}({inner})"


def _unpacked(values: array[float]) -> Column:
    return [None if value == _MISSING else value for value in values]


class OfGroup:
    """The part of a ``RuleHistory`` that belongs to one group: whatever says nothing else of its labels."""

    def __init__(self, whole: RuleHistory, group: Mapping[str, str]) -> None:
        self._whole, self._group = whole, group

    @property
    def axis(self) -> Axis:
        return self._whole.axis

    def counted(self, function: str, selector: str, grouping: str | None, window: timedelta) -> Vector:
        return self._own(self._whole.counted(function, selector, grouping, window))

    def asked(self, expr: str, longest: timedelta) -> Vector:
        return self._own(self._whole.asked(expr, longest))

    def _own(self, vector: Vector) -> Vector:
        return {
            labels: column
            for labels, column in vector.items()
            if all(self._group.get(key, value) == value for key, value in labels)
        }
