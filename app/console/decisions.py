"""Decision figures for the executive board, counted from the services' own journals of counters."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from app.console.ports import DecisionSlice
from credit.metrics import DECISION_AMOUNT, DECISION_DURATION, DECISIONS
from slo.ledger.minute_counts import CountReader, MinuteCount

ANSWERED = ("ok", "degraded")
_BUCKET = f"{DECISION_DURATION.name}_bucket"
_WATCHED = {DECISIONS.name, _BUCKET}


class JournalDecisions:
    """``DecisionHistory`` over a ``CountReader``: exact counts, a minute each, summed into slices."""

    def __init__(self, reader: CountReader) -> None:
        self._reader = reader

    def slices(self, since: datetime, until: datetime, length: timedelta) -> Sequence[DecisionSlice]:
        """Slices between multiples of ``length``; the first and the last are cut to ``[since, until)``."""
        edges = _edges(since, until, length)
        sums = [_Sums() for _ in edges[1:]]
        for count in self._reader.read(since, until):
            sums[bisect_right(edges, count.minute) - 1].add(count)
        alive = Counter(bisect_right(edges, minute) - 1 for minute in self._heard(since, until))
        return [
            part.slice(begin, end - begin, alive[index])
            for index, (part, (begin, end)) in enumerate(zip(sums, pairwise(edges), strict=True))
        ]

    def _heard(self, since: datetime, until: datetime) -> set[datetime]:
        """Minutes in which a source that counts decisions said it was alive."""
        counting = {source for source, names in self._reader.names().items() if names & _WATCHED}
        spoke = self._reader.alive(since, until)
        return {minute for source in counting & spoke.keys() for minute in spoke[source]}


def _edges(since: datetime, until: datetime, length: timedelta) -> list[datetime]:
    midnight = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + ((since - midnight) // length + 1) * length
    inner = [first + i * length for i in range(max(0, -(-(until - first) // length)))]
    return [since, *inner, until] if until > since else [since]


class _Sums:
    def __init__(self) -> None:
        self._outcomes: dict[str, int] = defaultdict(int)
        self._amounts: dict[str, int] = defaultdict(int)
        self._within: dict[float, int] = defaultdict(int)

    def add(self, count: MinuteCount) -> None:
        labels = dict(count.labels)
        if count.name == DECISIONS.name:
            self._outcomes[labels["decision"]] += count.value
        elif count.name == DECISION_AMOUNT.name:
            self._amounts[labels["decision"]] += count.value
        elif count.name == _BUCKET and labels["outcome"] in ANSWERED:
            self._within[float(labels["le"].replace("+Inf", "inf"))] += count.value

    def slice(self, start: datetime, length: timedelta, known_minutes: int) -> DecisionSlice:
        within = dict(sorted(self._within.items()))
        return DecisionSlice(start, length, known_minutes, dict(self._outcomes), dict(self._amounts), within)


def summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Sums by key."""
    total: dict[str, int] = defaultdict(int)
    for part in parts:
        for key, value in part.items():
            total[key] += value
    return dict(total)


def share_within(slices: Iterable[DecisionSlice], seconds: float) -> float | None:
    """Share of answers in at most ``seconds`` (a bucket edge); None without answers."""
    parts = list(slices)
    answered = sum(part.answered_within.get(math.inf, 0) for part in parts)
    quick = sum(part.answered_within.get(seconds, 0) for part in parts)
    return quick / answered if answered else None


def typical_bound(slices: Iterable[DecisionSlice], share: float) -> float | None:
    """The smallest bucket edge, in seconds, within which at least ``share`` of the answers came.

    Infinite when they took longer than the last edge; None without answers.
    """
    within: dict[float, int] = defaultdict(int)
    for part in slices:
        for edge, count in part.answered_within.items():
            within[edge] += count
    answered = within.get(math.inf, 0)
    if not answered:
        return None
    return min((edge for edge, count in within.items() if count >= share * answered), default=math.inf)
