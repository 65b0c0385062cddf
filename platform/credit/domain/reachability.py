"""Rules that can never matter: never true, always true, or a REFER that a DECLINE always outweighs.

Found by trying one applicant of every kind that the condition's thresholds tell apart. Facts are taken as
independent, so a reported rule is truly dead, though a dead rule that only arithmetic between facts reveals
may pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import floor, prod

from credit.domain.compiled_policy import compile_condition
from credit.domain.decision import FactValue
from credit.domain.facts import FACTS, Fact, FactType
from credit.domain.policy import (
    AllTrue,
    AnyTrue,
    Compare,
    Condition,
    Not,
    Rule,
    RuleEffect,
    comparisons,
    facts_read,
)

MAX_KINDS = 50_000  # some tenths of a second


class TooManyKinds(Exception):
    """The condition tells too many kinds of applicants apart; the check is skipped, never guessed."""


def problem_of_rule(rule: Rule, rules: Sequence[Rule]) -> str | None:
    """What is wrong with a rule's reach in words, or ``None``."""
    try:
        if not possible(rule.condition):
            return f"the rule {rule.name!r} can never be true"
        if not possible(Not(rule.condition)):
            return f"the rule {rule.name!r} is always true, so no application could pass it"
        if rule.effect is RuleEffect.REFER and _outweighed(rule, rules):
            return f"the rule {rule.name!r} is unreachable: a DECLINE rule is true whenever it is"
    except TooManyKinds:
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
        TooManyKinds: over ``MAX_KINDS`` of them.
    """
    names = facts_read(condition)
    kinds = [list(_kinds(FACTS[name], condition)) for name in names]
    if prod(map(len, kinds)) > MAX_KINDS:
        raise TooManyKinds
    holds = compile_condition(condition)
    return any(holds(dict(zip(names, values, strict=True))) for values in product(*kinds))


def _kinds(fact: Fact, condition: Condition) -> Iterator[FactValue]:
    """Values of a fact, within its bounds, one of each kind that the condition treats alike."""
    if fact.type is FactType.TEXT:
        yield from fact.choices
        return
    thresholds = [
        value for each in comparisons(condition) if each.fact == fact.name for value in each.thresholds
    ]
    bounds = [bound for bound in (fact.low, fact.high) if bound is not None]
    edges = sorted({Fraction(value) for value in (*thresholds, *bounds)})
    found: set[Fraction | int]
    if fact.type is FactType.INTEGER:
        found = {floor(edge) + step for edge in edges for step in (-1, 0, 1)}
    else:
        found = {*edges, edges[0] - 1, *((low + high) / 2 for low, high in pairwise(edges)), edges[-1] + 1}
    for value in found:
        if (fact.low is None or value >= fact.low) and (fact.high is None or value <= fact.high):
            yield value
