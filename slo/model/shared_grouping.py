"""The grouping of an SLO: what all of its queries leave, or the part of it that its author asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from slo.model.grouping import ONE, Grouping, all_but, exactly
from slo.model.promql import PromqlError, Query, analyse

NO_LABELS = "none"  # how an author asks for one budget over everything


@dataclass(frozen=True, slots=True)
class SharedGrouping:
    """``problem``: why no budget can be kept so, in words, with ``fix``; both empty where one can."""

    grouping: Grouping
    problem: str = ""
    fix: str = ""


@lru_cache(maxsize=8192)
def shared_grouping(
    queries: tuple[tuple[str, str], ...], summed_to: tuple[str, ...] | None
) -> SharedGrouping:
    """``queries`` are pairs of part and PromQL, the total first; one that does not parse says nothing here.

    ``summed_to`` are the labels an author wants left, ``None`` for whatever the queries leave.
    """
    read = [(part, query) for part, text in queries if (query := _read(text)) is not None]
    for part, query in read:
        if query.problems:
            fix = "Count with sum by (...) of the labels that should each have a budget."
            return SharedGrouping(query.grouping, f"the {part} query: {query.problems[0]}", fix)
    if summed_to is not None:
        return _asked_for(read, exactly(summed_to))
    found: SharedGrouping | None = None
    for part, query in read:
        found = SharedGrouping(query.grouping) if found is None else _joined(found, read[0][0], part, query)
        if found.problem:
            break
    return found or SharedGrouping(ONE)


def _read(text: str) -> Query | None:
    try:
        return analyse(text)
    except PromqlError:
        return None


def _asked_for(read: list[tuple[str, Query]], asked: Grouping) -> SharedGrouping:
    for part, query in read:
        lost = [name for name in asked.names if not query.grouping.keeps(name)]
        if lost:
            return SharedGrouping(
                asked,
                f"the {part} query sums {', '.join(lost)} away, although each value has its own budget",
                f"Write sum by ({', '.join(asked.names)}) (...), or take it out of mirante.dev/group-by.",
            )
    return SharedGrouping(asked)


def _joined(before: SharedGrouping, first: str, part: str, query: Query) -> SharedGrouping:
    one, other = before.grouping, query.grouping
    if one == other:
        return before
    if not one.exact and not other.exact:
        return SharedGrouping(all_but({*one.names, *other.names}))
    names = set(one.names if one.exact else other.names)
    if one.exact != other.exact and all(one.keeps(name) and other.keeps(name) for name in names):
        return SharedGrouping(exactly(names))
    both = sorted(name for name in names if one.keeps(name) and other.keeps(name))
    wanted = ", ".join(both) or NO_LABELS
    return SharedGrouping(
        one,
        f"the {first} query is grouped by {one}, the {part} query by {other}: Prometheus matches no series "
        "of one with any of the other, so there would never be a ratio",
        f"Group both by the same labels, or write mirante.dev/group-by: {wanted} to add both up to that.",
    )
