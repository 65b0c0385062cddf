"""Queries as PromQL. Recorded names come from the conventions; nothing is spelt by hand.

``$__rate_interval`` and ``$environment`` are board variables; ``substitute`` fills them for a plain client.
No expression invents a value for a missing one: absent stays absent, so that it can be drawn grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache, singledispatch

from dashboards.model.errors import NotExpressible
from dashboards.model.palette import STATES, State
from dashboards.model.query import (
    Achieved,
    AlertsFiring,
    Alive,
    AwsMetric,
    Breach,
    Buckets,
    BudgetLeft,
    Burn,
    CounterGrowth,
    Divided,
    Events,
    GaugeLevel,
    Light,
    LogSearch,
    Match,
    Mean,
    Quantile,
    Query,
    Rate,
    Target,
    TierCondition,
    Valued,
    WorstBreach,
    WorstLight,
)
from foundation.quantities import duration_text
from slo.model import conventions
from slo.model.promql import quoted

RATE_INTERVAL = "$__rate_interval"
ENVIRONMENT = "$environment"
PAGE_CODE = STATES[State.BAD].code
NO_TRAFFIC_CODE = STATES[State.NO_TRAFFIC].code


@lru_cache(maxsize=1024)  # two languages, gates and parity ask for the same, one board after another
def render(query: Query) -> str:
    """The PromQL text of a query, board variables still in it."""
    return _render(query)


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Fill board variables, longest name first so that ``$a`` does not eat into ``$ab``."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${{{name}}}", values[name]).replace(f"${name}", values[name])
    return text


def selector(name: str, where: tuple[Match, ...] = ()) -> str:
    inside = ",".join(f"{m.label}{m.operator}{quoted(m.value)}" for m in where)
    return f"{name}{{{inside}}}" if inside else name


def recorded(name: str, slo_id: str | None, objective: str | None) -> str:
    """A recorded series of one objective (or of all of them) in this environment."""
    where = [Match(conventions.LABEL_ENVIRONMENT, ENVIRONMENT)]
    if slo_id is not None:
        where.append(Match(conventions.LABEL_SLO, slo_id))
    if objective is not None:
        where.append(Match(conventions.LABEL_OBJECTIVE, objective))
    return selector(name, tuple(where))


def _aggregated(function: str, by: tuple[str, ...], inner: str) -> str:
    return f"{function} by ({', '.join(by)}) ({inner})" if by else f"{function}({inner})"


@singledispatch
def _render(query: object) -> str:
    raise TypeError(f"no PromQL is known for {type(query).__name__}")


@_render.register
def _(query: Rate) -> str:
    per_second = _aggregated(
        "sum", query.by, f"rate({selector(query.metric.name, query.where)}[{RATE_INTERVAL}])"
    )
    return per_second if query.seconds == 1 else f"{per_second} * {query.seconds}"


@_render.register
def _(query: CounterGrowth) -> str:
    window = duration_text(query.window)
    grown = _aggregated("sum", query.by, f"increase({selector(query.metric.name, query.where)}[{window}])")
    return grown if query.unit == 1 else f"{grown} / {query.unit}"


@_render.register
def _(query: Quantile) -> str:
    buckets = f"rate({selector(query.metric.name + '_bucket', query.where)}[{RATE_INTERVAL}])"
    return f"histogram_quantile({query.q:g}, {_aggregated('sum', (*query.by, 'le'), buckets)})"


@_render.register
def _(query: Mean) -> str:
    total = f"rate({selector(query.metric.name + '_sum', query.where)}[{RATE_INTERVAL}])"
    count = f"rate({selector(query.metric.name + '_count', query.where)}[{RATE_INTERVAL}])"
    return f"{_aggregated('sum', query.by, total)} / {_aggregated('sum', query.by, count)}"


@_render.register
def _(query: Buckets) -> str:
    buckets = selector(query.metric.name + "_bucket", query.where)
    return f"sum by (le) (rate({buckets}[{RATE_INTERVAL}]))"


@_render.register
def _(query: GaugeLevel) -> str:
    return _aggregated(query.aggregate, query.by, selector(query.metric.name, query.where))


@_render.register
def _(query: Divided) -> str:
    ratio = f"({_render(query.part)}) / ({_render(query.whole)})"
    return f"1 - {ratio}" if query.rest else ratio


@_render.register
def _(query: Valued) -> str:
    return f"({_render(query.count)}) * ({_render(query.amount)}) / ({_render(query.events)})"


@_render.register
def _(query: Breach) -> str:
    operator = ">" if query.above else "<"
    value = _render(query.value)
    if query.alive is not None:
        value = f"({value} or sum({query.alive.name}) * 0)"
    return f"({value} {operator} bool {query.threshold}) * {query.code}"


@_render.register
def _(query: WorstBreach) -> str:
    """Each keeps a name of its own, or equal label sets would hide one another in the union."""
    named = (
        f'label_replace({_render(breach)}, "breach", "{index}", "", "")'
        for index, breach in enumerate(query.breaches)
    )
    return f"max({' or '.join(named)})"


@_render.register(AwsMetric)
@_render.register(LogSearch)
def _(query: AwsMetric | LogSearch) -> str:
    raise NotExpressible("Prometheus", "AWS emits it, so only CloudWatch has it")


@_render.register
def _(query: Burn) -> str:
    return recorded(conventions.record_burn_rate(query.window), query.slo_id, query.objective)


@_render.register
def _(query: BudgetLeft) -> str:
    return recorded(conventions.RECORD_BUDGET_REMAINING, query.slo_id, query.objective)


@_render.register
def _(query: Target) -> str:
    return recorded(conventions.RECORD_OBJECTIVE, query.slo_id, query.objective)


@_render.register
def _(query: Achieved) -> str:
    return f"1 - {recorded(conventions.record_error_ratio(query.window), query.slo_id, query.objective)}"


@_render.register
def _(query: Events) -> str:
    return recorded(conventions.record_total(query.window), query.slo_id, query.objective)


@_render.register
def _(query: Light) -> str:
    pages = " + ".join(_condition(query, tier) for tier in query.pages)
    tickets = " + ".join(_condition(query, tier) for tier in query.tickets)
    terms = [f"{PAGE_CODE} * ({pages})" if pages else "", f"clamp_max({tickets}, 1)" if tickets else ""]
    left = recorded(conventions.RECORD_BUDGET_REMAINING, query.slo_id, query.objective)
    terms = [term for term in terms if term] or [f"({left} < bool 0)"]
    burning = f"clamp_max({' + '.join(terms)}, {PAGE_CODE})"
    watched = recorded(conventions.record_total(query.recent_window), query.slo_id, query.objective)
    light = f"{burning} or {watched} * 0 + {NO_TRAFFIC_CODE}"
    return light if query.slices_within is None else f"({light}) * {_present(query, query.slices_within)}"


@_render.register
def _(query: WorstLight) -> str:
    """Quiet objectives (code 4) say nothing about the others, so they are left out of the worst."""
    lights = " or ".join(f"(({_render(light)}) < {NO_TRAFFIC_CODE})" for light in query.lights)
    return f"max({lights})"


@_render.register
def _(query: AlertsFiring) -> str:
    return selector("ALERTS", (Match("alertstate", "firing"), *query.where))


@_render.register
def _(query: Alive) -> str:
    return _aggregated("min", query.by, "up")


def _condition(light: Light, tier: TierCondition) -> str:
    """0 or 1, absent when either window is: the comparison of the alert, kept as a number."""
    own = (light.slo_id, light.objective)
    terms = [
        f"({recorded(conventions.record_burn_rate(window), *own)} > bool {tier.factor})"
        for window in dict.fromkeys((tier.long_window, tier.short_window))
    ]
    if light.min_events:
        seen = recorded(conventions.record_total(tier.long_window), *own)
        terms.append(f"({seen} >= bool {light.min_events})")
    if light.least_burnt:
        burn = recorded(conventions.record_burn_rate(tier.long_window), *own)
        seen = recorded(conventions.record_total(tier.long_window), *own)
        terms.append(f"({burn} * {seen} >= bool {light.least_burnt})")
    return f"({' * '.join(terms)})"


def _present(light: Light, window: timedelta) -> str:
    """1 while slices are judged, absent afterwards: what the no-data alert waits for."""
    slices = recorded(conventions.RECORD_TOTAL_SLICES, light.slo_id, light.objective)
    return f"present_over_time({slices}[{duration_text(window)}])"
