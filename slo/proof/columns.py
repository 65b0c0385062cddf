"""Vectors over time: each label set with one value for every evaluation, ``None`` where it has none."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slo.model.periods import MINUTE

Labels = tuple[tuple[str, str], ...]
Column = list[float | None]
Vector = dict[Labels, Column]
NO_LABELS: Labels = ()
_SCALE = 2**44  # sums are exact to this fraction of one; what cancels leaves nothing behind


@dataclass(frozen=True, slots=True)
class Axis:
    """Evaluations from ``start``, ``step`` apart."""

    start: datetime
    count: int
    step: timedelta = MINUTE

    @property
    def end(self) -> datetime:
        """The last evaluation."""
        return self.at(self.count - 1)

    def at(self, index: int) -> datetime:
        return self.start + self.step * index

    def index(self, instant: datetime) -> int:
        return round((instant - self.start) / self.step)

    def index_of_seconds(self, seconds: float) -> int:
        return round((seconds - self.start.timestamp()) / self.step.total_seconds())

    def steps(self, length: timedelta) -> int:
        return length // self.step

    def empty(self) -> Column:
        return [None] * self.count


def labels_of(labels: Mapping[str, str]) -> Labels:
    """Without the metric's name, which no operation keeps."""
    return tuple(sorted((key, value) for key, value in labels.items() if key != "__name__"))


def with_labels(vector: Vector, added: Mapping[str, str]) -> Vector:
    """As a rule adds its own; an empty one removes."""
    found: Vector = {}
    for labels, column in vector.items():
        merged = {key: value for key, value in {**dict(labels), **added}.items() if value}
        key = labels_of(merged)
        found[key] = joined(found[key], column) if key in found else column
    return found


def joined(first: Sequence[float | None], second: Sequence[float | None]) -> Column:
    """``first`` where it has a value, else ``second``."""
    return [b if a is None else a for a, b in zip(first, second, strict=True)]


def mapped(vector: Vector, change: Callable[[float], float | None]) -> Vector:
    return {
        labels: [None if value is None else change(value) for value in column]
        for labels, column in vector.items()
    }


def summed(columns: Iterable[Column]) -> Column:
    found: Column = []
    for column in columns:
        if not found:
            found = list(column)
            continue
        found = [b if a is None else a if b is None else a + b for a, b in zip(found, column, strict=True)]
    return found


def sums_over(column: Column, steps: int, every: Sequence[bool] | None = None) -> tuple[Column, Column]:
    """Sum and number of the values of the last ``steps`` evaluations, this one included.

    A value that is not finite spoils every sum it is in. ``every`` says which evaluations count at all.
    """
    sums, counts, spoilt = [0], [0], [0]
    for index, value in enumerate(column):
        known = value is not None and (every is None or every[index])
        finite = known and value is not None and math.isfinite(value)
        sums.append(sums[-1] + (round(value * _SCALE) if finite and value is not None else 0))
        counts.append(counts[-1] + known)
        spoilt.append(spoilt[-1] + (known and not finite))
    added: Column = []
    number: Column = []
    for index in range(1, len(sums)):
        before = max(0, index - steps)
        count = counts[index] - counts[before]
        number.append(float(count) if count else None)
        if not count:
            added.append(None)
        elif spoilt[index] - spoilt[before]:
            added.append(math.nan)
        else:
            added.append((sums[index] - sums[before]) / _SCALE)
    return added, number


def best_over(column: Column, steps: int, better: Callable[[float, float], bool]) -> Column:
    """The best value of the last ``steps`` evaluations."""
    found: Column = []
    kept: deque[tuple[int, float]] = deque()
    for index, value in enumerate(column):
        while kept and kept[0][0] <= index - steps:
            kept.popleft()
        if value is not None and not math.isnan(value):
            while kept and not better(kept[-1][1], value):
                kept.pop()
            kept.append((index, value))
        found.append(kept[0][1] if kept else None)
    return found
