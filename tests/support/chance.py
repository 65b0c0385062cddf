"""Random numbers that the standard library does not draw."""

from __future__ import annotations

import math
import random


def poisson(chance: random.Random, mean: float) -> int:
    """Events in a time that has ``mean`` of them on average; near enough to normal above 50."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
