"""Rules that can never matter: never true, always true, or a REFER that a DECLINE always outweighs.

A condition is turned into alternatives, each a range of allowed values per fact; one is possible when no
range is empty. Facts are taken as independent, so a reported rule is truly dead, though a dead rule that
only arithmetic between facts reveals may pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise

from credit.domain.facts import FACTS, FactType
from credit.domain.policy import (
    AllTrue,
    AnyTrue,
    Comparator,
    Compare,
    Condition,
    Not,
    Rule,
    RuleEffect,
    facts_read,
)

MAX_ALTERNATIVES = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers from ``low`` to ``high``; ``None`` is open-ended. A strict bound leaves its own value out."""

    low: Fraction | None = None
    low_strict: bool = False
    high: Fraction | None = None
    high_strict: bool = False

    def meet(self, other: Interval) -> Interval:
        low, low_strict = max(
            (self._low(), other._low()), key=lambda bound: (bound[0] is not None, bound[0] or 0, bound[1])
        )
        high, high_strict = min(
            (self._high(), other._high()), key=lambda bound: (bound[0] is None, bound[0] or 0, not bound[1])
        )
        return Interval(low, low_strict, high, high_strict)

    def _low(self) -> tuple[Fraction | None, bool]:
        return self.low, self.low_strict

    def _high(self) -> tuple[Fraction | None, bool]:
        return self.high, self.high_strict

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_strict or self.high_strict))


Allowed = Interval | frozenset[str]
Alternative = dict[str, Allowed]


class TooManyAlternatives(Exception):
    """The condition is too large to expand; the check is skipped, never guessed."""


def problem_of_rule(rule: Rule, rules: Sequence[Rule]) -> str | None:
    """What is wrong with a rule's reach in words, or ``None``."""
    try:
        if not possible(rule.condition):
            return f"the rule {rule.name!r} can never be true"
        if not possible(Not(rule.condition)):
            return f"the rule {rule.name!r} is always true, so no application could pass it"
        if rule.effect is RuleEffect.REFER and _outweighed(rule, rules):
            return f"the rule {rule.name!r} is unreachable: a DECLINE rule is true whenever it is"
    except TooManyAlternatives:
        return None
    return None


def _outweighed(rule: Rule, rules: Sequence[Rule]) -> bool:
    """Only for plain conjunctions, whose facts are all known when they are true: then so is the DECLINE."""
    if not _is_conjunction(rule.condition):
        return False
    known = set(facts_read(rule.condition))
    stronger = [
        other.condition
        for other in rules
        if other.effect is RuleEffect.DECLINE and known.issuperset(facts_read(other.condition))
    ]
    return bool(stronger) and not possible(AllTrue((rule.condition, Not(AnyTrue(tuple(stronger))))))


def _is_conjunction(condition: Condition) -> bool:
    match condition:
        case Compare():
            return True
        case AllTrue(children):
            return all(_is_conjunction(child) for child in children)
        case _:
            return False


def possible(condition: Condition) -> bool:
    """Whether some facts within their table's bounds make the condition true.

    Raises:
        TooManyAlternatives: over ``MAX_ALTERNATIVES`` combinations.
    """
    return bool(_alternatives(condition, negated=False))


def _alternatives(condition: Condition, *, negated: bool) -> list[Alternative]:
    match condition:
        case Compare():
            return [{condition.fact: allowed} for allowed in _ranges(condition, negated=negated)]
        case Not(child):
            return _alternatives(child, negated=not negated)
        case AllTrue(children) | AnyTrue(children):
            parts = [_alternatives(child, negated=negated) for child in children]
            if isinstance(condition, AllTrue) is not negated:
                return _product(parts)
            return list(chain.from_iterable(parts))


def _product(parts: list[list[Alternative]]) -> list[Alternative]:
    combined: list[Alternative] = [{}]
    for part in parts:
        combined = [met for one in combined for other in part if (met := _meet(one, other)) is not None]
        if len(combined) > MAX_ALTERNATIVES:
            raise TooManyAlternatives
    return combined


def _meet(one: Alternative, other: Alternative) -> Alternative | None:
    met = dict(one)
    for fact, allowed in other.items():
        before = met.get(fact)
        both: Allowed = allowed if before is None else _both(before, allowed)
        if _is_empty(both):
            return None
        met[fact] = both
    return met


def _both(one: Allowed, other: Allowed) -> Allowed:
    if isinstance(one, Interval) and isinstance(other, Interval):
        return one.meet(other)
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one & other
    raise TypeError("a fact is either a number or a text")


def _is_empty(allowed: Allowed) -> bool:
    return allowed.empty if isinstance(allowed, Interval) else not allowed


_NEGATION = {
    Comparator.ABOVE: Comparator.AT_MOST,
    Comparator.AT_MOST: Comparator.ABOVE,
    Comparator.BELOW: Comparator.AT_LEAST,
    Comparator.AT_LEAST: Comparator.BELOW,
}


def _ranges(node: Compare, *, negated: bool) -> list[Allowed]:
    """The allowed values of one comparison within the fact's own bounds; empty ones left out."""
    fact = FACTS[node.fact]
    if fact.type is FactType.TEXT:
        wanted = frozenset(str(value) for value in node.thresholds)
        inside = (node.operator is not Comparator.NOT_EQUALS) is not negated
        chosen = frozenset(fact.choices) & wanted if inside else frozenset(fact.choices) - wanted
        return [chosen] if chosen else []
    low = None if fact.low is None else Fraction(fact.low)
    high = None if fact.high is None else Fraction(fact.high)
    domain = Interval(low=low, high=high)
    whole = fact.type is FactType.INTEGER
    met = [_closed(domain.meet(part), whole=whole) for part in _intervals(node, negated=negated)]
    return [part for part in met if not part.empty]


def _intervals(node: Compare, *, negated: bool) -> list[Interval]:
    points = sorted(Fraction(value) for value in node.thresholds if not isinstance(value, str))
    if node.operator in _NEGATION:
        return [_half_line(_NEGATION[node.operator] if negated else node.operator, points[0])]
    if (node.operator is Comparator.NOT_EQUALS) is not negated:
        edges: list[Fraction | None] = [None, *points, None]
        return [Interval(a, True, b, True) for a, b in pairwise(edges)]
    return [Interval(low=point, high=point) for point in points]


def _half_line(operator: Comparator, point: Fraction) -> Interval:
    match operator:
        case Comparator.ABOVE:
            return Interval(low=point, low_strict=True)
        case Comparator.AT_LEAST:
            return Interval(low=point)
        case Comparator.BELOW:
            return Interval(high=point, high_strict=True)
        case _:
            return Interval(high=point)


def _closed(interval: Interval, *, whole: bool) -> Interval:
    """For whole numbers a strict bound is the next number: above 1 and below 2 is nothing."""
    if not whole:
        return interval
    low, high = interval.low, interval.high
    if low is not None:
        low = Fraction(low.numerator // low.denominator + 1) if interval.low_strict else low
    if high is not None:
        high = Fraction(-(-high.numerator // high.denominator) - 1) if interval.high_strict else high
    return Interval(low, False, high, False)
