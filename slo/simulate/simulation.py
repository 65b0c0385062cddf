"""One timeline, every backend: when each alert fires and resets, and what was spent by then."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from slo.cloudwatch import alarms, skipped
from slo.indicators.metric import CloudWatchMetric, twin_of
from slo.model.backends import BACKENDS, CLOUDWATCH, LEDGER, PROMETHEUS
from slo.model.catalogue import Catalogue
from slo.model.conventions import cloudwatch_alarm_name
from slo.model.periods import MINUTE
from slo.model.spec import Objective, Slo, Tier
from slo.simulate.cloudwatch_evaluator import MetricKey, MetricMinutes, alarm_spans
from slo.simulate.ledger_model import counted, ledger_firing
from slo.simulate.prometheus_model import PrometheusModel, PrometheusSettings
from slo.simulate.timeline import Span, Timeline

MODELLED = frozenset({CLOUDWATCH})  # no real one was ever asked: its times are labelled so
ENVIRONMENT = "simulation"


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of one tier. ``spent_ratio`` is the share of the period's budget spent by ``start``, counted
    from the beginning of the timeline; ``reset`` is ``None`` when it outlasts the timeline."""

    backend: str
    tier: str
    severity: str
    start: datetime
    reset: datetime | None
    spent_ratio: Fraction
    modelled: bool

    def after(self, instant: datetime) -> timedelta:
        """How long after ``instant`` (the start of an incident) it fired."""
        return self.start - instant


@dataclass(frozen=True, slots=True)
class Simulation:
    """``allowed`` bad events of a period at the timeline's mean traffic; ``left_out`` says what a backend
    cannot alert on, and why."""

    slo: Slo
    objective: Objective
    timeline: Timeline
    allowed: Fraction
    firings: tuple[Firing, ...]
    left_out: Mapping[str, Sequence[str]]

    def of(self, backend: str, tier: str | None = None) -> tuple[Firing, ...]:
        return tuple(f for f in self.firings if f.backend == backend and tier in (None, f.tier))

    @property
    def spent_ratio(self) -> Fraction:
        """Share of the period's budget that the whole timeline spends."""
        return _share(counted(self.slo, self.objective, self.timeline).bad_before()[-1], self.allowed)


def simulate(
    slo: Slo,
    timeline: Timeline,
    objective: Objective | None = None,
    backends: Sequence[str] = BACKENDS,
    prometheus: PrometheusSettings | None = None,
) -> Simulation:
    """Run a timeline of minutes (events) through the alerts of one objective (default: the first)."""
    chosen = objective or slo.objectives[0]
    units = counted(slo, chosen, timeline)
    allowed = _allowed(slo, chosen, units)
    bad = units.bad_before()
    spans: dict[str, Mapping[str, tuple[Span, ...]]] = {}
    if LEDGER in backends:
        spans[LEDGER] = ledger_firing(slo, chosen, timeline)
    if PROMETHEUS in backends:
        spans[PROMETHEUS] = PrometheusModel(slo, chosen, prometheus).firing(timeline)
    if CLOUDWATCH in backends:
        spans[CLOUDWATCH] = _cloudwatch(slo, chosen, timeline, units)
    firings = [
        _firing(backend, tier, span, _share(bad[timeline.index(span.start)], allowed))
        for backend, found in spans.items()
        for tier in slo.tiers
        for span in found.get(tier.name, ())
    ]
    firings.sort(key=lambda item: (item.start, item.backend, item.tier))
    return Simulation(slo, chosen, timeline, allowed, tuple(firings), _left_out(slo, backends))


def _firing(backend: str, tier: Tier, span: Span, spent: Fraction) -> Firing:
    return Firing(backend, tier.name, tier.severity, span.start, span.end, spent, backend in MODELLED)


def _allowed(slo: Slo, objective: Objective, units: Timeline) -> Fraction:
    known = sum(1 for minute in units.minutes if minute is not None)
    if not known:
        return Fraction(0)
    return Fraction(units.total_before()[-1], known) * (slo.window.length // MINUTE) * objective.budget


def _share(bad: int, allowed: Fraction) -> Fraction:
    return Fraction(bad) / allowed if allowed else Fraction(0)


def _cloudwatch(
    slo: Slo, objective: Objective, timeline: Timeline, units: Timeline
) -> Mapping[str, tuple[Span, ...]]:
    """Reads what is emitted, as it would be read from ``alarms.json``."""
    emitted = json.loads(json.dumps(alarms(Catalogue(slos=(slo,)), ENVIRONMENT)))
    found = alarm_spans(
        emitted, _metrics(slo, objective, timeline, units), timeline.start, len(timeline.minutes)
    )
    names = {
        cloudwatch_alarm_name(ENVIRONMENT, slo.id, objective.name, tier.name): tier.name for tier in slo.tiers
    }
    return {names[name]: spans for name, spans in found.items() if name in names}


def _metrics(
    slo: Slo, objective: Objective, timeline: Timeline, units: Timeline
) -> Mapping[MetricKey, MetricMinutes]:
    """Published counts are in the ledger's unit; a definition's own metrics count events.

    Several metrics of one count are given all of it in the first.
    """
    twin = twin_of(slo, objective, ENVIRONMENT)
    source = units if twin.published else timeline
    part = "good" if twin.part_is_good else "bad"
    found: dict[MetricKey, MetricMinutes] = {}
    for which, metrics in (("total", twin.total), (part, twin.part)):
        for index, metric in enumerate(metrics):
            found[_key(metric)] = MetricMinutes(
                source.start,
                tuple(
                    None if minute is None else float(getattr(minute, which) if index == 0 else 0)
                    for minute in source.minutes
                ),
            )
    return found


def _key(metric: CloudWatchMetric) -> MetricKey:
    return metric.namespace, metric.name, tuple(sorted(metric.dimensions))


def _left_out(slo: Slo, backends: Sequence[str]) -> Mapping[str, Sequence[str]]:
    if CLOUDWATCH not in backends:
        return {}
    reasons = [f"{item.what}: {item.reason}" for item in skipped(Catalogue(slos=(slo,)), ENVIRONMENT)]
    return {CLOUDWATCH: reasons} if reasons else {}
