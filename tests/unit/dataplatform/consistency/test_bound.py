"""The exact bound, against published sample sizes, an independent sum and simulation."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplatform.consistency.bound import lower_bound


@pytest.mark.parametrize(
    ("divergent", "confidence", "rows"),
    [
        (0, 0.95, 29_956),
        (0, 0.99, 46_050),
        (1, 0.95, 47_437),
        (1, 0.99, 66_381),
        (2, 0.95, 62_956),
        (2, 0.99, 84_057),
    ],
)
def test_the_known_sample_sizes_for_four_nines(divergent: int, confidence: float, rows: int) -> None:
    assert lower_bound(rows, divergent, confidence) > 0.9999 >= lower_bound(rows - 1, divergent, confidence)


def test_a_thousand_rows_without_a_difference_prove_three_in_a_thousand() -> None:
    assert 0.997 < lower_bound(1_000, 0, 0.95) < 0.9971


@settings(max_examples=60, deadline=None)
@given(data=st.data(), compared=st.integers(1, 120), confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_it_solves_the_binomial_tail_exactly(data: st.DataObject, compared: int, confidence: float) -> None:
    divergent = data.draw(st.integers(0, compared - 1))
    bad = Fraction(1) - Fraction(lower_bound(compared, divergent, confidence))
    terms = (comb(compared, k) * bad**k * (1 - bad) ** (compared - k) for k in range(divergent + 1))
    assert float(sum(terms)) == pytest.approx(1 - confidence, rel=1e-9)


def test_nothing_equal_proves_nothing() -> None:
    assert lower_bound(10, 10, 0.95) == 0.0


@given(compared=st.integers(2, 10**6), divergent=st.integers(0, 50))
def test_more_differences_never_raise_it_and_it_stays_under_the_ratio(compared: int, divergent: int) -> None:
    divergent = min(divergent, compared - 1)
    bound = lower_bound(compared, divergent, 0.95)
    assert 0.0 <= bound < 1 - divergent / compared or bound == 0.0
    assert lower_bound(compared, divergent + 1, 0.95) <= bound


def test_it_covers_the_truth_as_often_as_it_claims() -> None:
    dice, truth, trials, covered = Random(5), 0.98, 400, 0
    for _ in range(trials):
        divergent = sum(dice.random() > truth for _ in range(300))
        covered += lower_bound(300, divergent, 0.95) <= truth
    assert covered / trials >= 0.95


@pytest.mark.parametrize(("compared", "divergent", "confidence"), [(0, 0, 0.95), (1, 2, 0.95), (5, 1, 1.0)])
def test_what_is_no_sample_is_refused(compared: int, divergent: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"sample|confidence"):
        lower_bound(compared, divergent, confidence)
