"""Pages of two runs side by side: which are the same, which moved, which are only in one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from alarms.model.incident import Incident
from alarms.reports.page import ToldPage

SAME_TIME = timedelta(minutes=1)
MOVED_AT_MOST = timedelta(days=7)
OPENED_TOGETHER = timedelta(minutes=15)
Related = dict[str, set[str]]  # incidents of one run, and those of the other that have held the same alerts


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class PageReason:
    """``kind`` is one word to count by: silence, cause, flapping, storm, grouping, severity ..."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class PageChange:
    """``old`` and ``new`` are one and the same page of what was added or removed."""

    kind: ChangeKind
    old: ToldPage
    new: ToldPage
    reason: PageReason


class ExplainsPages(Protocol):
    def removed(self, page: ToldPage) -> PageReason: ...

    def added(self, page: ToldPage) -> PageReason: ...

    def moved(self, before: ToldPage, after: ToldPage) -> PageReason: ...


def compare(
    before: Sequence[ToldPage],
    after: Sequence[ToldPage],
    related: Mapping[str, Set[str]],
    reasons: ExplainsPages,
) -> list[PageChange]:
    """By time."""
    pairs = match(before, after, related)
    gone, come = {id(one) for one, _ in pairs}, {id(other) for _, other in pairs}
    moved = [
        PageChange(ChangeKind.MOVED, one, other, reasons.moved(one, other))
        for one, other in pairs
        if not is_same(one, other)
    ]
    removed = [
        PageChange(ChangeKind.REMOVED, page, page, reasons.removed(page))
        for page in before
        if id(page) not in gone
    ]
    added = [
        PageChange(ChangeKind.ADDED, page, page, reasons.added(page))
        for page in after
        if id(page) not in come
    ]
    return sorted([*removed, *added, *moved], key=lambda change: change.old.at)


def is_same(one: ToldPage, other: ToldPage) -> bool:
    """For whoever gets it."""
    return _at_once(one, other) and one.severity is other.severity


def match(
    before: Iterable[ToldPage], after: Iterable[ToldPage], related: Mapping[str, Set[str]]
) -> list[tuple[ToldPage, ToldPage]]:
    """Each with at most one of the other run, of an incident with the same alerts: first those that are the
    same, then those of another severity, another time, another target, the nearest in time."""
    free: dict[str, list[ToldPage]] = defaultdict(list)
    for page in after:
        free[page.incident].append(page)
    left, pairs = list(before), []
    for agree in (is_same, _at_once, _same_target, _same_step):
        unmatched = []
        for page in left:
            found = _nearest(page, (free[one] for one in sorted(related.get(page.incident, ()))), agree)
            if found is None:
                unmatched.append(page)
            else:
                pairs.append((page, found))
                free[found.incident].remove(found)
        left = unmatched
    return pairs


def _nearest(
    page: ToldPage,
    each: Iterator[list[ToldPage]] | Iterable[list[ToldPage]],
    agree: Callable[[ToldPage, ToldPage], bool],
) -> ToldPage | None:
    candidates = [other for pages in each for other in pages if agree(page, other)]
    return min(candidates, key=lambda other: abs(other.at - page.at), default=None)


def _at_once(one: ToldPage, other: ToldPage) -> bool:
    return (one.target, one.step) == (other.target, other.step) and abs(one.at - other.at) <= SAME_TIME


def _same_target(one: ToldPage, other: ToldPage) -> bool:
    return one.target == other.target and _same_step(one, other)


def _same_step(one: ToldPage, other: ToldPage) -> bool:
    return one.step is other.step and abs(one.at - other.at) <= MOVED_AT_MOST


def with_their_namesakes(
    related: Mapping[str, Set[str]], some: Iterable[Incident], others: Iterable[Incident]
) -> Related:
    """Those that no alert relates, by what they are about: what the router says of itself is no payload."""
    found = {one: set(of_it) for one, of_it in related.items() if of_it}
    by_key: dict[str, list[Incident]] = defaultdict(list)
    for other in others:
        by_key[other.key].append(other)
    for one in some:
        if one.id not in found:
            near = [
                other for other in by_key[one.key] if abs(other.opened_at - one.opened_at) <= OPENED_TOGETHER
            ]
            if near:
                found[one.id] = {min(near, key=lambda other: abs(other.opened_at - one.opened_at)).id}
    return found


def backwards(related: Mapping[str, Set[str]]) -> Related:
    found: Related = defaultdict(set)
    for one, others in related.items():
        for other in others:
            found[other].add(one)
    return found
