"""Numbers and lengths of time as people write and read them: exactly, never by way of a float."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from itertools import dropwhile, takewhile

SIGNIFICANT_DIGITS = 15
UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST = timedelta(days=366_000)
_SWAPPED = str.maketrans(",.", ".,")
_RANGE_UNITS = {"h": 3_600, "m": 60, "s": 1}
_SPAN_UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_NUMBER = re.compile(r"[-+]?(([0-9]+|[0-9]{1,3}(_[0-9]{3})+)\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?")
_PART = re.compile(r"([0-9]{1,11})(wd|[smhdw])")
_LATENCY = re.compile(r"((?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))(us|µs|ms|s|m|h)")
_WHOLE_LATENCY = re.compile(rf"(?:{_LATENCY.pattern})+")
_LATENCY_UNITS = {
    "us": Fraction(1, 1_000_000), "µs": Fraction(1, 1_000_000), "ms": Fraction(1, 1_000),
    "s": Fraction(1), "m": Fraction(60), "h": Fraction(3_600),
}  # fmt: skip
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def parse_number(text: str) -> Fraction | None:
    """A finite decimal number, exactly; ``None`` for anything else."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    value = Decimal(text)
    return Fraction(value) if abs(value.adjusted()) < 40 else None


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
    """``1999/2000`` as ``99.95 %``, in Portuguese ``99,95 %``; for a promise, never rounded."""
    return localised(f"{decimal_text(ratio * 100)} %", language)


def short_text(value: Fraction) -> str:
    """A factor for people: ``14.4``, ``0.933``."""
    with localcontext() as context:
        context.prec = 3 if value < 100 else 6
        return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def rounded_text(value: Fraction, places: int = 2) -> str:
    """At most ``places`` decimals, without trailing zeros: ``14.4``, ``0.93``."""
    return decimal_text(Fraction(round(value * 10**places), 10**places))


def rounded_percent_text(ratio: Fraction, language: str = "en") -> str:
    """At most two decimals: ``93.33 %``, in Portuguese ``93,33 %``; for what was measured."""
    return localised(f"{rounded_text(ratio * 100)} %", language)


def localised(number: str, language: str) -> str:
    """``1,234.5`` as people of a language write it: ``1.234,5`` in Portuguese."""
    return number.translate(_SWAPPED) if language.startswith("pt") else number


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


def parse_latency(text: str) -> Fraction | None:
    """Seconds of ``300ms``, ``0.3s``, ``1m30s``: how long something may take; ``None`` for anything else."""
    if not _WHOLE_LATENCY.fullmatch(text):
        return None
    return sum(
        (Fraction(number) * _LATENCY_UNITS[unit] for number, unit in _LATENCY.findall(text)), Fraction()
    )


def latency_text(seconds: Fraction) -> str:
    """``300ms``, ``1.5s``."""
    return f"{decimal_text(seconds)}s" if seconds >= 1 else f"{decimal_text(seconds * 1000)}ms"


@lru_cache(maxsize=512)
def duration_text(duration: timedelta) -> str:
    """In the largest whole unit up to days, as Prometheus and our files have it: ``5m``, ``6h``, ``30d``."""
    if not duration:
        return "0s"
    for unit in ("d", "h", "m"):
        if not duration % UNITS[unit]:
            return f"{duration // UNITS[unit]}{unit}"
    return f"{duration // UNITS['s']}s"


def range_text(duration: timedelta) -> str:
    """Exactly, in the units of a Prometheus range: ``59m59s``, ``719h59m59s``."""
    return "".join(f"{count}{unit}" for count, unit in _split(duration, _RANGE_UNITS) if count)


def span_text(duration: timedelta, gap: str = "") -> str:
    """For people, its two largest units: ``2d 3h``, ``1h 20min``, ``45min``, ``30s``; none below a zero."""
    parts = list(dropwhile(lambda part: not part[0], _split(max(duration, timedelta(0)), _SPAN_UNITS)))
    shown = takewhile(lambda part: part[0], parts[:2])
    return " ".join(f"{count}{gap}{unit}" for count, unit in shown) or f"0{gap}s"


def rough_text(duration: timedelta) -> str:
    """A tenth of its coarsest unit, to the minute: ``30d``, ``3.2d``, ``5.5h``, ``12m``."""
    for unit in ("d", "h"):
        if duration >= UNITS[unit]:
            return f"{duration / UNITS[unit]:.1f}".removesuffix(".0") + unit
    return f"{duration // UNITS['m']}m"


def _split(duration: timedelta, units: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    seconds = round(duration.total_seconds())
    for unit, size in units.items():
        count, seconds = divmod(seconds, size)
        yield count, unit
