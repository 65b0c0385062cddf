"""Numbers, times and durations as people of a language write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from foundation.quantities import localised, span_text

Number = int | float | Fraction | Decimal
NO_BREAK = "\u00a0"
UNKNOWN = "–"
_LARGE = (
    (100_000_000_000, {"en": "billion", "pt": "bilhões"}),
    (100_000_000, {"en": "million", "pt": "milhões"}),
)


@dataclass(frozen=True, slots=True)
class Formats:
    """``language``: en or pt. ``zone``: the time zone times are shown in, IANA name."""

    language: str
    zone: str = "UTC"

    def number(self, value: Number | None, places: int = 0) -> str:
        """``12,345.6`` or ``12.345,6``; an unknown number is a dash, never zero."""
        if value is None or not _finite(value):
            return UNKNOWN
        text = f"{_decimal(value, places, ROUND_HALF_EVEN):,f}".replace("-", "−")
        return localised(text, self.language)

    def percent(self, ratio: Number | None, places: int = 2) -> str:
        """A ratio as per cent, rounded down: 99.999 % is never shown as 100 %."""
        if ratio is None or not _finite(ratio):
            return UNKNOWN
        down = _decimal(_fraction(ratio) * 100, places, ROUND_FLOOR)
        return self.number(down, places) + NO_BREAK + "%"

    def exact_percent(self, ratio: Number) -> str:
        """A target as written: as many places as it takes, at least none (``99.95 %``)."""
        scaled = _fraction(ratio) * 100
        places = next((n for n in range(8) if (scaled * 10**n).denominator == 1), 8)
        return self.percent(ratio, places)

    def burn(self, rate: Number | None) -> str:
        """A burn rate, ``14.4×``: times as fast as the budget allows."""
        if rate is None:
            return UNKNOWN
        if not _finite(rate):
            return "∞"
        size = abs(float(rate))
        places = 0 if size >= 100 else 1 if size >= 0.1 or size == 0 else 3
        whole = _fraction(rate).denominator == 1
        return self.number(rate, 0 if whole else places) + "×"

    def share(self, ratio: Number | None, places: int = 1) -> str:
        """A part of a whole as per cent, rounded to the nearest: parts add up as a reader expects."""
        if ratio is None or not _finite(ratio):
            return UNKNOWN
        return self.number(_fraction(ratio) * 100, places) + NO_BREAK + "%"

    def money(self, cents: int | None) -> str:
        """Centavos as reais, ``R$ 1.234,56``; large sums in millions or thousands of millions."""
        if cents is None:
            return UNKNOWN
        for size, words in _LARGE:
            if abs(cents) >= size:
                word = words[self.language]
                return f"R${NO_BREAK}{self.number(Decimal(cents) / size, 2)} {word}"
        return f"R${NO_BREAK}{self.number(Decimal(cents) / 100, 2 if abs(cents) < 100_000 else 0)}"

    def duration(self, value: timedelta | float | None) -> str:
        """The two largest units: ``3 h 12 min``; under a second in milliseconds."""
        if value is None:
            return UNKNOWN
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        if not math.isfinite(seconds):
            return UNKNOWN
        if 0 < abs(seconds) < 1:
            return f"{self.number(seconds * 1000, 0 if abs(seconds) >= 0.01 else 1)}{NO_BREAK}ms"
        return ("−" if seconds < 0 else "") + span_text(timedelta(seconds=abs(seconds)), NO_BREAK)

    def instant(self, at: datetime | None) -> str:
        """Date and minute in the zone: ``23 Nov 2026 14:03`` or ``23/11/2026 14:03``."""
        if at is None:
            return UNKNOWN
        local = self.local(at)
        if self.language == "pt":
            return f"{local:%d/%m/%Y %H:%M}"
        return f"{local.day} {_MONTHS[local.month - 1]} {local:%Y %H:%M}"

    def day(self, at: datetime) -> str:
        """Day and month in the zone: ``23 Nov`` or ``23/11``."""
        local = self.local(at)
        return f"{local:%d/%m}" if self.language == "pt" else f"{local.day} {_MONTHS[local.month - 1]}"

    def time(self, at: datetime | None) -> str:
        """Hour, minute and second in the zone."""
        return UNKNOWN if at is None else f"{self.local(at):%H:%M:%S}"

    def clock(self, at: datetime | None) -> str:
        """Hour and minute in the zone."""
        return UNKNOWN if at is None else f"{self.local(at):%H:%M}"

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def zone_text(self, at: datetime) -> str:
        """``America/Sao_Paulo (UTC−03:00)``."""
        if self.zone == "UTC":
            return "UTC"
        offset = f"{self.local(at):%z}"
        return f"{self.zone} (UTC{offset[:3].replace('-', '−')}:{offset[3:]})"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _finite(value: Number) -> bool:
    return math.isfinite(value) if isinstance(value, float) else True


def _fraction(value: Number) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _decimal(value: Number, places: int, rounding: str) -> Decimal:
    scaled = _fraction(value) * 10**places
    whole = math.floor(scaled) if rounding == ROUND_FLOOR else round(scaled)
    return Decimal(whole).scaleb(-places)
