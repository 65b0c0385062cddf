"""When an SLO's source is silent, in PromQL: as a whole, without a bucket it counts, or in some group."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from foundation.quantities import duration_text
from slo.model import conventions as names
from slo.model.addends import addends
from slo.model.promql import analyse, samples_range
from slo.model.spec import EventQueries, Slo
from slo.prometheus.counts import counts_over_window, silence_span
from slo.prometheus.names import identity_labels, selector
from slo.prometheus.records import BASE, identity

MISSED_FOR = timedelta(days=1)  # a group that is silent is told for so long: then it has been taken away
_MARKS = timedelta(hours=1)  # a group is known by the hours at which it had data
COME_AND_GO = frozenset({"instance", "pod", "pod_name", "container_id", "replica", "task", "task_id"})


def silent(slo: Slo, environment: str) -> str:
    """One value while something is silent, none otherwise."""
    found = [*_nothing(slo, environment), *_some_group(slo, environment)]
    return f"max({' or '.join(found)})"


def may_miss_a_group(slo: Slo) -> bool:
    """Processes come and go with every deployment, so that one of them is gone says nothing."""
    grouping = slo.grouping
    return grouping.exact and bool(grouping.names) and not COME_AND_GO & set(grouping.names)


def _nothing(slo: Slo, environment: str) -> Iterator[str]:
    span = duration_text(silence_span(slo))
    if not counts_over_window(slo):
        yield f"absent_over_time({names.RECORD_TOTAL_SLICES}{_own(slo, environment)}[{span}])"
        return
    assert slo.indicator.events is not None
    for selectors in _needed(slo.indicator.events):
        yield " and on () ".join(f"absent_over_time({text}[{span}])" for text in selectors)


def _needed(events: EventQueries) -> Iterator[list[str]]:
    """Lists of selectors, missed when all of a list is: of counts that a total adds up one is enough."""
    total = addends(events.total.query)
    outcomes = [one for one in total if not one.is_bucket and one.sign > 0]
    if len(outcomes) > 1:
        yield list(dict.fromkeys(s.text for one in outcomes for s in analyse(one.query).selectors))
    counted = [one for one in total if one.is_bucket or len(outcomes) == 1]
    counted += [one for one in addends(events.part.query) if one.is_bucket]
    for text in dict.fromkeys(s.text for one in counted for s in analyse(one.query).selectors):
        yield [text]


def _some_group(slo: Slo, environment: str) -> Iterator[str]:
    if not may_miss_a_group(slo):
        return
    record = names.record_good(BASE) if counts_over_window(slo) else names.RECORD_GOOD_SLICES
    series = record + _own(slo, environment)
    known = f"present_over_time({series}[{duration_text(MISSED_FOR)}:{duration_text(_MARKS)}])"
    now = f"present_over_time({series}[{samples_range(silence_span(slo))}])"
    yield f"count({known} unless {now})"


def _own(slo: Slo, environment: str) -> str:
    return selector(identity(identity_labels(slo, slo.objectives[0], environment)))
