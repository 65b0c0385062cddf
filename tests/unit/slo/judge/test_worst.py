"""A person is shown the worst groups, and told how many there are."""

from __future__ import annotations

from slo.judge.status import ObjectiveState, status
from slo.judge.worst import worst_groups
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import MINUTE, NOON, a_row, an_slo, counted_by, key_of


def test_the_worst_of_many_groups_are_shown_with_the_number_of_all() -> None:
    slo = an_slo(indicator=counted_by("pair"))
    ledger = MemoryLedger()
    ledger.write(
        a_row(key_of(slo, (("pair", f"p{index:03}"),)), NOON - MINUTE * ago, 0 if index == 77 else 10, 10)
        for index in range(120)
        for ago in range(1, 60)
    )
    found = worst_groups(status([slo], ledger, "test", NOON))
    assert len(found.statuses) == 20
    assert found.statuses[0].labels == (("pair", "p077"),)
    assert found.statuses[0].state is ObjectiveState.EXHAUSTED
    assert "the worst 20 of 120 groups; 1 burn" in found.hidden[0].en
    few = worst_groups(status([slo], ledger, "test", NOON), most=120)
    assert (len(few.statuses), few.hidden) == (120, ())
