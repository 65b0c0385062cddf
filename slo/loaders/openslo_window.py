"""OpenSLO ``timeWindow``: rolling, or aligned to a calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foundation.durations import parse_duration
from foundation.located import Section
from slo.model.spec import Window

DEFAULT = Window(timedelta(days=30))
CALENDAR_UNITS = {
    "d": ("day", timedelta(days=1)),
    "w": ("week", timedelta(weeks=1)),
    "M": ("month", timedelta(days=30)),
    "Q": ("quarter", timedelta(days=90)),
    "Y": ("year", timedelta(days=365)),
}


def read_time_window(spec: Section) -> Window:
    items = spec.sections("timeWindow")
    if not items:
        if not spec.has("timeWindow"):
            spec.notice(
                "timeWindow", "is missing: 30 days rolling is assumed", "Write the window you promise."
            )
        return DEFAULT
    if len(items) > 1:
        spec.refuse("timeWindow", f"holds {len(items)} windows; v1 allows one", "Write one SLO for each.")
    return _window(items[0])


def _window(item: Section) -> Window:
    text = item.text("duration", required=True)
    calendar = item.section("calendar")
    rolling = item.flag("isRolling", default=calendar is None)
    item.close()
    if rolling:
        if calendar is not None:
            item.refuse("isRolling", "a window with a calendar does not roll", "Remove one of the two.")
        return _rolling(item, text)
    return _aligned(item, text, calendar)


def _rolling(item: Section, text: str) -> Window:
    length = parse_duration(text)
    if text and length is None:
        mend = "Months and longer have no fixed length: write days, such as 30d."
        item.refuse("duration", f"{text!r} is not the length of a rolling window", mend)
    if length is not None and (length < timedelta(hours=1) or length % timedelta(minutes=1)):
        item.refuse(
            "duration", f"{text!r} is shorter than an hour or not whole minutes", "Write for example 30d."
        )
    return Window(length or DEFAULT.length)


def _aligned(item: Section, text: str, calendar: Section | None) -> Window:
    parsed = CALENDAR_UNITS.get(text[1:]) if text[:1] == "1" else None  # the unit and its nominal length
    if text and parsed is None:
        mend = "Write 1d, 1w, 1M, 1Q or 1Y (m is minutes, M is months)."
        item.refuse("duration", f"{text!r} is not one calendar unit", mend)
    zone, start = "UTC", None
    if calendar is None:
        item.refuse("calendar", "is required where isRolling is false", "Add startTime and timeZone.")
    else:
        zone = calendar.text("timeZone", required=True, default="UTC")
        start = calendar.text("startTime", required=True)
        calendar.close()
        _check_calendar(calendar, zone, start)
    unit, length = parsed or ("month", DEFAULT.length)
    return Window(length, unit, zone, start)


def _check_calendar(calendar: Section, zone: str, start: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        mend = "Write an IANA name such as America/Sao_Paulo."
        calendar.refuse("timeZone", f"{zone!r} is not a time zone", mend)
    try:
        instant = datetime.fromisoformat(start) if start else None
    except ValueError:
        calendar.refuse("startTime", f"{start!r} is not a date and time", "Write 2026-01-01 00:00:00.")
        return
    if instant is not None and instant.tzinfo is not None:
        calendar.refuse("startTime", "carries an offset", "Leave it out; timeZone says it.")
