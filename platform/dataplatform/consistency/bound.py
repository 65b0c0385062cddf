"""How sure a sample makes us: the exact one-sided Clopper-Pearson lower bound of a ratio of equals."""

from __future__ import annotations

import math

_STEPS = 100  # halvings; far below what a float can tell apart


def lower_bound(compared: int, divergent: int, confidence: float) -> float:
    """The largest ratio p of equal records that the sample still refutes from below.

    With probability ``confidence`` or more, the true ratio is at least the answer. Rounded downwards.

    Raises:
        ValueError: nothing compared, more divergent than compared, or a confidence outside (0, 1).
    """
    if compared < 1 or not 0 <= divergent <= compared:
        raise ValueError(f"{divergent} of {compared} is not a sample")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence {confidence} lies outside (0, 1)")
    if divergent == compared:
        return 0.0
    alpha = 1.0 - confidence
    low, high = divergent / compared, 1.0  # of the ratio that diverges
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(divergent, compared, middle) > alpha:
            low = middle
        else:
            high = middle
    return max(0.0, 1.0 - high)


def _at_most(count: int, trials: int, probability: float) -> float:
    """P(X <= count) of a binomial, where probability >= count/trials: terms only shrink downwards."""
    if probability >= 1.0:
        return 0.0
    if probability <= 0.0:
        return 1.0
    odds = (1.0 - probability) / probability
    term = total = 1.0
    for k in range(count, 0, -1):
        term *= odds * k / (trials - k + 1)
        total += term
        if term < total * 1e-18:
            break
    return math.exp(_log_term(count, trials, probability) + math.log(total))


def _log_term(count: int, trials: int, probability: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return ways + count * math.log(probability) + (trials - count) * math.log1p(-probability)
