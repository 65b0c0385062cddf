"""Two hundred checks of real stores whose true index is known: does the bound hold as often as it claims?

It claims 95 %. The binomial test refuses it when so few covered trials would come from a true 95 % with a
probability below ``TOLERANCE``; bounds that are wrong on purpose must be refused by the same test.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from pathlib import Path
from random import Random

import pytest

from dataplatform.consistency.bound import lower_bound
from dataplatform.consistency.checker import ConsistencyChecker
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.report import PairReport
from dataplatform.consistency.sides import HotSide
from tests.support.credit_samples import a_profile
from tests.support.open_platform import opened

TRIALS, CLAIM, TOLERANCE = 200, 0.95, 0.001
POPULATION, DIVERGENT, SAMPLE = 400, 32, 40
TRUTH = 1 - DIVERGENT / POPULATION


def refused(covered: int) -> bool:
    tail = sum(comb(TRIALS, k) * CLAIM**k * (1 - CLAIM) ** (TRIALS - k) for k in range(covered + 1))
    return tail < TOLERANCE


@pytest.fixture
async def reports(tmp_path: Path) -> list[PairReport]:
    async with opened(tmp_path) as bench:
        await bench.platform.customers.upsert_many([a_profile(n) for n in range(1, POPULATION + 1)])
        await bench.projector.drain()
        for number in Random(9).sample(range(1, POPULATION + 1), DIVERGENT):
            await bench.platform.hot.delete(f"C-{number:05d}", "PROFILE")
        plan = CheckPlan(sample=SAMPLE, settle_seconds=0.0, confidence=CLAIM, full_every_seconds=None)
        source, side = bench.platform.comparison, HotSide(bench.platform.hot)
        return [
            await ConsistencyChecker(source, side, bench.telemetry, bench.clock, Random(seed), plan).check()
            for seed in range(TRIALS)
        ]


async def test_the_bound_covers_the_truth_as_often_as_it_claims(reports: list[PairReport]) -> None:
    bounds = [report.lower_bound_ratio for report in reports]
    covered = sum(bound is not None and bound <= TRUTH for bound in bounds)
    print(f"\n{covered} of {TRIALS} bounds at {CLAIM:.0%} lie at or below the true index {TRUTH:.4f}")
    assert not refused(covered)
    assert covered < TRIALS, "a bound that never misses claims too little"
    wrong: dict[str, Callable[[PairReport], float | None]] = {
        "the point estimate": lambda r: 1 - r.random_divergent / r.random_compared,
        "a bound at 80 %": lambda r: lower_bound(r.random_compared, r.random_divergent, 0.80),
        "one that counts the sweep as random": lambda r: lower_bound(
            r.compared, min(r.random_divergent, r.divergent), CLAIM
        ),
    }
    for name, bound_of in wrong.items():
        held = sum((bound_of(report) or 0.0) <= TRUTH for report in reports)
        print(f"wrong on purpose: {name} covers {held}")
        assert refused(held), name
