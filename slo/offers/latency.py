"""A threshold on a bucket edge that is really there, and the share that today's answers keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from foundation.quantities import decimal_text, parse_number, percent_text, rounded_percent_text
from slo.model.histogram_unit import in_milliseconds

WANTED = Fraction(99, 100)
LADDER = (Fraction(98, 100), Fraction(95, 100))
MOST_EDGES = 40


@dataclass(frozen=True, slots=True)
class ChosenEdge:
    """``label`` is the edge as its ``le`` has it; ``words`` are for people."""

    label: str
    words: str
    target: Fraction
    good_share: Fraction
    events: int
    why: str
    edges: tuple[str, ...]


def threshold(histogram: str, growths: Mapping[str, float]) -> ChosenEdge | str:
    """The smallest edge that held ``WANTED`` of the events, or why there is none.

    ``growths``: by how much each bucket grew, by its ``le``.
    """
    total = max((value for le, value in growths.items() if _number(le) is None), default=0.0)
    if total <= 0 or not math.isfinite(total):
        return "nothing was measured recently"
    edges = sorted((number, le) for le in growths if (number := _number(le)) is not None)
    if not edges:
        return "its only bucket is +Inf, so there is no threshold to choose"
    if len({number for number, _ in edges}) < len(edges):
        return "its edges were recently written in two ways (1 and 1.0): run this again a day from now"
    shares = [(le, min(Fraction(1), Fraction(growths[le]) / Fraction(total))) for _, le in edges]
    words = tuple(_words(histogram, le) for _, le in edges)
    for index, (le, share) in enumerate(shares):
        if share >= WANTED:
            why = (
                f"{words[index]} is the lowest bucket edge at or above the 99th percentile: "
                f"{rounded_percent_text(share)} were that fast"
            )
            return ChosenEdge(le, words[index], WANTED, share, round(total), why, words[:MOST_EDGES])
    le, share = shares[-1]
    target = next((step for step in LADDER if share >= step), None)
    if target is None:
        return (
            f"only {rounded_percent_text(share)} are within its highest edge ({words[-1]}): "
            "give the histogram higher edges"
        )
    why = (
        f"{words[-1]} is the highest edge there is, and {rounded_percent_text(share)} were that fast: "
        f"the 99th percentile is beyond it, so the objective is {percent_text(target)}"
    )
    return ChosenEdge(le, words[-1], target, share, round(total), why, words[:MOST_EDGES])


def _number(le: str) -> Fraction | None:
    """``None`` for ``+Inf``, and for what is not an edge."""
    return parse_number(le)


def _words(histogram: str, le: str) -> str:
    number = parse_number(le)
    assert number is not None
    seconds = number / 1000 if in_milliseconds(histogram) else number
    return f"{decimal_text(seconds)} s" if seconds >= 1 else f"{decimal_text(seconds * 1000)} ms"
