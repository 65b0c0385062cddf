"""Every fact a policy may read: one typed table. A missing input gives ``None``, never zero.

Base facts are copied from the profile, the application and the policy's price; derived facts are computed
from base facts, exactly (ratios are ``Fraction``). ``derive`` works on any base facts, so a recorded
decision can be asked "what if the amount were smaller" without its customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from credit.domain.application import (
    MAX_AMOUNT_CENTS,
    MAX_TERM_MONTHS,
    MIN_AMOUNT_CENTS,
    MIN_TERM_MONTHS,
    Purpose,
)
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.decision import Application, FactValue
from credit.domain.derivations import amount_to_yearly_income, installment, ratio_of
from credit.domain.fact import Fact, FactMap, FactType, Source
from credit.domain.reasons import Text

HOME_OWNERSHIP = ("MORTGAGE", "OWN", "RENT")


def _profile(
    name: str, unit: str, en: str, pt: str, high: int | None = None, *, actionable: bool = False
) -> Fact:
    how = f"the profile's {name}"
    return Fact(
        name, FactType.INTEGER, unit, Source.PROFILE, how, Text(en, pt), high=high, actionable=actionable
    )


_PROFILE_FACTS = (
    _profile("monthly_income_cents", "cents", "monthly income", "renda mensal"),
    _profile(
        "monthly_debt_payment_cents",
        "cents",
        "monthly debt payments",
        "pagamento mensal de dívidas",
        actionable=True,
    ),
    _profile("existing_debts_cents", "cents", "existing debts", "dívidas existentes", actionable=True),
    _profile("credit_score", "points", "credit score", "pontuação de crédito", high=1000),
    _profile("employment_years", "years", "years in the job", "anos no emprego"),
    _profile("credit_history_years", "years", "years of credit history", "anos de histórico de crédito"),
    _profile("delinquencies_24m", "count", "late payments in 24 months", "atrasos em 24 meses"),
    _profile("accounts_past_due", "count", "accounts past due", "contas em atraso", actionable=True),
    _profile("inquiries_12m", "count", "credit inquiries in 12 months", "consultas de crédito em 12 meses"),
    _profile("public_bankruptcies", "count", "bankruptcies on record", "insolvências registradas"),
    _profile("tax_liens", "count", "tax liens", "penhoras fiscais"),
    _profile("credit_limit_cents", "cents", "credit limit", "limite de crédito"),
    _profile("credit_used_cents", "cents", "credit in use", "crédito em uso", actionable=True),
    Fact(
        "home_ownership",
        FactType.TEXT,
        "choice",
        Source.PROFILE,
        "the profile's home_ownership",
        Text("home", "moradia"),
        choices=HOME_OWNERSHIP,
    ),
    Fact(
        "customer_status",
        FactType.TEXT,
        "choice",
        Source.PROFILE,
        "the profile's status",
        Text("customer status", "situação do cliente"),
        choices=tuple(status.value for status in CustomerStatus),
    ),
)

_APPLICATION_FACTS = (
    Fact(
        "amount_cents",
        FactType.INTEGER,
        "cents",
        Source.APPLICATION,
        "what was asked for",
        Text("amount", "valor"),
        low=MIN_AMOUNT_CENTS,
        high=MAX_AMOUNT_CENTS,
        actionable=True,
    ),
    Fact(
        "term_months",
        FactType.INTEGER,
        "months",
        Source.APPLICATION,
        "over how long",
        Text("term", "prazo"),
        low=MIN_TERM_MONTHS,
        high=MAX_TERM_MONTHS,
        actionable=True,
    ),
    Fact(
        "purpose",
        FactType.TEXT,
        "choice",
        Source.APPLICATION,
        "what for",
        Text("purpose", "finalidade"),
        choices=tuple(purpose.value for purpose in Purpose),
    ),
)

_PRICE_FACTS = (
    Fact(
        "monthly_rate_bps",
        FactType.INTEGER,
        "basis_points",
        Source.PRICE,
        "the policy's rate band at the credit score",
        Text("monthly rate", "taxa mensal"),
    ),
)

_DERIVED_FACTS = (
    Fact(
        "installment_cents",
        FactType.INTEGER,
        "cents",
        Source.DERIVED,
        "Price table: amount, monthly rate, term; rounded once, halves up",
        Text("installment", "parcela"),
        actionable=True,
        compute=installment,
    ),
    Fact(
        "debt_to_income",
        FactType.RATIO,
        "ratio",
        Source.DERIVED,
        "monthly_debt_payment_cents / monthly_income_cents",
        Text("debt payments to income", "dívidas sobre a renda"),
        actionable=True,
        compute=ratio_of("monthly_income_cents", "monthly_debt_payment_cents"),
    ),
    Fact(
        "installment_to_income",
        FactType.RATIO,
        "ratio",
        Source.DERIVED,
        "installment_cents / monthly_income_cents",
        Text("installment to income", "parcela sobre a renda"),
        actionable=True,
        compute=ratio_of("monthly_income_cents", "installment_cents"),
    ),
    Fact(
        "payments_to_income",
        FactType.RATIO,
        "ratio",
        Source.DERIVED,
        "(monthly_debt_payment_cents + installment_cents) / monthly_income_cents",
        Text("all payments to income", "todos os pagamentos sobre a renda"),
        actionable=True,
        compute=ratio_of("monthly_income_cents", "monthly_debt_payment_cents", "installment_cents"),
    ),
    Fact(
        "amount_to_income",
        FactType.RATIO,
        "ratio",
        Source.DERIVED,
        "amount_cents / (12 x monthly_income_cents)",
        Text("amount to yearly income", "valor sobre a renda anual"),
        actionable=True,
        compute=amount_to_yearly_income,
    ),
    Fact(
        "credit_use",
        FactType.RATIO,
        "ratio",
        Source.DERIVED,
        "credit_used_cents / credit_limit_cents",
        Text("share of the credit limit in use", "uso do limite de crédito"),
        actionable=True,
        compute=ratio_of("credit_limit_cents", "credit_used_cents"),
    ),
)

_AGE = Fact(
    "profile_age_days",
    FactType.INTEGER,
    "days",
    Source.PROFILE,
    "whole days from the profile's updated_at to as_of",
    Text("age of the data", "idade dos dados"),
)

FACTS: Mapping[str, Fact] = {
    fact.name: fact for fact in (*_PROFILE_FACTS, _AGE, *_APPLICATION_FACTS, *_PRICE_FACTS, *_DERIVED_FACTS)
}

BASE_FACTS = frozenset(name for name, fact in FACTS.items() if fact.source is not Source.DERIVED)
_COPIED = tuple(fact.name for fact in _PROFILE_FACTS if fact.name != "customer_status")
_DAY = timedelta(days=1)


def base_facts(
    profile: CustomerProfile, application: Application, as_of: datetime, monthly_rate_bps: int | None
) -> dict[str, FactValue]:
    """Facts that need no arithmetic beyond a date difference."""
    facts: dict[str, FactValue] = {name: getattr(profile, name) for name in _COPIED}
    facts["customer_status"] = profile.status.value
    facts["profile_age_days"] = max(0, (as_of - profile.updated_at) // _DAY)
    facts["amount_cents"] = application.amount_cents
    facts["term_months"] = application.term_months
    facts["purpose"] = application.purpose
    facts["monthly_rate_bps"] = monthly_rate_bps
    return facts


def derive(base: FactMap) -> dict[str, FactValue]:
    """Base facts and, computed from them in table order, the derived ones."""
    facts = dict(base)
    for fact in _DERIVED_FACTS:
        if fact.compute is not None:
            facts[fact.name] = fact.compute(facts)
    return facts
