"""How derived facts are computed: exactly, and ``None`` as soon as an input is missing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from credit.domain.decision import FactValue
from credit.domain.fact import FactMap
from credit.domain.money import price_installment


def ratio_of(bottom: str, *tops: str) -> Callable[[FactMap], FactValue]:
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


def installment(facts: FactMap) -> FactValue:
    amount, rate, term = facts["amount_cents"], facts["monthly_rate_bps"], facts["term_months"]
    if not isinstance(amount, int) or not isinstance(rate, int) or not isinstance(term, int):
        return None
    return price_installment(amount, rate, term)


def amount_to_yearly_income(facts: FactMap) -> FactValue:
    amount, income = facts["amount_cents"], facts["monthly_income_cents"]
    if not isinstance(amount, int) or not isinstance(income, int) or income <= 0:
        return None
    return Fraction(amount, 12 * income)
