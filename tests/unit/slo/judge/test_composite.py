from __future__ import annotations

from fractions import Fraction

import pytest

from slo.judge.composite import CompositeStatus, composite_status
from slo.judge.status import ObjectiveState, status
from slo.model.entities import Composite, CompositeMember
from slo.model.errors import UnknownSlo
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON, an_slo, steady


def composed(*members: tuple[int, int, int], silent: bool = False) -> CompositeStatus:
    """Members as ``(weight, good, total)`` a minute over the whole period; a silent one besides."""
    ledger, slos, parts = MemoryLedger(), [], []
    for index, (weight, good, total) in enumerate(members):
        slo = an_slo(Fraction(9, 10), name=f"m{index}")
        ledger.write(steady(slo, NOON - 30 * DAY, NOON, good, total))
        slos.append(slo)
        parts.append(CompositeMember(slo.id, "main", Fraction(weight)))
    if silent:
        slos.append(an_slo(name="silent"))
        parts.append(CompositeMember("shop/silent", "main"))
    composite = Composite("shop", "checkout", "Checkout", "", tuple(parts))
    return composite_status(composite, status(slos, ledger, "test", NOON))


def test_burns_are_weighed_and_not_the_traffic() -> None:
    found = composed((3, 19, 20), (1, 1000, 1000))
    assert found.burns[HOUR] == Fraction(3, 4) * Fraction(1, 2)
    assert found.spent_ratio == Fraction(3, 8)
    assert found.left_ratio == Fraction(5, 8)


def test_a_member_without_events_carries_no_weight_in_a_burn() -> None:
    found = composed((1, 8, 10), (1, 0, 0))
    assert found.burns[5 * MINUTE] == 2


def test_a_silent_member_makes_the_whole_unknown() -> None:
    assert composed((1, 10, 10), silent=True).state is ObjectiveState.NO_DATA


def test_the_common_budget_decides_what_is_exhausted() -> None:
    assert composed((1, 8, 10), (3, 10, 10)).state is ObjectiveState.BURNING
    assert composed((1, 5, 10), (1, 10, 10)).state is ObjectiveState.EXHAUSTED
    assert composed((1, 10, 10), (1, 10, 10)).state is ObjectiveState.OK
    assert composed((1, 0, 0), (1, 0, 0)).state is ObjectiveState.NO_TRAFFIC


def test_a_member_nobody_defined_is_named() -> None:
    composite = Composite("shop", "c", "", "", (CompositeMember("shop/none", "main"),))
    with pytest.raises(UnknownSlo, match="shop/none"):
        composite_status(composite, ())
