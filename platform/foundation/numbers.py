"""Numbers as people write them in files, read exactly: never by way of a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction


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
