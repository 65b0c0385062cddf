"""Patterns of inconsistency that are more than single records gone wrong (§8.3.5).

sudden_rise   differences are many times more frequent than in the checks before
one_class     nearly all differences of a pair are of one class: one cause, such as a lost delete
one_pair      nearly all differences are in one pair of stores: that store, or the way to it
lasting       the same record differs check after check: repair does not reach it
unchecked     the oldest record not yet compared grows older from check to check
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

ENOUGH = 10  # differences: fewer make no pattern
DOMINANT = 0.9
RISE = 4.0
BEFORE = 3  # checks to compare a rise with, at least
LASTING = 3  # checks in a row
UNCHECKED_GROWS = 4  # checks in a row
UNCHECKED_FOR = timedelta(hours=1)


class Pattern(StrEnum):
    SUDDEN_RISE = "sudden_rise"
    ONE_CLASS = "one_class"
    ONE_PAIR = "one_pair"
    LASTING = "lasting"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class PastCheck:
    """``places``: where the differences were, as far as they were kept."""

    pair: str
    checked_at: datetime
    compared: int
    by_class: Mapping[str, int]
    covered_since: datetime | None
    places: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @property
    def divergent(self) -> int:
        return sum(self.by_class.values())


def patterns(histories: Sequence[Sequence[PastCheck]]) -> Mapping[str, frozenset[Pattern]]:
    """By pair. Each history is one pair's checks, newest first, and not empty."""
    newest = [history[0] for history in histories]
    return {
        history[0].pair: frozenset(
            pattern
            for pattern, seen in (
                (Pattern.SUDDEN_RISE, _rises(history)),
                (Pattern.ONE_CLASS, _one_class(history[0])),
                (Pattern.ONE_PAIR, _one_pair(history[0], newest)),
                (Pattern.LASTING, _lasts(history)),
                (Pattern.UNCHECKED, _goes_unchecked(history)),
            )
            if seen
        )
        for history in histories
    }


def _rises(history: Sequence[PastCheck]) -> bool:
    now, before = history[0], history[1:]
    if len(before) < BEFORE or now.divergent < ENOUGH:
        return False
    differences, compared = sum(check.divergent for check in before), sum(check.compared for check in before)
    usual = (differences + 1) / (compared + 1)  # never zero: the first difference alone is not a rise
    return now.divergent / max(now.compared, 1) > RISE * usual


def _one_class(check: PastCheck) -> bool:
    return check.divergent >= ENOUGH and max(check.by_class.values()) >= DOMINANT * check.divergent


def _one_pair(check: PastCheck, newest: Sequence[PastCheck]) -> bool:
    everywhere = sum(other.divergent for other in newest)
    return len(newest) > 1 and everywhere >= ENOUGH and check.divergent >= DOMINANT * everywhere


def _lasts(history: Sequence[PastCheck]) -> bool:
    if len(history) < LASTING:
        return False
    return bool(frozenset.intersection(*(check.places for check in history[:LASTING])))


def _goes_unchecked(history: Sequence[PastCheck]) -> bool:
    if len(history) < UNCHECKED_GROWS:
        return False
    since = [check.covered_since or history[-1].checked_at for check in history[:UNCHECKED_GROWS]]
    return len(set(since)) == 1 and history[0].checked_at - since[0] > UNCHECKED_FOR
