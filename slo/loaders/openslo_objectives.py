"""OpenSLO ``objectives``: targets, threshold bounds and time slices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from foundation.durations import parse_duration
from foundation.located import Section
from foundation.numbers import parse_number
from slo.model.spec import BudgetingMethod, Indicator, Objective, ThresholdIndicator

ONLY_NAME = "main"
OPS = ("lte", "gte", "lt", "gt")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class RawObjective:
    """An objective as written, before its indicator is known. ``section`` has its indicator, if any."""

    section: Section
    objective: Objective
    weight: Fraction | None


def read_objectives(spec: Section, method: BudgetingMethod, names: tuple[str, ...]) -> list[RawObjective]:
    """Every objective that could be read. A lone one is ``main``: a changed target keeps its history."""
    items = spec.sections("objectives", required=True)
    if names and len(names) != len(items):
        problem = f"{len(names)} objective names are given for {len(items)} objectives"
        spec.refuse("objectives", problem, "Give mirante.dev/objective-names one name for each.")
        names = ()
    chosen = names or _names([item.text("displayName") for item in items])
    found = [_objective(item, name, method) for item, name in zip(items, chosen, strict=True)]
    return [raw for raw in found if raw is not None]


def _names(display_names: list[str]) -> tuple[str, ...]:
    if len(display_names) == 1:
        return (ONLY_NAME,)
    slugs = [_NOT_WORD.sub("-", text.lower()).strip("-")[:40].strip("-") for text in display_names]
    usable = all(slugs) and len(set(slugs)) == len(slugs)
    return tuple(slugs if usable else (f"objective-{n + 1}" for n in range(len(slugs))))


def _objective(item: Section, name: str, method: BudgetingMethod) -> RawObjective | None:
    target = _target(item)
    op = item.text("op", choices=OPS) or None
    value = item.number("value")
    slice_target, slice_window = _slices(item, method)
    weight = item.number("compositeWeight")
    if weight is not None and weight <= 0:
        item.refuse("compositeWeight", f"{weight} is not above 0", "Leave it out for 1.")
    if target is None:
        return None
    display = item.text("displayName")
    objective = Objective(name, target, display, op, value, slice_target, slice_window)
    return RawObjective(item, objective, weight)


def _target(item: Section) -> Fraction | None:
    target, percent = item.number("target"), item.number("targetPercent")
    if item.has("target") == item.has("targetPercent"):
        item.refuse("target", "exactly one of target and targetPercent is needed", "Write `target: 0.999`.")
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
            "100 % leaves no error budget: any error breaks it",
            "Promise less than 100 %, for example 99.99 %.",
        )
    if ratio == 0:
        return "0 % promises nothing: no error can break it", "Promise more than 0 %."
    scale = "between 0 and 1" if key == "target" else "between 0 and 100"
    return f"is not {scale}", "Use `targetPercent` for percents and `target` for ratios."


def _slices(item: Section, method: BudgetingMethod) -> tuple[Fraction | None, timedelta | None]:
    target = item.number("timeSliceTarget", required=method is BudgetingMethod.TIMESLICES)
    window = _slice_window(item, required=method is not BudgetingMethod.OCCURRENCES)
    if target is not None and not 0 < target <= 1:
        item.refuse("timeSliceTarget", f"{float(target):g} is not above 0 and at most 1", "Write 0.9, say.")
    for key in ("timeSliceTarget", "timeSliceWindow"):
        if method is BudgetingMethod.OCCURRENCES and item.has(key):
            item.refuse(key, "belongs to time slices", "Set budgetingMethod: Timeslices, or remove it.")
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
            "timeSliceWindow", f"{text!r} is not whole minutes", "Write 1m, 5m or a number of minutes."
        )
        return None
    return window


def check_bounds(raw: RawObjective, indicator: Indicator) -> None:
    """``op`` and ``value`` belong to threshold metrics: needed there, without effect elsewhere."""
    item, objective = raw.section, raw.objective
    if isinstance(indicator, ThresholdIndicator):
        for key, given in (("op", objective.op), ("value", objective.value)):
            if given is None:
                item.refuse(
                    key, "is required with a threshold metric", "Add it, for example op: lte, value: 0.2."
                )
    elif objective.op or objective.value is not None:
        item.notice("op" if objective.op else "value", "has no effect on a ratio metric", "Remove it.")
