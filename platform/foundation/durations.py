"""Lengths of time as people write them in files: ``5m``, ``1h30m``, ``4w``."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

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
