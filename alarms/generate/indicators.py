"""Reads ``alarms/indicators.yaml``: what is watched beside SLOs, said once for every backend and board.

Thresholds come from an SLO, from a capacity, or from history; ``basis`` says which (§3.5.3, ALM-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from alarms.model.indicator import Comparison, IndicatorAlarm, Measure
from alarms.model.severity import Severity
from alarms.model.watch_list import LogGroup, LogPattern, Side, WatchList
from alarms.policy.defaults import DEFAULTS, INDICATORS
from foundation.bilingual import Text
from foundation.files import read_document
from foundation.located import Place
from foundation.workspace import SHIPPED
from slo.model.catalogue import Catalogue

FIVE_MINUTES, MINUTE = timedelta(minutes=5), timedelta(minutes=1)
RETENTION_DAYS = ("30", "60", "90", "120", "150", "180")  # what CloudWatch offers up to half a year
REQUIRED = ["name", "title", "metric", "measure", "severity", "category", "runbook", "basis"]
OPTIONAL = ["where", "by", "window", "above", "below", "lasting", "component", "symptom"]


@dataclass(frozen=True, slots=True)
class _Written:
    """An indicator as the file has it; ``target_of`` names the SLO whose target is its threshold."""

    indicator: IndicatorAlarm
    target_of: str = ""

    def of(self, catalogue: Catalogue) -> IndicatorAlarm | None:
        if not self.target_of:
            return self.indicator
        target = next(
            (slo.objectives[0].target for slo in catalogue.slos if slo.name == self.target_of), None
        )
        return None if target is None else replace(self.indicator, threshold=target)


@dataclass(frozen=True, slots=True)
class _File:
    """``None``: the file says nothing of it."""

    indicators: Mapping[str, _Written]
    sides: tuple[Side, ...] | None
    logs: tuple[tuple[LogGroup, ...], tuple[LogPattern, ...]] | None


def load_watch_list(catalogue: Catalogue, file: Path | None = SHIPPED.alarm_file(INDICATORS)) -> WatchList:  # noqa: B008
    """What ``file`` says over what belongs to every workspace (all there is, where a workspace has no file).

    An indicator whose SLO the catalogue does not have is left out.

    Raises:
        DefinitionErrors: everything wrong in the file.
    """
    default = _read(DEFAULTS / INDICATORS)
    own = default if file is None else _read(file)
    written = {**default.indicators, **own.indicators}
    found = [indicator for one in written.values() if (indicator := one.of(catalogue)) is not None]
    sides = own.sides if own.sides is not None else default.sides
    groups, patterns = own.logs or default.logs or ((), ())
    return WatchList(tuple(sorted(found, key=lambda one: one.name)), sides or (), groups, patterns)


@lru_cache(maxsize=8)
def _read(file: Path) -> _File:
    top = read_document(file)
    fields = top.fields(["version", "metrics", "bases", "indicators"], ["sides", "logs"])
    fields["version"].choice(["1"])
    metrics = {name: place.texts() for name, place in fields["metrics"].entries()}
    bases = {name: place.bilingual() for name, place in fields["bases"].entries()}
    found: dict[str, _Written] = {}
    for place in fields["indicators"].items():
        written = _indicator(place, metrics, bases)
        if written.indicator.name in found:
            place.wrong(f"{written.indicator.name!r} is defined twice", "Rename one of them.")
        found[written.indicator.name] = written
    sides = tuple(_side(place) for place in fields["sides"].items()) if "sides" in fields else None
    logs = _logs(fields["logs"]) if "logs" in fields else None
    top.source.problems.raise_if_any()
    return _File(found, sides, logs)


def _side(place: Place) -> Side:
    fields = place.fields(["name", "roles", "speaker"])
    return Side(fields["name"].bilingual(), fields["roles"].text(), fields["speaker"].text())


def _logs(place: Place) -> tuple[tuple[LogGroup, ...], tuple[LogPattern, ...]]:
    fields = place.fields(["groups", "patterns"])
    groups = tuple(_log_group(item) for item in fields["groups"].items())
    roles = [group.role for group in groups]
    return groups, tuple(_log_pattern(item, roles) for item in fields["patterns"].items())


def _log_group(place: Place) -> LogGroup:
    fields = place.fields(["role", "retention_days", "why"])
    days = fields["retention_days"].choice(RETENTION_DAYS)
    return LogGroup(fields["role"].text(), int(days or 30), fields["why"].text())


def _log_pattern(place: Place, roles: Sequence[str]) -> LogPattern:
    fields = place.fields(["name", "role", "pattern", "above", "severity", "category", "runbook", "title"])
    return LogPattern(
        name=fields["name"].text(),
        role=fields["role"].choice(roles),
        pattern=fields["pattern"].text(),
        threshold=fields["above"].integer(),
        severity=fields["severity"].member(Severity),
        category=fields["category"].text(),
        runbook=fields["runbook"].text(),
        title=fields["title"].bilingual(),
    )


def _indicator(place: Place, metrics: Mapping[str, tuple[str, ...]], bases: Mapping[str, Text]) -> _Written:
    fields = place.fields(REQUIRED, OPTIONAL)
    metric, basis = fields["metric"].choice(list(metrics)), fields["basis"].choice(list(bases))
    labels = metrics.get(metric, ())
    comparison, threshold, target_of = _limit(place, fields)
    indicator = IndicatorAlarm(
        name=fields["name"].text(),
        title=fields["title"].bilingual(),
        metric=metric,
        labels=labels,
        measure=fields["measure"].member(Measure),
        comparison=comparison,
        threshold=threshold,
        lasting=fields["lasting"].duration() if "lasting" in fields else timedelta(0),
        severity=fields["severity"].member(Severity),
        component=fields["component"].text() if "component" in fields else "",
        runbook=fields["runbook"].text(),
        basis=bases.get(basis, Text("", "")),
        where=_where(fields["where"], labels) if "where" in fields else {},
        window=fields["window"].duration(MINUTE) if "window" in fields else FIVE_MINUTES,
        by=tuple(item.choice(labels) for item in fields["by"].items()) if "by" in fields else (),
        category=fields["category"].text(),
        symptom=fields["symptom"].flag() if "symptom" in fields else True,
    )
    return _Written(indicator, target_of)


def _limit(place: Place, fields: Mapping[str, Place]) -> tuple[Comparison, Fraction, str]:
    """``above`` or ``below``: a number, or the target of an SLO."""
    given = [word for word in ("above", "below") if word in fields]
    if len(given) != 1:
        place.wrong("exactly one of above and below is required", "Write for example `above: 0.9`.")
        return Comparison.ABOVE, Fraction(0), ""
    comparison = Comparison.ABOVE if given == ["above"] else Comparison.BELOW
    limit = fields[given[0]]
    if limit.is_mapping:
        return comparison, Fraction(0), limit.fields(["target_of"])["target_of"].text()
    return comparison, limit.number() or Fraction(0), ""


def _where(place: Place, labels: tuple[str, ...]) -> Mapping[str, str]:
    for label, value in place.entries():
        if label not in labels:
            value.wrong(f"the metric has no label {label!r}", f"It has: {', '.join(labels) or 'none'}.")
    return {label: value.text() for label, value in place.entries()}
