"""Durations and ratios as people write them, read exactly."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
CALENDAR_UNITS = {
    "d": ("day", timedelta(days=1)),
    "w": ("week", timedelta(weeks=1)),
    "M": ("month", timedelta(days=30)),
    "Q": ("quarter", timedelta(days=90)),
    "Y": ("year", timedelta(days=365)),
}
_DURATION = re.compile(r"(?:[1-9][0-9]*[smhdw])+")
_PART = re.compile(r"([1-9][0-9]*)([smhdw])")


def parse_duration(text: str) -> timedelta | None:
    """``5m``, ``1h30m``, ``4w``; ``None`` for anything else, calendar units included."""
    if not _DURATION.fullmatch(text):
        return None
    return sum((int(n) * _UNITS[unit] for n, unit in _PART.findall(text)), timedelta(0))


def parse_calendar_duration(text: str) -> tuple[str, timedelta] | None:
    """``1M`` as ``("month", 30 days)``: the unit and its nominal length. ``None`` unless exactly one unit."""
    return CALENDAR_UNITS.get(text[1:]) if text[:1] == "1" else None


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
