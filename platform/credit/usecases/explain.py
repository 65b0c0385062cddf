"""Why a decision came out as it did, for the applicant and for staff (LGPD art. 20: clear criteria)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from credit.domain.application import MIN_AMOUNT_CENTS
from credit.domain.compiled_policy import CompiledPolicy, PolicyBook, compile_condition
from credit.domain.decision import Decision, Outcome, Reason, RuleTrace, Truth
from credit.domain.errors import UnknownPolicy
from credit.domain.facts import BASE_FACTS, FACTS, derive
from credit.domain.policy import AllTrue, AnyTrue, Compare, Condition, Not, Rule
from credit.domain.reasons import Language, ReasonCatalogue
from credit.usecases.fact_text import fact_text, limit_text, money_text, percent_text
from foundation.bilingual import Text

STEP_CENTS = 10_000  # smaller amounts are offered in whole hundreds
_HEADLINES: Mapping[Outcome, Text] = {
    Outcome.APPROVE: Text("Your application was approved.", "Seu pedido foi aprovado."),
    Outcome.DECLINE: Text("Your application was not approved.", "Seu pedido não foi aprovado."),
    Outcome.REFER: Text("A person will look at your application.", "Uma pessoa vai analisar seu pedido."),
}
_PRICE = Text(
    "{amount} over {term} months at {rate} a month: {term} installments of {installment}.",
    "{amount} em {term} meses a {rate} ao mês: {term} parcelas de {installment}.",
)
_ALTERNATIVE = Text(
    "On the data we have, {amount} over the same {term} months would be approved.",
    "Com os dados que temos, {amount} nos mesmos {term} meses seriam aprovados.",
)
_REVIEW = Text(
    "This decision was automated. You may ask for a person to review it, and for the criteria used"
    " (Brazilian data protection law, article 20).",
    "Esta decisão foi automatizada. Você pode pedir a revisão por uma pessoa e os critérios usados"
    " (LGPD, artigo 20).",
)


@dataclass(frozen=True, slots=True)
class FactUsed:
    """One fact a rule read: its value (a ratio as ``7/20``), the same for people, the rule's bound."""

    name: str
    label: str
    value: int | str | bool | None
    text: str
    limit: str | None


@dataclass(frozen=True, slots=True)
class ReasonExplained:
    """``change`` is what would need to change, only where the applicant can change it (else ``None``)."""

    code: str
    rank: int
    title: str
    text: str
    facts: tuple[FactUsed, ...]
    change: str | None


@dataclass(frozen=True, slots=True)
class DecisionExplanation:
    """``policy_known`` is False when the policy of that id is no longer loaded: limits are then left out.

    ``alternative`` names a smaller amount that the same policy was run on again, and approves.
    """

    decision_id: str
    language: Language
    outcome: str
    headline: str
    reasons: tuple[ReasonExplained, ...]
    price: str | None
    policy_name: str
    policy_version: str
    policy_id: str
    policy_known: bool
    review_notice: str
    alternative: str | None = None


class ExplainDecision:
    """Pure: the decision's own trace and the policy of its id; no store is read."""

    def __init__(self, policies: PolicyBook, reasons: ReasonCatalogue) -> None:
        self._policies = policies
        self._reasons = reasons

    def __call__(self, decision: Decision, language: Language = "en") -> DecisionExplanation:
        verdict = decision.verdict
        policy = self._policy(verdict.policy_id)
        rules = {} if policy is None else {rule.name: rule for rule in policy.spec.rules}
        return DecisionExplanation(
            decision_id=decision.decision_id,
            language=language,
            outcome=verdict.outcome.value,
            headline=_HEADLINES[verdict.outcome].of(language),
            reasons=tuple(self._reason(reason, decision, rules, language) for reason in verdict.reasons),
            price=_price(decision, language),
            policy_name=verdict.policy_name,
            policy_version=verdict.policy_version,
            policy_id=verdict.policy_id,
            policy_known=policy is not None,
            review_notice=_REVIEW.of(language),
            alternative=None if policy is None else _alternative(decision, policy, language),
        )

    def _policy(self, policy_id: str) -> CompiledPolicy | None:
        try:
            return self._policies.get(policy_id)
        except UnknownPolicy:
            return None

    def _reason(
        self, reason: Reason, decision: Decision, rules: Mapping[str, Rule], language: Language
    ) -> ReasonExplained:
        if reason.code not in self._reasons:  # a retired code of an old decision
            return ReasonExplained(reason.code, reason.rank, reason.code, reason.code, (), None)
        texts = self._reasons.text(reason.code)
        steps = [step for step in decision.verdict.trace if _gave(step, reason.code, rules.get(step.rule))]
        used: dict[str, FactUsed] = {}
        for step in steps:
            for fact in _facts_used(step, rules[step.rule], language):
                used.setdefault(fact.name, fact)
        return ReasonExplained(
            code=reason.code,
            rank=reason.rank,
            title=texts.title.of(language),
            text=texts.applicant.of(language),
            facts=tuple(used.values()),
            change=None if texts.advice is None else texts.advice.of(language),
        )


def _gave(step: RuleTrace, code: str, rule: Rule | None) -> bool:
    """Whether this rule's result put the reason on the list."""
    if rule is None:
        return False
    if step.result is Truth.TRUE:
        return rule.reason == code
    return step.result is Truth.UNKNOWN and rule.unknown_reason == code


def _facts_used(step: RuleTrace, rule: Rule, language: Language) -> Iterator[FactUsed]:
    limits: dict[str, list[str]] = {}
    if step.result is Truth.TRUE:
        for comparison, negated in _leaves(rule.condition, negated=False):
            if compile_condition(comparison)(step.inputs) is not negated:
                words = limit_text(comparison, FACTS[comparison.fact], language, must_hold=negated)
                limits.setdefault(comparison.fact, []).append(words)
    for name, value in step.inputs.items():
        fact = FACTS[name]
        limit = ", ".join(dict.fromkeys(limits.get(name, ()))) or None
        shown = str(value) if isinstance(value, Fraction) else value
        yield FactUsed(name, fact.label.of(language), shown, fact_text(fact, value, language), limit)


def _leaves(condition: Condition, *, negated: bool) -> Iterator[tuple[Compare, bool]]:
    match condition:
        case Compare():
            yield condition, negated
        case Not(child):
            yield from _leaves(child, negated=not negated)
        case AllTrue(children) | AnyTrue(children):
            for child in children:
                yield from _leaves(child, negated=negated)


def _price(decision: Decision, language: Language) -> str | None:
    verdict, application = decision.verdict, decision.application
    if verdict.monthly_rate_bps is None or verdict.installment_cents is None:
        return None
    return _PRICE.of(language).format(
        amount=money_text(application.amount_cents, language),
        term=application.term_months,
        rate=percent_text(Fraction(verdict.monthly_rate_bps, 10_000), language),
        installment=money_text(verdict.installment_cents, language),
    )


def _alternative(decision: Decision, policy: CompiledPolicy, language: Language) -> str | None:
    amount = smaller_amount(decision, policy)
    if amount is None:
        return None
    term = decision.application.term_months
    return _ALTERNATIVE.of(language).format(amount=money_text(amount, language), term=term)


def smaller_amount(decision: Decision, policy: CompiledPolicy) -> int | None:
    """A smaller amount over the same term that the policy approves on the recorded facts, in cents.

    Found by bisection and then checked, so it is never wrong; it is the largest such amount when the policy
    only gets stricter as the amount grows. ``None``: approved already, no facts on record, or none found.
    """
    asked = decision.application.amount_cents
    if decision.verdict.outcome is Outcome.APPROVE or not decision.facts.keys() >= BASE_FACTS:
        return None
    low, high = -(-MIN_AMOUNT_CENTS // STEP_CENTS), (asked - 1) // STEP_CENTS
    found: int | None = None
    while low <= high:
        middle = (low + high) // 2
        if _approved(decision, policy, middle * STEP_CENTS):
            found, low = middle * STEP_CENTS, middle + 1
        else:
            high = middle - 1
    return found


def _approved(decision: Decision, policy: CompiledPolicy, amount_cents: int) -> bool:
    base = {name: decision.facts[name] for name in BASE_FACTS}
    verdict = policy.evaluate(derive(base | {"amount_cents": amount_cents}))
    return verdict.outcome is Outcome.APPROVE
