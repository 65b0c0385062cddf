"""The honest "what would need to change": an amount that the same policy, run again, does approve."""

from __future__ import annotations

from credit.domain.application import MIN_AMOUNT_CENTS
from credit.domain.compiled_policy import CompiledPolicy
from credit.domain.decision import Decision, Outcome
from credit.domain.facts import BASE_FACTS, derive

STEP_CENTS = 10_000  # offers are in whole hundreds


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
