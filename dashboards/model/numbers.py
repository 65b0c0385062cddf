"""Exact numbers as text: 72/5 is ``14.4``, never ``14.399999999999999``."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

_PLACES = Decimal("0.0000000001")


def decimal_text(value: Fraction) -> str:
    """The exact decimal when there is one, else ten places rounded half to even."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(exact) != value:
        exact = exact.quantize(_PLACES)
    return f"{exact.normalize():f}"


def percent_text(ratio: Fraction, language: str = "en") -> str:
    """0.9995 as ``99.95 %`` or, in Portuguese, ``99,95 %``."""
    text = f"{decimal_text(ratio * 100)} %"
    return text.replace(".", ",") if language == "pt" else text
