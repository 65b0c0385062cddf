"""Numbers and lengths of time as people write and read them: exactly, never by way of a float."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache

SIGNIFICANT_DIGITS = 15
UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST = timedelta(days=366_000)
_PART = re.compile(r"([0-9]{1,10})(wd|[smhdw])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


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


def percent_text(ratio: Fraction, language: str = "en") -> str:
    """``1999/2000`` as ``99.95 %``, in Portuguese ``99,95 %``."""
    return _worded(f"{decimal_text(ratio * 100)} %", language)


def short_text(value: Fraction) -> str:
    """A factor for people: ``14.4``, ``0.933``."""
    with localcontext() as context:
        context.prec = 3 if value < 100 else 6
        return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def rounded_text(value: Fraction, places: int = 2) -> str:
    """At most ``places`` decimals, without trailing zeros: ``14.4``, ``0.93``."""
    text = f"{float(value):.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded_percent_text(ratio: Fraction, language: str = "en") -> str:
    """At most two decimals: ``93.33 %``, in Portuguese ``93,33 %``."""
    return _worded(f"{rounded_text(ratio * 100)} %", language)


def _worded(text: str, language: str) -> str:
    return text.replace(".", ",") if language == "pt" else text


def parse_duration(text: str, working_day: timedelta | None = None) -> timedelta | None:
    """``1h30m``, ``0``; ``None`` for anything else. ``wd`` is a unit where a working day has a length."""
    if text == "0":
        return timedelta(0)
    if not _WHOLE.fullmatch(text):
        return None
    units = UNITS if working_day is None else {**UNITS, "wd": working_day}
    total = timedelta(0)
    for count, unit in _PART.findall(text):
        if unit not in units or int(count) * units[unit].total_seconds() > LONGEST.total_seconds():
            return None
        total += int(count) * units[unit]
        if total > LONGEST:
            return None
    return total


@lru_cache(maxsize=512)
def duration_text(duration: timedelta) -> str:
    """In the largest whole unit up to days, as Prometheus and our files have it: ``5m``, ``6h``, ``30d``."""
    if not duration:
        return "0s"
    for unit in ("d", "h", "m"):
        if not duration % UNITS[unit]:
            return f"{duration // UNITS[unit]}{unit}"
    return f"{duration // UNITS['s']}s"


def span_text(span: timedelta) -> str:
    """``2d 3h``, ``1h 20min``, ``45min``, ``30s``: two units at most."""
    seconds = max(0, round(span.total_seconds()))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return " ".join(parts[:2]) or "0s"
