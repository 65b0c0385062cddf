from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.compiled_policy import compile_condition
from credit.domain.decision import FactValue
from credit.domain.policy import AllTrue, AnyTrue, Comparator, Compare, Condition, Not, Rule, RuleEffect
from credit.domain.reachability import TooManyKinds, possible, problem_of_rule

SINGLE = [operator for operator in Comparator if operator is not Comparator.ONE_OF]
HOMES = ("MORTGAGE", "OWN", "RENT")


def numeric(
    fact: str, values: st.SearchStrategy[int] | st.SearchStrategy[Fraction]
) -> st.SearchStrategy[Condition]:
    one = st.builds(Compare, st.just(fact), st.sampled_from(SINGLE), st.tuples(values))
    many = st.builds(
        Compare,
        st.just(fact),
        st.just(Comparator.ONE_OF),
        st.lists(values, min_size=1, max_size=2).map(tuple),
    )
    return one | many


LEAVES = (
    numeric("inquiries_12m", st.integers(0, 3))
    | numeric("credit_use", st.fractions(0, 1, max_denominator=2))
    | st.builds(
        Compare,
        st.just("home_ownership"),
        st.just(Comparator.ONE_OF),
        st.lists(st.sampled_from(HOMES), min_size=1, max_size=2).map(tuple),
    )
)


def nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(AllTrue, several) | st.builds(AnyTrue, several) | st.builds(Not, inner)


# Every region that thresholds at 0..3 and at 0, 1/2, 1 can tell apart has a point here.
WORLDS: list[dict[str, FactValue]] = [
    {"inquiries_12m": count, "credit_use": Fraction(quarter, 4), "home_ownership": home}
    for count in range(6)
    for quarter in range(6)
    for home in HOMES
]


@given(st.recursive(LEAVES, nested, max_leaves=7))
def test_possible_agrees_with_trying_every_kind_of_applicant(condition: Condition) -> None:
    holds = compile_condition(condition)
    assert possible(condition) is any(holds(world) for world in WORLDS)


def between(low: int, high: int) -> Condition:
    return AllTrue(
        (
            Compare("credit_score", Comparator.ABOVE, (low,)),
            Compare("credit_score", Comparator.BELOW, (high,)),
        )
    )


def test_nothing_lies_strictly_between_two_neighbouring_whole_numbers() -> None:
    assert not possible(between(1, 2))
    assert possible(between(1, 3))


def test_the_bounds_of_a_fact_are_known() -> None:
    assert not possible(Compare("credit_score", Comparator.ABOVE, (1000,)))
    assert not possible(Compare("term_months", Comparator.BELOW, (3,)))
    assert possible(Compare("term_months", Comparator.BELOW, (4,)))


def a_rule(condition: Condition, effect: RuleEffect = RuleEffect.DECLINE, rank: int = 1) -> Rule:
    return Rule(f"rule-{rank}", effect, "R", "U", rank, condition)


def test_a_refer_is_reported_only_when_its_decline_reads_nothing_more() -> None:
    refer = a_rule(Compare("inquiries_12m", Comparator.AT_LEAST, (9,)), RuleEffect.REFER, 2)
    same = a_rule(Compare("inquiries_12m", Comparator.AT_LEAST, (5,)))
    wider = a_rule(AnyTrue((same.condition, Compare("tax_liens", Comparator.AT_LEAST, (1,)))))
    assert "unreachable" in (problem_of_rule(refer, [same, refer]) or "")
    assert problem_of_rule(refer, [wider, refer]) is None
    assert problem_of_rule(same, [same, refer]) is None


def test_a_condition_with_too_many_kinds_of_applicants_is_let_through_and_never_guessed() -> None:
    facts = ("inquiries_12m", "tax_liens", "employment_years", "delinquencies_24m", "accounts_past_due")
    parts = tuple(
        AnyTrue(tuple(Compare(fact, Comparator.EQUALS, (value,)) for value in range(12))) for fact in facts
    )
    huge = AllTrue(parts)
    with pytest.raises(TooManyKinds):
        possible(huge)
    assert problem_of_rule(a_rule(huge), []) is None
