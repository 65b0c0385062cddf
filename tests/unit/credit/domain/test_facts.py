from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.decision import Application, FactValue
from credit.domain.facts import BASE_FACTS, FACTS, FactSource, FactType, base_facts, derive

NOW = datetime(2026, 3, 2, tzinfo=UTC)
APPLICATION = Application("C-1", 1_200_000, 12, "CAR")
BARE = CustomerProfile("C-1", "", b"", CustomerStatus.ACTIVE, 1, NOW, NOW)
FULL = replace(
    BARE,
    monthly_income_cents=400_000,
    monthly_debt_payment_cents=100_000,
    credit_score=700,
    credit_limit_cents=300_000,
    credit_used_cents=100_000,
)


def facts_of(profile: CustomerProfile, rate: int | None = 0) -> dict[str, FactValue]:
    return derive(base_facts(profile, APPLICATION, NOW + timedelta(days=3, hours=1), rate))


def test_every_fact_of_the_table_is_computed_and_none_beside_it() -> None:
    assert facts_of(FULL).keys() == FACTS.keys()
    assert base_facts(FULL, APPLICATION, NOW, 0).keys() == BASE_FACTS


def test_every_input_field_of_a_profile_is_a_fact() -> None:
    identity = {"customer_id", "cpf_index", "cpf_sealed", "status", "version", "created_at", "updated_at"}
    assert {field.name for field in fields(CustomerProfile)} - identity <= FACTS.keys()


def test_ratios_are_exact() -> None:
    facts = facts_of(FULL)
    assert facts["installment_cents"] == 100_000
    assert facts["debt_to_income"] == Fraction(1, 4)
    assert facts["installment_to_income"] == Fraction(1, 4)
    assert facts["payments_to_income"] == Fraction(1, 2)
    assert facts["amount_to_income"] == Fraction(1, 4)
    assert facts["credit_use"] == Fraction(1, 3)
    assert facts["profile_age_days"] == 3


def test_a_missing_input_gives_a_missing_fact_and_never_a_zero() -> None:
    facts = facts_of(BARE, rate=None)
    missing = {name for name, value in facts.items() if value is None}
    known = {"amount_cents", "term_months", "purpose", "customer_status", "profile_age_days"}
    assert missing == FACTS.keys() - known


def test_a_share_of_nothing_is_not_known() -> None:
    facts = facts_of(replace(FULL, monthly_income_cents=0, credit_limit_cents=0))
    for name in (
        "debt_to_income",
        "installment_to_income",
        "payments_to_income",
        "amount_to_income",
        "credit_use",
    ):
        assert facts[name] is None


@given(
    st.sampled_from(
        ["monthly_income_cents", "monthly_debt_payment_cents", "credit_limit_cents", "credit_used_cents"]
    )
)
def test_each_ratio_needs_all_of_its_inputs(name: str) -> None:
    facts = facts_of(replace(FULL, **{name: None}))  # type: ignore[arg-type]
    for fact in FACTS.values():
        if fact.source is FactSource.DERIVED and name in fact.how:
            assert facts[fact.name] is None


def test_values_have_the_types_the_table_says() -> None:
    for name, value in facts_of(FULL).items():
        if value is not None:
            fact = FACTS[name]
            expected = {FactType.INTEGER: int, FactType.RATIO: Fraction, FactType.TEXT: str}[fact.type]
            assert isinstance(value, expected), name
            assert fact.type is not FactType.TEXT or value in fact.choices


def test_every_fact_is_named_in_both_languages() -> None:
    for fact in FACTS.values():
        assert fact.label.en
        assert fact.label.pt
        assert fact.how
