from __future__ import annotations

from dataclasses import replace

import pytest

from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.decision import Decision, Outcome
from credit.domain.disbursement import Refusal, free_limit, order_of
from credit.domain.errors import DisbursementRefused
from tests.support.credit_samples import a_decision, a_profile


def judged(**changes: object) -> Decision:
    decision = a_decision()
    return replace(decision, verdict=replace(decision.verdict, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "decision",
    [
        judged(outcome=Outcome.DECLINE),
        judged(outcome=Outcome.REFER),
        judged(monthly_rate_bps=None),
        judged(installment_cents=None),
        a_decision(degraded=True),
    ],
)
def test_nothing_but_a_whole_approval_at_a_price_promises_money(decision: Decision) -> None:
    with pytest.raises(DisbursementRefused) as refused:
        order_of(decision, 1)
    assert refused.value.code == Refusal.NOT_APPROVED


def test_every_attempt_at_a_decision_pays_by_the_same_transaction() -> None:
    first, second = order_of(a_decision(), 1), order_of(a_decision(), 2)
    assert first != second
    assert first.transaction_id == second.transaction_id
    assert first.amount_cents == a_decision().application.amount_cents


WITH_LIMIT = a_profile(credit_limit_cents=1_000, credit_used_cents=300)


@pytest.mark.parametrize(
    ("profile", "refusal"),
    [
        (None, Refusal.CUSTOMER_UNKNOWN),
        (replace(WITH_LIMIT, status=CustomerStatus.BLOCKED), Refusal.CUSTOMER_NOT_ACTIVE),
        (replace(WITH_LIMIT, credit_limit_cents=None), Refusal.LIMIT_UNKNOWN),
        (replace(WITH_LIMIT, credit_used_cents=None), Refusal.LIMIT_UNKNOWN),
    ],
)
def test_who_has_no_known_limit_is_paid_nothing(profile: CustomerProfile | None, refusal: Refusal) -> None:
    with pytest.raises(DisbursementRefused) as refused:
        free_limit(profile, 0)
    assert refused.value.code == refusal


def test_what_was_paid_since_the_profile_is_used_up_already() -> None:
    assert free_limit(WITH_LIMIT, 0) == 700
    assert free_limit(WITH_LIMIT, 900) == -200
