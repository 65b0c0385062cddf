"""Tests of time slices from the raw metrics on: just good enough, not quite, not to judge, NaN, silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

from slo.model import conventions as names
from slo.model.spec import BudgetingMethod, EventQueries, Objective, Slo
from slo.prometheus.alerts import no_data_alert
from slo.prometheus.counts import silence_span, slice_window
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.affine import Affine, affine
from slo.prometheus.promtool.alone import answers_alone
from slo.prometheus.promtool.events import TestCase, case, counters_of
from slo.prometheus.promtool.expect import Check, alert_state, alert_words, recorded
from slo.prometheus.promtool.groups import fed_group, recorded_labels
from slo.prometheus.promtool.notation import gauge, interval, series
from slo.prometheus.promtool.sampling import Sample, samples
from slo.prometheus.promtool.signal import Signal

PARTS = 4  # samples in a slice: a range needs two in every version of Prometheus
PER_PART = 250.0
PHASE_MINUTES = 12  # a gauge holds each value longer than any query looks back
LOOK_BACK_MINUTES = 5
NAN = float("nan")
_MINUTE = timedelta(minutes=1)


def slice_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """Nothing where the metrics behind a slice cannot be chosen; windows of slices are tested anyway."""
    for objective in slo.objectives:
        if slo.indicator.events is not None:
            yield from _counted(slo, slo.indicator.events, objective, environment)
        else:
            yield from _gauged(slo, objective, environment)


def _counted(slo: Slo, events: EventQueries, objective: Objective, environment: str) -> Iterator[TestCase]:
    """Slices of counters: each share of good in turn, then no traffic, then no samples."""
    counters = counters_of(slo, events)
    if counters is None or not events.total.is_windowed:
        return
    shares = [1.0, *_near(objective), 0.0, 1.0]
    counted = [PER_PART] * (PARTS * len(shares)) + [0.0] * PARTS
    good = [PER_PART * share for share in shares for _ in range(PARTS)] + [0.0] * PARTS
    length = slice_window(slo, objective)
    labels = {**series_labels(slo, objective, environment), **counters.group}
    step = length // _MINUTE
    checks: list[Check] = []
    for index, share in enumerate(shares):
        checks += _slice_checks(labels, (index + 1) * step, _value(slo, objective, share))
    checks += _slice_checks(labels, (len(shares) + 1) * step, None)
    fed = counters.series(Signal(counted, good))
    yield case(f"slices of {objective.name} are judged one by one", fed, checks, interval(length / PARTS))
    if slo.no_data_severity is not None:
        yield _silence(slo, environment, fed, (len(shares) + 1) * step, interval(length / PARTS))


def _near(objective: Objective) -> list[float]:
    """Exactly the target, and a little less; the target is a multiple of a thousandth or left out."""
    target = objective.time_slice_target
    if target is None:
        return [0.5]
    exact = [float(target)] if (target * 1000).denominator == 1 else []
    return [*exact, max(0.0, float(target - Fraction(1, 500)))]


def _value(slo: Slo, objective: Objective, share: float) -> float:
    if slo.method is BudgetingMethod.TIMESLICES:
        assert objective.time_slice_target is not None
        return 1.0 if share >= float(objective.time_slice_target) else 0.0
    return share


def _slice_checks(labels: Mapping[str, str], minute: int, value: float | None) -> list[Check]:
    total = None if value is None else 1.0
    return [
        recorded(names.RECORD_GOOD_SLICES, labels, minute, value),
        recorded(names.RECORD_TOTAL_SLICES, labels, minute, total),
    ]


def _silence(
    slo: Slo, environment: str, fed: Sequence[Mapping[str, str]], until: int, every: str
) -> TestCase:
    """Nothing could be judged for as long as the definition allows: told once that has passed."""
    assert slo.no_data_severity is not None
    rule = no_data_alert(slo, environment, slo.no_data_severity)
    step = slice_window(slo, slo.objectives[0]) // _MINUTE
    last = until - step
    still = (last + silence_span(slo) // _MINUTE - 1) // step * step
    checks = [alert_state(rule, {}, still, False), alert_state(rule, {}, still + 2 * step, True)]
    test = case("silence alerts", fed, checks, every)
    return test | {"alert_rule_test": [alert_words(rule, still + 2 * step, {}, {})]}


def _gauged(slo: Slo, objective: Objective, environment: str) -> Iterator[TestCase]:
    """Slices of one gauge: each reading in turn, then NaN, then no samples."""
    (metric,) = slo.indicator.queries.values()
    form = affine(metric.query)
    sample = None if form is None else _only(form, fed_group(slo))
    if form is None or sample is None or answers_alone(metric.query):
        return
    readings = [(read, _value(slo, objective, share)) for read, share in slo.indicator.examples(objective)]
    values = [_fed(form, sample, reading) for reading, _ in readings]
    phases: list[float | None] = [*values, NAN, values[0], None]
    length = slice_window(slo, objective) // _MINUTE
    held = max(PHASE_MINUTES, 2 * length + LOOK_BACK_MINUTES + 1)  # the last reading is in the slice after
    group = recorded_labels(slo, dict(sample.labels))
    labels = {**series_labels(slo, objective, environment), **group}
    expected: list[float | None] = [*(value for _, value in readings), None, readings[0][1], None]
    checks: list[Check] = []
    for index, value in enumerate(expected):
        checks += _slice_checks(labels, (index + 1) * held - 1, value)
    samples_fed = [value for value in phases for _ in range(held)]
    fed = [{"series": series(sample.metric, sample.labels), "values": gauge(samples_fed)}]
    yield case(f"readings of {objective.name} are judged one by one", fed, checks)
    if slo.no_data_severity is not None:
        yield _gauge_silence(slo, environment, series(sample.metric, sample.labels), values[0], held)


def _gauge_silence(slo: Slo, environment: str, name: str, value: float, held: int) -> TestCase:
    """A gauge is still seen for a look-back after its last sample; silence counts from there."""
    assert slo.no_data_severity is not None
    rule = no_data_alert(slo, environment, slo.no_data_severity)
    silent = held + LOOK_BACK_MINUTES + silence_span(slo) // _MINUTE + 2 * PHASE_MINUTES
    fed = [{"series": name, "values": gauge([value] * held + [None] * PHASE_MINUTES)}]
    checks = [alert_state(rule, {}, held, False), alert_state(rule, {}, silent, True)]
    return case("silence alerts", fed, checks) | {"alert_rule_test": [alert_words(rule, silent, {}, {})]}


def _only(form: Affine, group: Mapping[str, str]) -> Sample | None:
    """The one series the query reads, if it reads one."""
    if len(form.terms) != 1:
        return None
    found = samples(form.terms, group)
    return found[0] if found else None


def _fed(form: Affine, sample: Sample, reading: float) -> float:
    coefficient = next(iter(form.terms.values()))
    return (reading - form.constant) / coefficient
