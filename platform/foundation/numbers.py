"""Exact numbers as text: as people write them in files, and as they and Prometheus read them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache

SIGNIFICANT_DIGITS = 15


def parse_number(text: str) -> Fraction | None:
    """A finite decimal number, exactly; ``None`` for anything else."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return Fraction(value) if value.is_finite() and abs(value.adjusted()) < 40 else None


def parse_share(text: str) -> Fraction | None:
    """``2%`` or ``0.02`` as 1/50."""
    if text.endswith("%"):
        percent = parse_number(text[:-1].strip())
        return None if percent is None else percent / 100
    return parse_number(text)


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
