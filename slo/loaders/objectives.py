"""What an OpenSLO ``SLO`` promises: objectives, and the window they hold over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foundation.errors import Effect
from foundation.located import Section
from foundation.quantities import duration_text, parse_duration, parse_number
from slo.model.spec import BudgetingMethod, Indicator, Objective, Window

DEFAULT = Window(timedelta(days=30))
CALENDAR_UNITS = {
    "d": ("day", timedelta(days=1)),
    "w": ("week", timedelta(weeks=1)),
    "M": ("month", timedelta(days=30)),
    "Q": ("quarter", timedelta(days=90)),
    "Y": ("year", timedelta(days=365)),
}
ONLY_NAME = "main"
OPS = ("lte", "gte", "lt", "gt")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class WrittenObjective:
    """An objective as written, before its indicator is known. ``section`` has its indicator, if any."""

    section: Section
    objective: Objective
    weight: Fraction | None


def read_objectives(spec: Section, method: BudgetingMethod, names: tuple[str, ...]) -> list[WrittenObjective]:
    """Every objective that could be read. A lone one is ``main``: a changed target keeps its history."""
    items = spec.sections("objectives", required=True)
    chosen = objective_names(spec, names, [item.text("displayName") for item in items])
    found = [_objective(item, name, method) for item, name in zip(items, chosen, strict=True)]
    return [raw for raw in found if raw is not None]


def objective_names(spec: Section, given: tuple[str, ...], display_names: list[str]) -> tuple[str, ...]:
    """Those of the annotation; or else the words shown, where they tell the objectives apart."""
    if given and len(given) != len(display_names):
        problem = f"{len(given)} objective names for {len(display_names)} objectives"
        spec.refuse("objectives", problem, "Give mirante.dev/objective-names one name for each.")
        given = ()
    return given or _names(display_names)


def _names(display_names: list[str]) -> tuple[str, ...]:
    if len(display_names) == 1:
        return (ONLY_NAME,)
    slugs = [_NOT_WORD.sub("-", text.lower()).strip("-")[:40].strip("-") for text in display_names]
    usable = all(slugs) and len(set(slugs)) == len(slugs)
    return tuple(slugs if usable else (f"objective-{n + 1}" for n in range(len(slugs))))


def _objective(item: Section, name: str, method: BudgetingMethod) -> WrittenObjective | None:
    target = read_target_ratio(item)
    op = item.text("op", choices=OPS) or None
    value = item.number("value")
    slice_target, slice_window = _slices(item, method)
    weight = item.number("compositeWeight")
    if weight is not None and weight <= 0:
        item.refuse("compositeWeight", f"{weight} is not above 0", "Leave it out to use 1.")
    if target is None:
        return None
    display = item.text("displayName")
    objective = Objective(name, target, display, op, value, slice_target, slice_window)
    return WrittenObjective(item, objective, weight)


def read_target_ratio(item: Section) -> Fraction | None:
    target, percent = item.number("target"), item.number("targetPercent")
    if item.has("target") == item.has("targetPercent"):
        item.refuse("target", "exactly one of target and targetPercent is required", "Write `target: 0.999`.")
        return None
    key, value = ("target", target) if item.has("target") else ("targetPercent", percent)
    ratio = value if value is None or key == "target" else value / 100
    if ratio is not None and not 0 < ratio < 1:
        item.refuse(key, *_extreme(key, ratio))
        return None
    return ratio


def _extreme(key: str, ratio: Fraction) -> tuple[str, str]:
    if ratio == 1:
        return (
            "100 % leaves no error budget: a single error breaks the promise",
            "Promise less than 100 %, for example 99.99 %.",
        )
    if ratio == 0:
        return "0 % promises nothing: no error can break the promise", "Promise more than 0 %."
    scale = "between 0 and 1" if key == "target" else "between 0 and 100"
    return f"is not {scale}", "Use `targetPercent` for percents and `target` for ratios."


def _slices(item: Section, method: BudgetingMethod) -> tuple[Fraction | None, timedelta | None]:
    target = item.number("timeSliceTarget", required=method is BudgetingMethod.TIMESLICES)
    window = _slice_window(item, required=method is not BudgetingMethod.OCCURRENCES)
    if target is not None and not 0 < target <= 1:
        item.refuse(
            "timeSliceTarget", f"{float(target):g} is not above 0 and at most 1", "Write for example 0.9."
        )
    for key in ("timeSliceTarget", "timeSliceWindow"):
        if method is BudgetingMethod.OCCURRENCES and item.has(key):
            item.refuse(key, "is only for time slices", "Set budgetingMethod: Timeslices, or remove it.")
    if method is BudgetingMethod.RATIO_TIMESLICES and item.has("timeSliceTarget"):
        item.notice("timeSliceTarget", "has no effect with RatioTimeslices", "Remove it.")
        target = None
    return target, window


def _slice_window(item: Section, required: bool) -> timedelta | None:
    text = item.text("timeSliceWindow", required=required)
    if not text:
        return None
    minutes = parse_number(text)
    window = parse_duration(text) if minutes is None else timedelta(minutes=float(minutes))
    if window is None or window <= timedelta(0) or window % timedelta(minutes=1):
        item.refuse(
            "timeSliceWindow",
            f"{text!r} is not a whole number of minutes",
            "Write 1m, 5m or a number of minutes.",
        )
        return None
    return window


def check_bounds(raw: WrittenObjective, indicator: Indicator, *, is_named: bool = False) -> bool:
    """``op`` and ``value`` belong to metrics that have a bound: needed there, without effect elsewhere.

    Of a metric that the file only names (``is_named``), OpenSLO's own tools cannot ask for them: somebody's
    file is then whole without. Whether nothing is missing.
    """
    item, objective = raw.section, raw.objective
    metric = f"{indicator.key.removesuffix('Metric')} metric"
    if indicator.is_bounded:
        for key, given in (("op", objective.op), ("value", objective.value)):
            if given is None:
                fix = "Add it, for example op: lte, value: 0.2."
                problem = f"is required with a {metric}"
                if is_named and item.is_part:
                    item.notice(key, f"{problem}; without it the SLO is not imported", fix, Effect.LOST)
                else:
                    item.refuse(key, problem, fix)
    elif objective.op or objective.value is not None:
        item.notice("op" if objective.op else "value", f"has no effect on a {metric}", "Remove it.")
    return not indicator.is_bounded or (objective.op is not None and objective.value is not None)


def read_time_window(spec: Section) -> Window:
    items = spec.sections("timeWindow")
    if not items:
        if not spec.has("timeWindow"):
            spec.notice(
                "timeWindow", "is missing; a rolling 30 days is assumed", "Write the window of your promise."
            )
        return DEFAULT
    if len(items) > 1:
        spec.refuse(
            "timeWindow", f"holds {len(items)} windows; v1 allows one", "Write a separate SLO for each."
        )
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
    return aligned(item, "duration", text, calendar)


def _rolling(item: Section, text: str) -> Window:
    length = parse_duration(text)
    if text and length is None:
        length = _nominal(text)
        if length is None:
            fix = "Write for example 30d or 4w."
            item.refuse("duration", f"{text!r} is not the length of a rolling window", fix)
        else:
            days = duration_text(length)
            reason = f"{text!r} has no fixed length: {days} is rolled over"
            item.notice("duration", reason, f"Write {days}.")
    if length is not None and (length < timedelta(hours=1) or length % timedelta(minutes=1)):
        item.refuse(
            "duration",
            f"{text!r} is shorter than an hour or not a whole number of minutes",
            "Write for example 30d.",
        )
    return Window(length or DEFAULT.length)


def _nominal(text: str) -> timedelta | None:
    """Of several months, quarters or years, as if each were as long as OpenSLO says."""
    count, unit = text[:-1], CALENDAR_UNITS.get(text[-1:])
    return int(count) * unit[1] if unit is not None and count.isdecimal() and 0 < int(count) < 1000 else None


def aligned(item: Section, key: str, text: str, calendar: Section | None) -> Window:
    parsed = CALENDAR_UNITS.get(text[1:]) if text[:1] == "1" else None  # the unit and its nominal length
    if text and parsed is None:
        fix = "Write 1d, 1w, 1M, 1Q or 1Y (m is minutes, M is months)."
        item.refuse(key, f"{text!r} is not one calendar unit", fix)
    zone, start = "UTC", None
    if calendar is None:
        item.refuse("calendar", "is required when isRolling is false", "Add startTime and timeZone.")
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
        fix = "Write an IANA name such as America/Sao_Paulo."
        calendar.refuse("timeZone", f"{zone!r} is not a time zone", fix)
    try:
        instant = datetime.fromisoformat(start) if start else None
    except ValueError:
        calendar.refuse("startTime", f"{start!r} is not a date and time", "Write 2026-01-01 00:00:00.")
        return
    if instant is not None and instant.tzinfo is not None:
        calendar.refuse("startTime", "has a UTC offset", "Remove the offset; timeZone sets it.")
