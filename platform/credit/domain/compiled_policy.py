"""A policy turned into closures: facts in, verdict out, nothing else (no clock, no randomness, no I/O)."""

from __future__ import annotations

from datetime import datetime

from credit.domain.customer import CustomerProfile
from credit.domain.decision import Application, FactValue, Outcome, Reason, RuleTrace, Truth, Verdict
from credit.domain.fact import FactMap
from credit.domain.facts import base_facts, derive
from credit.domain.kleene import Test, compile_condition
from credit.domain.policy import Effect, Policy, Rule, facts_read

_TRUTH = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


class _CompiledRule:
    """A rule ready to run; plain attributes, since evaluation is the hot path."""

    __slots__ = ("declines", "effect", "name", "reads", "reason", "test", "unknown_reason")

    def __init__(self, rule: Rule) -> None:
        self.name = rule.name
        self.effect = rule.effect.value
        self.declines = rule.effect is Effect.DECLINE
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
        rate = self.spec.rate_for(profile.credit_score)
        return derive(base_facts(profile, application, as_of, rate))

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
