"""Money is integer cents. Text becomes cents exactly; the only rounding is the one documented here."""

from __future__ import annotations

import re
from fractions import Fraction

from credit.domain.errors import InvalidValue

_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,15})(?:\.(?P<part>[0-9]{1,12}))?")


def exact_number(text: str, field: str) -> Fraction:
    """A decimal number exactly as written (``-12.50``), never by way of a float.

    Raises:
        InvalidValue: anything else, exponents and thousands separators included.
    """
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(field, "not a decimal number", "Write digits with a point, such as 1234.56")
    part = match["part"] or ""
    value = Fraction(int(match["whole"] + part), 10 ** len(part))
    return -value if match["sign"] == "-" else value


def round_half_up(value: Fraction) -> int:
    """To the nearest integer, halves away from zero (the habit of Brazilian contracts)."""
    magnitude = (abs(value.numerator) * 2 + value.denominator) // (value.denominator * 2)
    return magnitude if value >= 0 else -magnitude


def price_installment(amount_cents: int, monthly_rate_bps: int, term_months: int) -> int:
    """The constant monthly installment of the Price table (French amortisation), in cents.

    ``amount x i / (1 - (1 + i)^-n)`` with ``i = monthly_rate_bps / 10000``, computed in integers and rounded
    once, to the nearest cent, halves up. At a rate of zero it is ``amount / n`` rounded the same way.
    """
    if amount_cents < 0 or monthly_rate_bps < 0 or term_months < 1:
        raise ValueError("amount and rate must not be negative and the term at least one month")
    if monthly_rate_bps == 0:
        return (2 * amount_cents + term_months) // (2 * term_months)
    grown: int = (10_000 + monthly_rate_bps) ** term_months
    numerator: int = amount_cents * monthly_rate_bps * grown
    denominator: int = 10_000 * (grown - 10_000**term_months)
    return (2 * numerator + denominator) // (2 * denominator)
