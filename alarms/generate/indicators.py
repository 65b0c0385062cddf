"""Reads ``alarms/indicators.yaml``: the indicator alarms, said once for every backend and board.

Thresholds come from an SLO, from a capacity, or from history; ``basis`` says which (§3.5.3, ALM-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from alarms.model.indicator import Comparison, IndicatorAlarm, Measure
from alarms.model.severity import Severity
from foundation.bilingual import Text
from foundation.files import read_document
from foundation.located import Place
from slo.model.catalogue import Catalogue

FIVE_MINUTES, MINUTE = timedelta(minutes=5), timedelta(minutes=1)
SHIPPED = Path(__file__).parents[1] / "indicators.yaml"
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


def indicators(catalogue: Catalogue, file: Path = SHIPPED) -> tuple[IndicatorAlarm, ...]:
    """Every indicator alarm of the file, in name order; without those whose SLO the catalogue does not have.

    Raises:
        DefinitionErrors: everything wrong in the file.
    """
    found = [indicator for written in _read(file) if (indicator := written.of(catalogue)) is not None]
    return tuple(sorted(found, key=lambda indicator: indicator.name))


@lru_cache(maxsize=8)
def _read(file: Path) -> tuple[_Written, ...]:
    top = read_document(file)
    fields = top.fields(["version", "metrics", "bases", "indicators"])
    fields["version"].choice(["1"])
    metrics = {name: place.texts() for name, place in fields["metrics"].entries()}
    bases = {name: place.bilingual() for name, place in fields["bases"].entries()}
    found: dict[str, _Written] = {}
    for place in fields["indicators"].items():
        written = _indicator(place, metrics, bases)
        if written.indicator.name in found:
            place.wrong(f"{written.indicator.name!r} is given twice", "Rename one of them.")
        found[written.indicator.name] = written
    top.source.problems.raise_if_any()
    return tuple(found.values())


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
        place.wrong("exactly one of above and below is needed", "Write for example `above: 0.9`.")
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
