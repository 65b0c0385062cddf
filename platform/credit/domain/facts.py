"""Every fact a policy may read: one typed table. A missing input gives ``None``, never zero.

Base facts are copied from the profile, the application and the policy's price; derived facts are computed
from base facts, exactly (ratios are ``Fraction``). ``derive`` works on any base facts, so a recorded
decision can be asked "what if the amount were smaller" without its customer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from credit.domain.application import (
    MAX_AMOUNT_CENTS,
    MAX_TERM_MONTHS,
    MIN_AMOUNT_CENTS,
    MIN_TERM_MONTHS,
    Purpose,
)
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.decision import Application, FactValue
from credit.domain.money import price_installment
from foundation.bilingual import Text

FactMap = Mapping[str, FactValue]
HOME_OWNERSHIP = ("MORTGAGE", "OWN", "RENT")


class FactType(StrEnum):
    INTEGER = "integer"
    RATIO = "ratio"
    TEXT = "text"


class FactSource(StrEnum):
    PROFILE = "profile"
    APPLICATION = "application"
    PRICE = "price"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Fact:
    """``unit``: cents, months, years, points, count, basis_points, ratio, days or choice.

    ``low`` and ``high`` bound what can occur (``None``: open); ``choices`` are a text fact's only values.
    ``actionable``: the applicant can change it by asking for something else or by paying something off.
    """

    name: str
    unit: str
    source: FactSource
    how: str
    label: Text
    low: int | None = 0
    high: int | None = None
    choices: tuple[str, ...] = ()
    actionable: bool = False
    compute: Callable[[FactMap], FactValue] | None = None

    @property
    def type(self) -> FactType:
        return {"ratio": FactType.RATIO, "choice": FactType.TEXT}.get(self.unit, FactType.INTEGER)


def _ratio_of(bottom: str, *tops: str) -> Callable[[FactMap], FactValue]:
    """The sum of ``tops`` over ``bottom``; ``None`` if any of them is missing or ``bottom`` is zero."""

    def compute(facts: FactMap) -> FactValue:
        base = facts[bottom]
        if not isinstance(base, int) or base <= 0:
            return None
        total = 0
        for top in tops:
            value = facts[top]
            if not isinstance(value, int):
                return None
            total += value
        return Fraction(total, base)

    return compute


def _installment(facts: FactMap) -> FactValue:
    amount, rate, term = facts["amount_cents"], facts["monthly_rate_bps"], facts["term_months"]
    if not isinstance(amount, int) or not isinstance(rate, int) or not isinstance(term, int):
        return None
    return price_installment(amount, rate, term)


def _amount_to_yearly_income(facts: FactMap) -> FactValue:
    amount, income = facts["amount_cents"], facts["monthly_income_cents"]
    if not isinstance(amount, int) or not isinstance(income, int) or income <= 0:
        return None
    return Fraction(amount, 12 * income)


def _number(
    name: str, unit: str, en: str, pt: str, high: int | None = None, *, actionable: bool = False
) -> Fact:
    return Fact(
        name,
        unit,
        FactSource.PROFILE,
        f"the profile's {name}",
        Text(en, pt),
        high=high,
        actionable=actionable,
    )


def _derived(name: str, unit: str, how: str, label: Text, compute: Callable[[FactMap], FactValue]) -> Fact:
    return Fact(name, unit, FactSource.DERIVED, how, label, actionable=True, compute=compute)


_PROFILE_FACTS = (
    _number("monthly_income_cents", "cents", "monthly income", "renda mensal"),
    _number(
        "monthly_debt_payment_cents",
        "cents",
        "monthly debt payments",
        "pagamento mensal de dívidas",
        actionable=True,
    ),
    _number("existing_debts_cents", "cents", "existing debts", "dívidas existentes", actionable=True),
    _number("credit_score", "points", "credit score", "pontuação de crédito", high=1000),
    _number("employment_years", "years", "years in the job", "anos no emprego"),
    _number("credit_history_years", "years", "years of credit history", "anos de histórico de crédito"),
    _number("delinquencies_24m", "count", "late payments in 24 months", "atrasos em 24 meses"),
    _number("accounts_past_due", "count", "accounts past due", "contas em atraso", actionable=True),
    _number("inquiries_12m", "count", "credit inquiries in 12 months", "consultas de crédito em 12 meses"),
    _number("public_bankruptcies", "count", "bankruptcies on record", "insolvências registradas"),
    _number("tax_liens", "count", "tax liens", "penhoras fiscais"),
    _number("credit_limit_cents", "cents", "credit limit", "limite de crédito"),
    _number("credit_used_cents", "cents", "credit in use", "crédito em uso", actionable=True),
    Fact(
        "home_ownership",
        "choice",
        FactSource.PROFILE,
        "the profile's home_ownership",
        Text("home", "moradia"),
        choices=HOME_OWNERSHIP,
    ),
    Fact(
        "customer_status",
        "choice",
        FactSource.PROFILE,
        "the profile's status",
        Text("customer status", "situação do cliente"),
        choices=tuple(CustomerStatus),
    ),
)

_APPLICATION_FACTS = (
    Fact(
        "amount_cents",
        "cents",
        FactSource.APPLICATION,
        "what was asked for",
        Text("amount", "valor"),
        MIN_AMOUNT_CENTS,
        MAX_AMOUNT_CENTS,
        actionable=True,
    ),
    Fact(
        "term_months",
        "months",
        FactSource.APPLICATION,
        "over how long",
        Text("term", "prazo"),
        MIN_TERM_MONTHS,
        MAX_TERM_MONTHS,
        actionable=True,
    ),
    Fact(
        "purpose",
        "choice",
        FactSource.APPLICATION,
        "what for",
        Text("purpose", "finalidade"),
        choices=tuple(Purpose),
    ),
)

_PRICE_FACTS = (
    Fact(
        "monthly_rate_bps",
        "basis_points",
        FactSource.PRICE,
        "the policy's rate band at the credit score",
        Text("monthly rate", "taxa mensal"),
    ),
)

_DERIVED_FACTS = (
    _derived(
        "installment_cents",
        "cents",
        "Price table: amount, monthly rate, term; rounded once, halves up",
        Text("installment", "parcela"),
        _installment,
    ),
    _derived(
        "debt_to_income",
        "ratio",
        "monthly_debt_payment_cents / monthly_income_cents",
        Text("debt payments to income", "dívidas sobre a renda"),
        _ratio_of("monthly_income_cents", "monthly_debt_payment_cents"),
    ),
    _derived(
        "installment_to_income",
        "ratio",
        "installment_cents / monthly_income_cents",
        Text("installment to income", "parcela sobre a renda"),
        _ratio_of("monthly_income_cents", "installment_cents"),
    ),
    _derived(
        "payments_to_income",
        "ratio",
        "(monthly_debt_payment_cents + installment_cents) / monthly_income_cents",
        Text("all payments to income", "todos os pagamentos sobre a renda"),
        _ratio_of("monthly_income_cents", "monthly_debt_payment_cents", "installment_cents"),
    ),
    _derived(
        "amount_to_income",
        "ratio",
        "amount_cents / (12 x monthly_income_cents)",
        Text("amount to yearly income", "valor sobre a renda anual"),
        _amount_to_yearly_income,
    ),
    _derived(
        "credit_use",
        "ratio",
        "credit_used_cents / credit_limit_cents",
        Text("share of the credit limit in use", "uso do limite de crédito"),
        _ratio_of("credit_limit_cents", "credit_used_cents"),
    ),
)

_AGE = Fact(
    "profile_age_days",
    "days",
    FactSource.PROFILE,
    "whole days from the profile's updated_at to as_of",
    Text("age of the data", "idade dos dados"),
)

FACTS: Mapping[str, Fact] = {
    fact.name: fact for fact in (*_PROFILE_FACTS, _AGE, *_APPLICATION_FACTS, *_PRICE_FACTS, *_DERIVED_FACTS)
}

BASE_FACTS = frozenset(name for name, fact in FACTS.items() if fact.source is not FactSource.DERIVED)
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
