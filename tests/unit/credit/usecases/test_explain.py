from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from credit.domain.canonical import decision_bytes, decision_from_bytes
from credit.domain.decision import Application, Decision, Outcome
from credit.domain.facts import derive
from credit.domain.reasons import PROFILE_UNREADABLE
from credit.usecases.explain import STEP_CENTS, DecisionExplanation, ExplainDecision, smaller_amount
from credit.usecases.load_policies import load_policies, load_reasons
from tests.support.credit_samples import a_decision
from tests.support.credit_world import a_good_profile

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BOOK = load_policies()
POLICY = BOOK.get()
EXPLAIN = ExplainDecision(BOOK, load_reasons())


def decided(amount_cents: int = 1_000_000, **changes: Any) -> Decision:
    application = Application("C-00001", amount_cents, 36, "CAR")
    facts = POLICY.facts(a_good_profile(**changes), application, NOW)
    return a_decision(application=application, verdict=POLICY.evaluate(facts), facts=facts)


def texts(explanation: DecisionExplanation) -> list[str]:
    top = [getattr(explanation, field.name) for field in fields(explanation)]
    inner = [text for reason in explanation.reasons for text in (reason.title, reason.text, reason.change)]
    return [text for text in (*top, *inner) if isinstance(text, str)]


def test_an_approval_is_explained_by_its_price() -> None:
    told = EXPLAIN(decided())
    assert told.headline == "Your application was approved."
    assert told.price == "R$ 10,000.00 over 36 months at 1.99 % a month: 36 installments of R$ 391.70."
    assert (told.reasons, told.alternative) == ((), None)
    assert EXPLAIN(decided(), "pt").price == (
        "R$ 10.000,00 em 36 meses a 1,99 % ao mês: 36 parcelas de R$ 391,70."
    )


def test_a_decline_names_the_fact_and_the_limit_it_met() -> None:
    told = EXPLAIN(decided(monthly_debt_payment_cents=500_000))
    (reason,) = told.reasons
    assert (reason.code, reason.rank) == ("PAYMENTS_TOO_HIGH", 1)
    (fact,) = reason.facts
    assert (fact.label, fact.text, fact.limit) == ("all payments to income", "53.92 %", "at most 45 %")
    assert reason.change is not None
    assert "smaller amount" in reason.change


def test_the_same_in_portuguese() -> None:
    told = EXPLAIN(decided(monthly_debt_payment_cents=500_000), "pt")
    assert told.headline == "Seu pedido não foi aprovado."
    assert told.reasons[0].facts[0].limit == "no máximo 45 %"
    assert told.reasons[0].facts[0].text == "53,92 %"
    assert "LGPD" in told.review_notice


def test_missing_data_is_shown_as_not_known_and_has_no_limit() -> None:
    told = EXPLAIN(decided(inquiries_12m=None))
    (reason,) = told.reasons
    assert reason.code == "INQUIRIES_UNKNOWN"
    assert [(fact.text, fact.limit) for fact in reason.facts] == [("not known", None)]


def test_nothing_is_promised_where_the_applicant_can_change_nothing() -> None:
    told = EXPLAIN(decided(credit_score=400))
    assert [(reason.code, reason.change) for reason in told.reasons] == [("SCORE_LOW", None)]
    assert told.alternative is None


def test_a_rule_of_several_facts_shows_only_the_limits_that_were_met() -> None:
    told = EXPLAIN(decided(amount_cents=3_000_000, home_ownership="RENT"))
    reason = next(reason for reason in told.reasons if reason.code == "LARGE_WITHOUT_HOME")
    limits = {fact.name: fact.limit for fact in reason.facts}
    assert limits == {"amount_cents": "below R$ 30,000.00", "home_ownership": "one of owned, mortgaged"}
    both = EXPLAIN(decided(public_bankruptcies=2, tax_liens=0)).reasons[0]
    assert {fact.name: fact.limit for fact in both.facts} == {
        "public_bankruptcies": "below 2, below 1",
        "tax_liens": None,
    }


@pytest.mark.parametrize("asked", [3_000_000, 4_500_000, 8_000_000])
def test_the_smaller_amount_offered_is_truly_approved_and_the_next_step_is_not(asked: int) -> None:
    decision = decided(amount_cents=asked, home_ownership="RENT", monthly_debt_payment_cents=300_000)
    assert decision.verdict.outcome is not Outcome.APPROVE
    offered = smaller_amount(decision, POLICY)
    assert offered is not None
    assert decided(offered, home_ownership="RENT", monthly_debt_payment_cents=300_000).verdict.outcome is (
        Outcome.APPROVE
    )
    more = offered + STEP_CENTS
    assert more >= asked or (
        decided(more, home_ownership="RENT", monthly_debt_payment_cents=300_000).verdict.outcome
        is not Outcome.APPROVE
    )
    told = EXPLAIN(decision)
    assert told.alternative is not None
    assert f"{offered // 100:,}.00" in told.alternative


def test_a_stored_decision_is_explained_as_the_fresh_one() -> None:
    decision = decided(amount_cents=8_000_000)
    assert EXPLAIN(decision_from_bytes(decision_bytes(decision))) == EXPLAIN(decision)


def test_a_degraded_decision_says_that_the_data_could_not_be_read() -> None:
    verdict = POLICY.without_data(PROFILE_UNREADABLE)
    told = EXPLAIN(a_decision(verdict=verdict, facts={}, degraded=True))
    assert [reason.code for reason in told.reasons] == [PROFILE_UNREADABLE]
    assert told.alternative is None


def test_a_policy_no_longer_in_force_is_said_and_its_limits_are_left_out() -> None:
    decision = decided(monthly_debt_payment_cents=500_000)
    told = EXPLAIN(replace(decision, verdict=replace(decision.verdict, policy_id="0" * 64)))
    assert not told.policy_known
    assert told.reasons[0].facts == ()
    assert told.reasons[0].text
    assert told.alternative is None


def test_a_retired_reason_code_is_shown_as_it_was_recorded() -> None:
    decision = decided(monthly_debt_payment_cents=500_000)
    codes = tuple(replace(reason, code="OLD_CODE") for reason in decision.verdict.reasons)
    told = EXPLAIN(replace(decision, verdict=replace(decision.verdict, reasons=codes)))
    assert [reason.title for reason in told.reasons] == ["OLD_CODE"]


def test_every_text_is_there_in_both_languages() -> None:
    for changes in ({}, {"credit_score": 400}, {"tax_liens": None}, {"home_ownership": None}):
        for amount in (1_000_000, 4_000_000):
            english, portuguese = (EXPLAIN(decided(amount, **changes), lang) for lang in ("en", "pt"))
            assert len(texts(english)) == len(texts(portuguese))
            assert all(texts(english) + texts(portuguese))
            assert english.headline != portuguese.headline


def test_the_recorded_facts_can_be_derived_again() -> None:
    decision = decided()
    assert derive(decision.facts) == decision.facts
