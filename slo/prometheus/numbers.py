"""Exact ratios as PromQL numbers and as people read them."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

SIGNIFICANT_DIGITS = 15


@lru_cache(maxsize=4096)
def decimal_text(value: Fraction) -> str:
    """``72/5`` as ``14.4``: exact where the decimal ends, else to 15 significant digits."""
    if value.denominator == 1:
        return str(value.numerator)
    with localcontext() as context:
        context.prec = SIGNIFICANT_DIGITS
        number = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{number.normalize():f}"


def percent_text(ratio: Fraction) -> str:
    """``1999/2000`` as ``99.95 %``."""
    return f"{decimal_text(ratio * 100)} %"


def short_text(value: Fraction) -> str:
    """A factor for people: ``14.4``, ``0.933``."""
    with localcontext() as context:
        context.prec = 3 if value < 100 else 6
        return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"
