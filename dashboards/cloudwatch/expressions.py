"""Queries as CloudWatch expressions: SEARCH where series stay whole, Metrics Insights where they are grouped.

``PERIOD`` is the one period of every chart. What cannot be said raises ``NotExpressible`` with the reason
that the parity report prints; nothing is approximated silently.
"""

from __future__ import annotations

from functools import singledispatch

from dashboards.model.errors import NotExpressible
from dashboards.model.query import (
    Achieved,
    Aggregate,
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
    Operator,
    Quantile,
    Query,
    Rate,
    Target,
    Valued,
    WorstBreach,
    WorstLight,
    equal,
)
from exporters.cloudwatch.namespace import ENVIRONMENT, NAMESPACE, dimensions
from exporters.collectors import slo_status
from foundation.metrics import MetricSpec
from foundation.quantities import duration_text

BACKEND = "CloudWatch"
PERIOD = 60
_STATISTICS = {
    Aggregate.MAX: "Maximum",
    Aggregate.MIN: "Minimum",
    Aggregate.AVG: "Average",
    Aggregate.SUM: "Sum",
}
_FOLDS = {Aggregate.MAX: "MAX", Aggregate.MIN: "MIN", Aggregate.AVG: "AVG", Aggregate.SUM: "SUM"}


def render(query: Query, environment: str) -> str:
    """The metric math text of a query.

    Raises:
        NotExpressible: CloudWatch has no words for it.
    """
    return _render(query, environment)


@singledispatch
def _render(query: object, environment: str) -> str:
    raise TypeError(f"no CloudWatch expression is known for {type(query).__name__}")


@_render.register
def _(query: Rate, environment: str) -> str:
    total = _series(query.metric, query.by, query.where, environment, "Sum", PERIOD)
    return f"{total} / {PERIOD}" if query.seconds == 1 else f"{total} * {query.seconds} / {PERIOD}"


@_render.register
def _(query: CounterGrowth, environment: str) -> str:
    seconds = int(query.window.total_seconds())
    grown = _series(query.metric, query.by, query.where, environment, "Sum", seconds)
    return grown if query.unit == 1 else f"{grown} / {query.unit}"


@_render.register
def _(query: Divided, environment: str) -> str:
    ratio = f"({_render(query.part, environment)}) / ({_render(query.whole, environment)})"
    return f"1 - {ratio}" if query.rest else ratio


@_render.register
def _(query: GaugeLevel, environment: str) -> str:
    statistic = _STATISTICS[query.aggregate]
    return _series(query.metric, query.by, query.where, environment, statistic, PERIOD, query.aggregate)


@_render.register
def _(query: Quantile, environment: str) -> str:
    _refuse_merging(query.metric, query.by, query.where, "a percentile")
    return _search(query.metric, query.where, environment, f"p{query.q * 100:g}", PERIOD)


@_render.register
def _(query: Mean, environment: str) -> str:
    _refuse_merging(query.metric, query.by, query.where, "a mean")
    return _search(query.metric, query.where, environment, "Average", PERIOD)


@_render.register
def _(query: Buckets, environment: str) -> str:
    raise NotExpressible(BACKEND, "CloudWatch has no heat map; percentiles of the same metric replace it")


@_render.register
def _(query: Valued, environment: str) -> str:
    count, amount, events = (_render(part, environment) for part in (query.count, query.amount, query.events))
    return f"({count}) * ({amount}) / ({events})"


@_render.register(Breach)
@_render.register(WorstBreach)
@_render.register(LogSearch)
def _(query: Breach | WorstBreach | LogSearch, environment: str) -> str:
    raise NotExpressible(
        BACKEND, "it is not a CloudWatch metric; the panel shows the alarms or the log instead"
    )


@_render.register
def _(query: AwsMetric, environment: str) -> str:
    names = ",".join((query.namespace, *(name for name, _ in query.dimensions)))
    terms = " ".join(f'{name}="{value}"' for name, value in query.dimensions)
    return f"SEARCH('{{{names}}} MetricName=\"{query.name}\" {terms}', '{query.statistic}', {PERIOD})"


@_render.register
def _(query: Burn, environment: str) -> str:
    window = Match("window", duration_text(query.window))
    return _objective(slo_status.BURN, query.slo_id, query.objective, environment, window)


@_render.register
def _(query: BudgetLeft, environment: str) -> str:
    return _objective(slo_status.BUDGET, query.slo_id, query.objective, environment)


@_render.register
def _(query: Target, environment: str) -> str:
    return _objective(slo_status.TARGET, query.slo_id, query.objective, environment)


@_render.register
def _(query: Achieved, environment: str) -> str:
    good = _objective(slo_status.GOOD, query.slo_id, query.objective, environment)
    total = _objective(slo_status.TOTAL, query.slo_id, query.objective, environment)
    return f"SUM({good}) / SUM({total})"


@_render.register
def _(query: Events, environment: str) -> str:
    return _objective(slo_status.TOTAL, query.slo_id, query.objective, environment)


@_render.register(Light)
@_render.register(WorstLight)
@_render.register(AlertsFiring)
def _(query: Light | WorstLight | AlertsFiring, environment: str) -> str:
    raise NotExpressible(BACKEND, "it is not a CloudWatch metric; the panel shows the alarms themselves")


@_render.register
def _(query: Alive, environment: str) -> str:
    raise NotExpressible(BACKEND, "CloudWatch does not scrape; an alarm on the missing heartbeat replaces it")


def _objective(
    metric: MetricSpec, slo_id: str | None, objective: str | None, environment: str, *more: Match
) -> str:
    where = [equal("slo", slo_id)] if slo_id is not None else []
    where += [equal("objective", objective)] if objective is not None else []
    return _search(metric, (*where, *more), environment, "Maximum", PERIOD)


def _series(
    metric: MetricSpec,
    by: tuple[str, ...],
    where: tuple[Match, ...],
    environment: str,
    statistic: str,
    period: int,
    fold: Aggregate = Aggregate.SUM,
) -> str:
    """All in one, one line a series, or grouped: three grammars for one question."""
    free = _free_labels(metric, where)
    if not by:
        return f"{_FOLDS[fold]}({_search(metric, where, environment, statistic, period)})"
    if set(by) >= free:
        return _search(metric, where, environment, statistic, period)
    return _insights(metric, by, where, environment, fold)


def _free_labels(metric: MetricSpec, where: tuple[Match, ...]) -> set[str]:
    fixed = {match.label for match in where if match.operator is Operator.EQUAL}
    return set(metric.labels) - fixed


def _refuse_merging(metric: MetricSpec, by: tuple[str, ...], where: tuple[Match, ...], what: str) -> None:
    merged = _free_labels(metric, where) - set(by)
    if merged:
        names = ", ".join(sorted(merged))
        raise NotExpressible(BACKEND, f"{what} over several values of {names} cannot be merged")


def _search(
    metric: MetricSpec, where: tuple[Match, ...], environment: str, statistic: str, period: int
) -> str:
    schema = ",".join((NAMESPACE, *dimensions(metric.labels)))
    terms = [f'MetricName="{metric.name}"', f'{ENVIRONMENT}="{environment}"']
    terms += [_search_term(match) for match in where]
    return f"SEARCH('{{{schema}}} {' '.join(terms)}', '{statistic}', {period})"


def _search_term(match: Match) -> str:
    _refuse_pattern(match)
    term = f'{match.label}="{match.value}"'
    return f"NOT {term}" if match.operator is Operator.NOT_EQUAL else term


def _refuse_pattern(match: Match) -> None:
    if match.operator is Operator.MATCHES:
        raise NotExpressible(
            BACKEND, f"CloudWatch cannot match a pattern on a dimension ({match.label}=~{match.value!r})"
        )
    if match.value.startswith("$"):
        raise NotExpressible(BACKEND, f"the value of {match.label} is chosen on the board ({match.value})")


def _insights(
    metric: MetricSpec, by: tuple[str, ...], where: tuple[Match, ...], environment: str, fold: Aggregate
) -> str:
    for match in where:
        _refuse_pattern(match)
    schema = ", ".join((f'"{NAMESPACE}"', *dimensions(metric.labels)))
    conditions = [f"{ENVIRONMENT} = '{environment}'"]
    conditions += [f"{match.label} {match.operator} '{match.value}'" for match in where]
    return (  # CloudWatch's own query language, from declared names only
        f'SELECT {_FOLDS[fold]}("{metric.name}") FROM SCHEMA({schema}) '  # noqa: S608
        f"WHERE {' AND '.join(conditions)} GROUP BY {', '.join(by)}"
    )
