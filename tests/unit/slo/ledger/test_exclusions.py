"""Excluded minutes: each is excluded once, whatever overlaps, touches or lies within what."""

from __future__ import annotations

from datetime import datetime

import pytest

from slo.judge.status import status
from slo.ledger.exclusions import Exclusion, clip, excluded_spans
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import HOUR, NOON, an_slo, steady

Hours = tuple[int, int]


def at(hour: int) -> datetime:
    """``hour`` hours after the noon before."""
    return NOON - 24 * HOUR + hour * HOUR


def exclusion(start: int, end: int, pattern: str = "shop/*") -> Exclusion:
    return Exclusion(f"{pattern} {start}-{end}", pattern, at(start), at(end), "move", "ana", NOON)


@pytest.mark.parametrize(
    ("asked", "excluded"),
    [
        ([(1, 2), (5, 6)], [(1, 2), (5, 6)]),
        ([(1, 3), (2, 4)], [(1, 4)]),
        ([(1, 2), (2, 3)], [(1, 3)]),
        ([(1, 6), (2, 3)], [(1, 6)]),  # one within another ends no sooner for it
        ([(1, 6), (2, 3), (4, 5)], [(1, 6)]),
        ([(1, 6), (2, 3), (4, 8)], [(1, 8)]),
        ([(1, 4), (1, 2)], [(1, 4)]),
        ([(2, 4), (1, 4)], [(1, 4)]),
        ([(5, 6), (1, 2)], [(1, 2), (5, 6)]),
    ],
)
def test_exclusions_become_disjoint_spans_in_time_order(asked: list[Hours], excluded: list[Hours]) -> None:
    found = excluded_spans([exclusion(*hours) for hours in asked], "shop/api")
    assert found == tuple((at(start), at(end)) for start, end in excluded)


def test_only_exclusions_in_force_that_name_the_slo_count() -> None:
    withdrawn = exclusion(1, 2).withdrawn("ana", NOON)
    others = exclusion(3, 4, "bank/*")
    assert excluded_spans([withdrawn, others], "shop/api") == ()


@pytest.mark.parametrize(
    ("span", "kept"),
    [((1, 3), None), ((1, 4), None), ((3, 5), (4, 5)), ((5, 6), (5, 6)), ((7, 9), (7, 8)), ((8, 9), None)],
)
def test_a_span_is_cut_to_the_window_it_falls_into(span: Hours, kept: Hours | None) -> None:
    expected = () if kept is None else ((at(kept[0]), at(kept[1])),)
    assert clip([(at(span[0]), at(span[1]))], at(4), at(8)) == expected


def test_an_exclusion_within_another_takes_each_bad_event_out_once() -> None:
    slo = an_slo()
    ledger = MemoryLedger()
    ledger.write(steady(slo, at(0), at(10), 10, 10))
    ledger.write(steady(slo, at(10), at(14), 4, 10))
    ledger.write(steady(slo, at(14), at(24), 10, 10))
    nested = [exclusion(9, 16), exclusion(10, 11), exclusion(12, 13)]
    (found,) = status([slo], ledger, "test", NOON, nested)
    assert (found.raw_counts.bad, found.counts.bad) == (4 * 60 * 6, 0)
    assert found.raw_counts.total - found.counts.total == 7 * 60 * 10
    assert found.raw_counts.minutes - found.counts.minutes == 7 * 60
    assert found.excluded == ((at(9), at(16)),)


def test_an_exclusion_asked_for_at_its_very_start_was_not_asked_afterwards() -> None:
    asked = exclusion(24, 25)
    assert asked.requested_at == asked.start
    assert not asked.asked_afterwards
    assert exclusion(23, 25).asked_afterwards
