"""What the generated AWS resources cost a month, and how much of AWS's quotas they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.deployment.resource import Document

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
    table = _table()
    monthly, quotas = table["monthly"], table["quotas"]
    composites = sum("AlarmRule" in alarm for alarm in alarms)
    filters = Counter(str(one["logGroupName"]) for one in metric_filters)
    return Bill(
        (
            CostLine("metrics read by alarms", sum(map(_metrics, alarms)), Decimal(monthly["alarm_metric"])),
            CostLine("composite alarms", composites, Decimal(monthly["composite_alarm"])),
            CostLine("dashboards", boards, Decimal(monthly["dashboard"])),
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
        str(table["as_of"]),
    )


def _metrics(alarm: Document) -> int:
    """How many metrics an alarm is billed for."""
    if "AlarmRule" in alarm:
        return 0
    read = sum("MetricStat" in query for query in alarm.get("Metrics", ()))
    return max(1, read)


def _asks_a_question(alarm: Document) -> bool:
    return any(str(query.get("Expression", "")).startswith("SELECT ") for query in alarm.get("Metrics", ()))


@cache
def _table() -> dict[str, Any]:
    read: dict[str, Any] = yaml.load(PRICES.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return read
