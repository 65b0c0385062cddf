"""Small SLOs and ledger rows for tests of the SLO engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from slo.indicators.ratio import RatioIndicator
from slo.ledger.ledger import LedgerRow, SeriesKey
from slo.model.spec import BudgetingMethod, CountUnit, MetricQuery, Objective, Slo, Tier, Window

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

GOOGLE = (
    Tier("page-fast", Fraction(2, 100), HOUR, 5 * MINUTE, "P1"),
    Tier("page-slow", Fraction(5, 100), 6 * HOUR, 30 * MINUTE, "P2"),
    Tier("ticket-fast", Fraction(10, 100), DAY, 2 * HOUR, "P3"),
    Tier("ticket-slow", Fraction(10, 100), 3 * DAY, 6 * HOUR, "P4"),
)

GOOD = 'sum(increase(requests_total{outcome="ok"}[{{.window}}]))'
TOTAL = "sum(increase(requests_total[{{.window}}]))"


def counted(good: str = GOOD, total: str = TOTAL) -> RatioIndicator:
    return RatioIndicator(
        total=MetricQuery("Prometheus", total), good=MetricQuery("Prometheus", good), counter=True
    )


def counted_by(*labels: str) -> RatioIndicator:
    """The same with a budget for each value of ``labels``."""
    by = f"sum by ({', '.join(labels)}) ("
    return counted(GOOD.replace("sum(", by), TOTAL.replace("sum(", by))


def an_slo(
    target: Fraction = Fraction(999, 1000),
    name: str = "api",
    method: BudgetingMethod = BudgetingMethod.OCCURRENCES,
    window: Window | None = None,
    tiers: tuple[Tier, ...] = GOOGLE,
    indicator: RatioIndicator | None = None,
    summed_to: tuple[str, ...] | None = None,
    min_events: int = 0,
    no_data_severity: str | None = "P3",
    time_slice_target: Fraction | None = None,
    time_slice_window: timedelta | None = None,
) -> Slo:
    objective = Objective(
        "main", target, time_slice_target=time_slice_target, time_slice_window=time_slice_window
    )
    return Slo(
        service="shop",
        name=name,
        display_name=name,
        description="",
        indicator=indicator or counted(),
        method=method,
        window=window or Window(30 * DAY),
        objectives=(objective,),
        tiers=tiers,
        summed_to=summed_to,
        min_events=min_events,
        no_data_severity=no_data_severity,
    )


def key_of(slo: Slo, labels: tuple[tuple[str, str], ...] = (), environment: str = "test") -> SeriesKey:
    return SeriesKey(environment, slo.id, slo.objectives[0].name, slo.revision, slo.unit, labels)


def a_series(name: str = "shop/api", unit: CountUnit = CountUnit.EVENTS) -> SeriesKey:
    return SeriesKey("test", name, "main", "abcdef123456", unit)


def a_row(
    series: SeriesKey,
    minute: datetime,
    good: int,
    total: int,
    source: str = "api-1/4f2c",
    error_bound: int | None = None,
) -> LedgerRow:
    return LedgerRow(series, minute, source, good, total, error_bound)


def steady(slo: Slo, start: datetime, end: datetime, good: int, total: int) -> list[LedgerRow]:
    """The same counts every minute of ``[start, end)``."""
    series = key_of(slo)
    length = (end - start) // MINUTE
    return [a_row(series, start + MINUTE * offset, good, total) for offset in range(length)]
