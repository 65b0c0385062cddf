"""A policy turned into closures: facts in, verdict out, nothing else (no clock, no randomness, no I/O).

Conditions follow Kleene's strong three-valued logic: ``True`` and ``False`` are known, ``None`` is UNKNOWN.
AND is false as soon as one part is, OR true as soon as one part is, whatever is missing; NOT of UNKNOWN is
UNKNOWN.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from credit.domain.customer import CustomerProfile
from credit.domain.decision import Application, FactValue, Outcome, Reason, RuleTrace, Truth, Verdict
from credit.domain.errors import UnknownPolicy
from credit.domain.facts import FactMap, base_facts, derive
from credit.domain.policy import (
    AllTrue,
    AnyTrue,
    Comparator,
    Compare,
    Condition,
    Not,
    Policy,
    Rule,
    RuleEffect,
    Threshold,
    facts_read,
)

Test = Callable[[FactMap], bool | None]
_TRUTH = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}
_ORDERINGS: Mapping[Comparator, Callable[[int, int], bool]] = {
    Comparator.ABOVE: operator.gt,
    Comparator.AT_LEAST: operator.ge,
    Comparator.BELOW: operator.lt,
    Comparator.AT_MOST: operator.le,
}


def compile_condition(condition: Condition) -> Test:
    """A closure that answers the condition for any facts of the right types."""
    match condition:
        case Compare():
            return _comparison(condition)
        case AllTrue(children):
            return _conjunction(tuple(compile_condition(child) for child in children))
        case AnyTrue(children):
            return _disjunction(tuple(compile_condition(child) for child in children))
        case Not(child):
            return _negation(compile_condition(child))


def _conjunction(parts: tuple[Test, ...]) -> Test:
    def test(facts: FactMap) -> bool | None:
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
    def test(facts: FactMap) -> bool | None:
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
    def test(facts: FactMap) -> bool | None:
        result = part(facts)
        return None if result is None else not result

    return test


def _comparison(node: Compare) -> Test:
    fact = node.fact
    match node.operator:
        case Comparator.ONE_OF:
            return _membership(fact, frozenset(node.thresholds))
        case Comparator.EQUALS:
            return _equality(fact, node.thresholds[0], wanted=True)
        case Comparator.NOT_EQUALS:
            return _equality(fact, node.thresholds[0], wanted=False)
        case ordering:
            return _ordering(fact, ordering, node.thresholds[0])


def _membership(fact: str, allowed: frozenset[Threshold]) -> Test:
    def test(facts: FactMap) -> bool | None:
        value = facts[fact]
        return None if value is None else value in allowed

    return test


def _equality(fact: str, threshold: Threshold, *, wanted: bool) -> Test:
    def test(facts: FactMap) -> bool | None:
        value = facts[fact]
        return None if value is None else (value == threshold) is wanted

    return test


def _ordering(fact: str, ordering: Comparator, threshold: Threshold) -> Test:
    """Compares by cross-multiplied integers: exact, and several times faster than comparing Fractions."""
    if not isinstance(threshold, int | Fraction):
        raise TypeError(f"{fact}: {ordering.value} needs a number")
    top, bottom = threshold.numerator, threshold.denominator
    holds = _ORDERINGS[ordering]

    # Any: only the loader's type check stands between a fact and its number, and it ran once, long ago.
    def test(facts: Mapping[str, Any]) -> bool | None:
        value = facts[fact]
        return None if value is None else holds(value.numerator * bottom, top * value.denominator)

    return test


class _CompiledRule:
    """A rule ready to run; plain attributes, since evaluation is the hot path."""

    __slots__ = ("declines", "effect", "name", "reads", "reason", "test", "unknown_reason")

    def __init__(self, rule: Rule) -> None:
        self.name = rule.name
        self.effect = rule.effect.value
        self.declines = rule.effect is RuleEffect.DECLINE
        self.reason = rule.reason
        self.unknown_reason = rule.unknown_reason
        self.reads = facts_read(rule.condition)
        self.test: Test = compile_condition(rule.condition)


class CompiledPolicy:
    """``spec`` is the policy as written, ``policy_id`` its content hash."""

    def __init__(self, spec: Policy) -> None:
        self.spec = spec
        self.policy_id = spec.policy_id
        self._rules = tuple(_CompiledRule(rule) for rule in sorted(spec.rules, key=lambda rule: rule.rank))

    def facts(
        self, profile: CustomerProfile, application: Application, as_of: datetime
    ) -> dict[str, FactValue]:
        """Every fact of the table; missing ones are ``None``."""
        return derive(base_facts(profile, application, as_of, self._rate(profile.credit_score)))

    def _rate(self, credit_score: int | None) -> int | None:
        """Basis points a month at a score; ``None`` when the score is not known."""
        if credit_score is None:
            return None
        return next(
            (band.monthly_rate_bps for band in self.spec.bands if credit_score >= band.at_least), None
        )

    def evaluate(self, facts: FactMap) -> Verdict:
        """The verdict on facts: the same facts give the same verdict, byte for byte.

        A true DECLINE rule declines, with the reasons of all true DECLINE rules. Otherwise a true REFER rule
        or one that missing data leaves UNKNOWN refers, with the reasons of all of those. Otherwise the
        application is approved at the policy's price. Reasons are in rank order, each code once; the trace
        holds every rule in rank order.
        """
        declines: dict[str, None] = {}
        refers: dict[str, None] = {}
        trace = []
        for rule in self._rules:
            result = rule.test(facts)
            if result:
                (declines if rule.declines else refers)[rule.reason] = None
            elif result is None:
                refers[rule.unknown_reason] = None
            trace.append(
                RuleTrace(rule.name, _TRUTH[result], rule.effect, {name: facts[name] for name in rule.reads})
            )
        if declines:
            return self._verdict(Outcome.DECLINE, declines, trace)
        rate, installment = facts["monthly_rate_bps"], facts["installment_cents"]
        if not isinstance(rate, int) or not isinstance(installment, int):
            refers.setdefault(self.spec.unpriced_reason)
        if refers:
            return self._verdict(Outcome.REFER, refers, trace)
        return self._verdict(Outcome.APPROVE, {}, trace, rate, installment)

    def without_data(self, reason: str) -> Verdict:
        """A REFER for a customer whose data could not be read: no rule ran, so the trace is empty."""
        return self._verdict(Outcome.REFER, {reason: None}, [])

    def _verdict(
        self,
        outcome: Outcome,
        codes: dict[str, None],
        trace: list[RuleTrace],
        rate: FactValue = None,
        installment: FactValue = None,
    ) -> Verdict:
        return Verdict(
            outcome,
            tuple([Reason(code, rank) for rank, code in enumerate(codes, start=1)]),
            tuple(trace),
            self.policy_id,
            self.spec.name,
            self.spec.version,
            rate if isinstance(rate, int) else None,
            installment if isinstance(installment, int) else None,
        )


class PolicyBook:
    """The policies in force, by name or id. ``default`` names the one used when none is asked for.

    Raises:
        UnknownPolicy: no policy has the default's name.
    """

    def __init__(self, policies: Sequence[CompiledPolicy], default: str) -> None:
        self._names = tuple(sorted(policy.spec.name for policy in policies))
        self._by_key = {policy.spec.name: policy for policy in policies}
        self._by_key.update({policy.policy_id: policy for policy in policies})
        self._default = self.get(default)

    def get(self, name_or_id: str | None = None) -> CompiledPolicy:
        """The policy of that name or id, or the default.

        Raises:
            UnknownPolicy: none has it; the error lists the names.
        """
        if name_or_id is None:
            return self._default
        try:
            return self._by_key[name_or_id]
        except KeyError:
            raise UnknownPolicy(name_or_id, self._names) from None

    def names(self) -> tuple[str, ...]:
        """Every policy's name, sorted."""
        return self._names
