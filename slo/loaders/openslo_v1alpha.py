"""What OpenSLO's first draft, ``openslo/v1alpha``, words otherwise: each objective may have its own ratio.

Follows ``pkg/openslo/v1alpha`` of OpenSLO/go-sdk at commit ae145da, and what slok/sloth reads of it at
0e395d8: sources named ``sloth``, and ``counter`` for what was later called ``incremental``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from foundation.located import Section
from foundation.quantities import duration_text
from slo.indicators.ratio import count_events
from slo.indicators.threshold import ThresholdIndicator
from slo.loaders.objectives import CALENDAR_UNITS, DEFAULT, OPS, aligned, objective_names, read_target_ratio
from slo.model.spec import BudgetingMethod, Indicator, MetricQuery, Objective, Window

VERSION = "openslo/v1alpha"
PROMETHEUS = ("prometheus", "sloth")
_UNITS = {"second": "s", "day": "d", "week": "w", "month": "M", "quarter": "Q"}


@dataclass(frozen=True, slots=True)
class MeasuredObjective:
    """An objective and what it is measured by; ``None`` after a refusal."""

    objective: Objective
    indicator: Indicator | None


def read_measured(spec: Section, method: BudgetingMethod, names: tuple[str, ...]) -> list[MeasuredObjective]:
    """Every objective that could be read."""
    threshold = _threshold(spec)
    items = spec.sections("objectives", required=True)
    chosen = objective_names(spec, names, [item.text("displayName") for item in items])
    found = [_measured(item, name, threshold, method) for item, name in zip(items, chosen, strict=True)]
    if items and threshold is None and not any(item.has("ratioMetrics") for item in items):
        fix = "Give each objective ratioMetrics, or the SLO an indicator with a thresholdMetric."
        spec.refuse("indicator", "is required but missing", fix)
    return [one for one in found if one is not None]


def _threshold(spec: Section) -> Indicator | None:
    indicator = spec.section("indicator")
    below = None if indicator is None else indicator.section("thresholdMetric", required=True)
    if indicator is not None:
        indicator.close()
    metric = None if below is None else _metric(below)
    return None if metric is None else ThresholdIndicator(metric)


def _metric(section: Section) -> MetricQuery | None:
    source = section.text("source", required=True)
    section.text("queryType", required=True)
    query = section.text("query", required=True)
    section.close()
    return MetricQuery("Prometheus" if source in PROMETHEUS else source, query) if source and query else None


def _measured(
    item: Section, name: str, threshold: Indicator | None, method: BudgetingMethod
) -> MeasuredObjective | None:
    ratio = item.section("ratioMetrics")
    target, value, display = read_target_ratio(item), item.number("value"), item.text("displayName")
    slice_target = item.number("timeSliceTarget", required=method is BudgetingMethod.TIMESLICES)
    op = item.text("op", choices=OPS)
    item.close()
    if ratio is not None and threshold is not None:
        item.refuse("ratioMetrics", "the SLO has an indicator as well", "Keep one of the two.")
    if target is None:
        return None
    if method is not BudgetingMethod.TIMESLICES:
        slice_target = None
    if ratio is not None:
        if op:
            item.notice("op", "has no effect on a ratio", "Remove it.")
        return MeasuredObjective(
            Objective(name, target, display, time_slice_target=slice_target), _ratio(ratio)
        )
    for key, given in (("op", op), ("value", value)):
        if threshold is not None and (given is None or given == ""):
            fix = "Add it, for example op: lte, value: 0.2."
            item.refuse(key, "is required with a threshold metric", fix)
    return MeasuredObjective(
        Objective(name, target, display, op or None, value, slice_target), threshold if op else None
    )


def _ratio(section: Section) -> Indicator | None:
    below = {key: section.section(key, required=True) for key in ("good", "total")}
    parts = {key: None if part is None else _metric(part) for key, part in below.items()}
    counter = section.flag("incremental", True) and section.flag("counter", True)
    section.close()
    return count_events(section, parts, counter) if all(parts.values()) else None


def read_time_windows(spec: Section) -> Window:
    items = spec.sections("timeWindows")
    if not items:
        spec.notice("timeWindows", "is missing; a rolling 30 days is assumed", "Write the promise's window.")
        return DEFAULT
    if len(items) > 1:
        spec.refuse("timeWindows", f"holds {len(items)} windows, one is allowed", "Write an SLO for each.")
    return _window(items[0])


def _window(item: Section) -> Window:
    unit, count = item.text("unit", required=True), item.number("count", required=True)
    calendar = item.section("calendar")
    rolling = item.flag("isRolling", default=calendar is None)
    item.close()
    letter = _UNITS.get(unit.lower())
    if unit and letter is None:
        item.refuse("unit", f"{unit!r} is not a unit", "Write Second, Day, Week, Month or Quarter.")
    if count is not None and (count <= 0 or count.denominator != 1):
        item.refuse("count", f"{float(count):g} is not a whole number above 0", "Write for example 30.")
        return DEFAULT
    if letter is None or count is None:
        return DEFAULT
    if rolling and calendar is not None:
        item.refuse("isRolling", "a window with a calendar does not roll", "Remove one of the two.")
    if not rolling:
        return aligned(item, "count", f"{count}{letter}", calendar)
    each = timedelta(seconds=1) if letter == "s" else CALENDAR_UNITS[letter][1]
    length = int(count) * each
    if letter in "MQ":
        reason = f"{count} {unit} has no fixed length: {duration_text(length)} is rolled over"
        item.notice("unit", reason, "Write days.")
    if length < timedelta(hours=1) or length % timedelta(minutes=1):
        problem = f"{duration_text(length)} is shorter than an hour or not a whole number of minutes"
        item.refuse("count", problem, "Write for example 30 days.")
    return Window(length)
