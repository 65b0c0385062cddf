"""The laws of Kleene's strong logic, on conditions made at random."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.compiled_policy import compile_condition
from credit.domain.decision import FactValue
from credit.domain.policy import AllTrue, AnyTrue, Comparator, Compare, Condition, Not

Facts = dict[str, FactValue]
NUMBERS = ("credit_score", "inquiries_12m", "debt_to_income")
ORDERED = (Comparator.ABOVE, Comparator.AT_LEAST, Comparator.BELOW, Comparator.AT_MOST)
VALUES = st.none() | st.integers(0, 3) | st.fractions(0, 3, max_denominator=4)
FACTS: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    dict.fromkeys(NUMBERS, VALUES) | {"home_ownership": st.none() | st.sampled_from(["OWN", "RENT"])}
)


def _comparisons() -> st.SearchStrategy[Condition]:
    threshold = st.integers(0, 3) | st.fractions(0, 3, max_denominator=4)
    single = [*ORDERED, Comparator.EQUALS, Comparator.NOT_EQUALS]
    numeric = st.builds(Compare, st.sampled_from(NUMBERS), st.sampled_from(single), st.tuples(threshold))
    choice = st.builds(
        Compare,
        st.just("home_ownership"),
        st.just(Comparator.ONE_OF),
        st.sampled_from([("OWN",), ("OWN", "RENT")]),
    )
    return numeric | choice


def _nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(AllTrue, several) | st.builds(AnyTrue, several) | st.builds(Not, inner)


CONDITIONS = st.recursive(_comparisons(), _nested, max_leaves=6)


def holds(condition: Condition, facts: Facts) -> bool | None:
    return compile_condition(condition)(facts)


def reference(condition: Condition, facts: Facts) -> bool | None:
    """Kleene's tables as minimum and maximum over false = 0, unknown = 1/2, true = 1."""
    value = _level(condition, facts)
    return None if value == Fraction(1, 2) else value == 1


def _level(condition: Condition, facts: Facts) -> Fraction:
    match condition:
        case AllTrue(children):
            return min(_level(child, facts) for child in children)
        case AnyTrue(children):
            return max(_level(child, facts) for child in children)
        case Not(child):
            return 1 - _level(child, facts)
        case Compare():
            return _leaf(condition, facts[condition.fact])


def _leaf(node: Compare, value: FactValue) -> Fraction:
    if value is None:
        return Fraction(1, 2)
    if isinstance(value, str):
        return Fraction(value in node.thresholds)
    (limit,) = node.thresholds
    assert not isinstance(limit, str)
    answers = {
        Comparator.ABOVE: value > limit,
        Comparator.AT_LEAST: value >= limit,
        Comparator.BELOW: value < limit,
        Comparator.AT_MOST: value <= limit,
        Comparator.EQUALS: value == limit,
        Comparator.NOT_EQUALS: value != limit,
    }
    return Fraction(answers[node.operator])


@given(CONDITIONS, FACTS)
def test_the_compiled_closure_agrees_with_the_tables(condition: Condition, facts: Facts) -> None:
    assert holds(condition, facts) is reference(condition, facts)


@given(CONDITIONS, CONDITIONS, FACTS)
def test_de_morgan(one: Condition, other: Condition, facts: Facts) -> None:
    assert holds(Not(AllTrue((one, other))), facts) is holds(AnyTrue((Not(one), Not(other))), facts)
    assert holds(Not(AnyTrue((one, other))), facts) is holds(AllTrue((Not(one), Not(other))), facts)


@given(CONDITIONS, FACTS)
def test_double_negation_and_idempotence(one: Condition, facts: Facts) -> None:
    assert holds(Not(Not(one)), facts) is holds(one, facts)
    assert holds(AllTrue((one, one)), facts) is holds(one, facts)
    assert holds(AnyTrue((one, one)), facts) is holds(one, facts)


@given(CONDITIONS, CONDITIONS, CONDITIONS, FACTS)
def test_order_and_grouping_do_not_matter(a: Condition, b: Condition, c: Condition, facts: Facts) -> None:
    for many in (AllTrue, AnyTrue):
        assert holds(many((a, b, c)), facts) is holds(many((c, a, b)), facts)
        assert holds(many((a, many((b, c)))), facts) is holds(many((many((a, b)), c)), facts)


@given(CONDITIONS, CONDITIONS, FACTS)
def test_absorption_and_distribution(one: Condition, other: Condition, facts: Facts) -> None:
    assert holds(AllTrue((one, AnyTrue((one, other)))), facts) is holds(one, facts)
    assert holds(AnyTrue((one, AllTrue((one, other)))), facts) is holds(one, facts)


@given(CONDITIONS, FACTS, FACTS)
def test_learning_a_missing_fact_never_overturns_what_was_known(
    condition: Condition, facts: Facts, learnt: Facts
) -> None:
    before = holds(condition, facts)
    more = {name: learnt[name] if value is None else value for name, value in facts.items()}
    if before is not None:
        assert holds(condition, more) is before


LEAF = Compare("credit_score", Comparator.ABOVE, (0,))
OTHER = Compare("inquiries_12m", Comparator.ABOVE, (0,))
_VALUE = {True: 1, False: 0, None: None}


@pytest.mark.parametrize(("one", "other"), list(product([True, False, None], repeat=2)))
def test_the_truth_tables(one: bool | None, other: bool | None) -> None:
    facts: Facts = {"credit_score": _VALUE[one], "inquiries_12m": _VALUE[other]}
    both = {one, other}
    conjunction = False if False in both else None if None in both else True
    disjunction = True if True in both else None if None in both else False
    assert holds(AllTrue((LEAF, OTHER)), facts) is conjunction
    assert holds(AnyTrue((LEAF, OTHER)), facts) is disjunction
    assert holds(Not(LEAF), facts) is (None if one is None else not one)


def test_a_ratio_is_compared_exactly_at_its_threshold() -> None:
    limit = Compare("debt_to_income", Comparator.ABOVE, (Fraction(3, 10),))
    assert holds(limit, {"debt_to_income": Fraction(3, 10)}) is False
    assert holds(limit, {"debt_to_income": Fraction(3 * 10**30 + 1, 10**31)}) is True


def test_a_text_cannot_be_ordered() -> None:
    with pytest.raises(TypeError, match="needs a number"):
        compile_condition(Compare("purpose", Comparator.ABOVE, ("CAR",)))
