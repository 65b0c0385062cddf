"""What the generated AWS resources cost a month, and how much of AWS's quotas they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

from app.deployment.resource import Document
from foundation.files import read_document

PRICES = Path(__file__).parent / "prices.yaml"


@dataclass(frozen=True, slots=True)
class CostLine:
    """``count`` units at ``price`` dollars a month each."""

    what: str
    count: int
    price: Decimal

    @property
    def monthly(self) -> Decimal:
        return self.count * self.price


@dataclass(frozen=True, slots=True)
class QuotaLine:
    what: str
    used: int
    quota: int

    @property
    def exceeded(self) -> bool:
        return self.used > self.quota


@dataclass(frozen=True, slots=True)
class Bill:
    """Whole US dollars and cents a month, at list price."""

    costs: tuple[CostLine, ...]
    quotas: tuple[QuotaLine, ...]
    as_of: str

    @property
    def monthly(self) -> Decimal:
        return sum((line.monthly for line in self.costs), Decimal(0))


def bill(alarms: Sequence[Document], boards: int, metric_filters: Iterable[Document]) -> Bill:
    """Of everything that is generated, deployed or not."""
    prices = load_prices()
    monthly, quotas = prices.monthly, prices.quotas
    composites = sum("AlarmRule" in alarm for alarm in alarms)
    filters = Counter(str(one["logGroupName"]) for one in metric_filters)
    return Bill(
        (
            CostLine("metrics read by alarms", sum(map(_metrics, alarms)), monthly["alarm_metric"]),
            CostLine("composite alarms", composites, monthly["composite_alarm"]),
            CostLine("dashboards", boards, monthly["dashboard"]),
        ),
        (
            QuotaLine(
                "Metrics Insights alarms in the region",
                sum(map(_asks_a_question, alarms)),
                quotas["metrics_insights_alarms"],
            ),
            QuotaLine(
                "metric filters of one log group",
                max(filters.values(), default=0),
                quotas["metric_filters_of_a_log_group"],
            ),
        ),
        prices.as_of,
    )


def _metrics(alarm: Document) -> int:
    """How many metrics an alarm is billed for."""
    if "AlarmRule" in alarm:
        return 0
    read = sum("MetricStat" in query for query in alarm.get("Metrics", ()))
    return max(1, read)


def _asks_a_question(alarm: Document) -> bool:
    return any(str(query.get("Expression", "")).startswith("SELECT ") for query in alarm.get("Metrics", ()))


@dataclass(frozen=True, slots=True)
class Prices:
    """What AWS asks, in US dollars a month for each kind of object, and the quotas of an account."""

    as_of: str
    monthly: Mapping[str, Decimal]
    quotas: Mapping[str, int]


@cache
def load_prices() -> Prices:
    """The price list that ships.

    Raises:
        DefinitionErrors: the file is broken; every problem in it is named.
    """
    top = read_document(PRICES)
    fields = top.fields(["as_of", "currency", "monthly", "quotas"])
    monthly = fields["monthly"].fields(["alarm_metric", "composite_alarm", "dashboard"])
    quotas = fields["quotas"].fields(["metrics_insights_alarms", "metric_filters_of_a_log_group"])
    prices = {key: _decimal(place.number()) for key, place in monthly.items()}
    limits = {key: place.integer() for key, place in quotas.items()}
    as_of = fields["as_of"].text()
    top.source.problems.raise_if_any()
    return Prices(as_of, prices, limits)


def _decimal(number: Fraction | None) -> Decimal:
    return Decimal(0) if number is None else Decimal(number.numerator) / number.denominator
