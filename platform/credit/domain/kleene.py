"""Kleene's strong three-valued logic, compiled: a condition becomes a closure over facts.

``True`` and ``False`` are known; ``None`` is UNKNOWN. AND is false as soon as one part is, OR true as soon as
one part is, whatever is missing; NOT of UNKNOWN is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from credit.domain.decision import FactValue
from credit.domain.policy import AllOf, AnyOf, Compare, Condition, Not, Operator, Threshold

Facts = Mapping[str, FactValue]
Test = Callable[[Facts], bool | None]


def compile_condition(condition: Condition) -> Test:
    """A closure that answers the condition for any facts of the right types."""
    match condition:
        case Compare():
            return _comparison(condition)
        case AllOf(children):
            return _conjunction(tuple(compile_condition(child) for child in children))
        case AnyOf(children):
            return _disjunction(tuple(compile_condition(child) for child in children))
        case Not(child):
            return _negation(compile_condition(child))


def _conjunction(parts: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool | None:
        answer: bool | None = True
        for part in parts:
            result = part(facts)
            if result is False:
                return False
            if result is None:
                answer = None
        return answer

    return test


def _disjunction(parts: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool | None:
        answer: bool | None = False
        for part in parts:
            result = part(facts)
            if result:
                return True
            if result is None:
                answer = None
        return answer

    return test


def _negation(part: Test) -> Test:
    def test(facts: Facts) -> bool | None:
        result = part(facts)
        return None if result is None else not result

    return test


def _comparison(node: Compare) -> Test:
    fact = node.fact
    match node.operator:
        case Operator.ONE_OF:
            return _membership(fact, frozenset(node.thresholds))
        case Operator.EQUALS:
            return _equality(fact, node.thresholds[0], wanted=True)
        case Operator.NOT_EQUALS:
            return _equality(fact, node.thresholds[0], wanted=False)
        case ordering:
            return _ordering(fact, ordering, node.thresholds[0])


def _membership(fact: str, allowed: frozenset[Threshold]) -> Test:
    def test(facts: Facts) -> bool | None:
        value = facts[fact]
        return None if value is None else value in allowed

    return test


def _equality(fact: str, threshold: Threshold, *, wanted: bool) -> Test:
    def test(facts: Facts) -> bool | None:
        value = facts[fact]
        return None if value is None else (value == threshold) is wanted

    return test


def _ordering(fact: str, operator: Operator, threshold: Threshold) -> Test:
    """Compares by cross-multiplied integers: exact, and several times faster than comparing Fractions."""
    if not isinstance(threshold, int | Fraction):
        raise TypeError(f"{fact}: {operator.value} needs a number")
    top, bottom = threshold.numerator, threshold.denominator

    # Any: only the loader's type check stands between a fact and its number, and it ran once, long ago.
    def above(facts: Mapping[str, Any]) -> bool | None:
        value = facts[fact]
        return None if value is None else value.numerator * bottom > top * value.denominator

    def at_least(facts: Mapping[str, Any]) -> bool | None:
        value = facts[fact]
        return None if value is None else value.numerator * bottom >= top * value.denominator

    def below(facts: Mapping[str, Any]) -> bool | None:
        value = facts[fact]
        return None if value is None else value.numerator * bottom < top * value.denominator

    def at_most(facts: Mapping[str, Any]) -> bool | None:
        value = facts[fact]
        return None if value is None else value.numerator * bottom <= top * value.denominator

    return {
        Operator.ABOVE: above,
        Operator.AT_LEAST: at_least,
        Operator.BELOW: below,
        Operator.AT_MOST: at_most,
    }[operator]
