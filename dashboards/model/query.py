"""What a panel asks, once for every backend. PromQL and CloudWatch expressions are both made from these.

A query names declared metrics and labels only; one that a backend cannot express says so when rendered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from foundation.metrics import MetricSpec


class Operator(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on one label. ``value`` may hold a board variable (``$component``)."""

    label: str
    value: str
    operator: Operator = Operator.EQUAL


class Aggregate(StrEnum):
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    AVG = "avg"


@dataclass(frozen=True, slots=True)
class Rate:
    """A counter's increase per ``seconds`` (1: per second, 3600: per hour), summed over other labels."""

    metric: MetricSpec
    by: tuple[str, ...] = ()
    where: tuple[Match, ...] = ()
    seconds: int = 1


@dataclass(frozen=True, slots=True)
class CounterGrowth:
    """A counter's increase over the last ``window``, summed over labels not in ``by``, over ``unit``."""

    metric: MetricSpec
    window: timedelta
    by: tuple[str, ...] = ()
    where: tuple[Match, ...] = ()
    unit: int = 1  # 100: centavos shown as reais


@dataclass(frozen=True, slots=True)
class Quantile:
    """``q`` (0 to 1) of a histogram, in its own unit."""

    metric: MetricSpec
    q: float
    by: tuple[str, ...] = ()
    where: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class GaugeLevel:
    """A gauge, aggregated over labels not in ``by``."""

    metric: MetricSpec
    aggregate: Aggregate = Aggregate.MAX
    by: tuple[str, ...] = ()
    where: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Mean:
    """A histogram's mean: its sum over its count."""

    metric: MetricSpec
    by: tuple[str, ...] = ()
    where: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram's buckets per second, for a heat map."""

    metric: MetricSpec
    where: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Divided:
    """``part`` over ``whole``; ``rest`` takes it from 1. Absent, not zero, when either is absent."""

    part: Rate | CounterGrowth
    whole: Rate | CounterGrowth
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Valued:
    """How much ``count`` events are worth at the mean of ``amount`` over ``events``: an estimate."""

    count: CounterGrowth
    amount: CounterGrowth
    events: CounterGrowth


@dataclass(frozen=True, slots=True)
class Breach:
    """``code`` while ``value`` is past ``threshold`` (decimal text) on its bad side, 0 while it is not.

    A counter that is born at its first event is absent before; ``alive`` is a series of the same source that
    says "nothing happened" apart from "nothing is known".
    """

    value: CounterGrowth | GaugeLevel
    above: bool
    threshold: str
    code: int
    alive: MetricSpec | None = None


@dataclass(frozen=True, slots=True)
class WorstBreach:
    """The worst of several; unknown ones make no difference to the others."""

    breaches: tuple[Breach, ...]


@dataclass(frozen=True, slots=True)
class AwsMetric:
    """A metric that AWS itself emits: nothing of ours does, so only CloudWatch can show it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Average"


@dataclass(frozen=True, slots=True)
class LogSearch:
    """A CloudWatch Logs Insights query over one log group."""

    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Burn:
    """Burn rate of an objective in a window: 1 spends the budget exactly in the period."""

    slo_id: str
    objective: str
    window: timedelta


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """Share of the period's budget that is left; below 0 it is overspent. No ``slo_id``: every SLO."""

    slo_id: str | None = None
    objective: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The objective's target, as a ratio."""

    slo_id: str | None = None
    objective: str | None = None


@dataclass(frozen=True, slots=True)
class Achieved:
    """Good over all events in ``window``: what was delivered, beside what was promised."""

    slo_id: str
    objective: str
    window: timedelta


@dataclass(frozen=True, slots=True)
class Events:
    """Events counted in ``window`` for an objective."""

    slo_id: str
    objective: str
    window: timedelta


@dataclass(frozen=True, slots=True)
class TierCondition:
    """Both windows above ``factor`` (decimal text, exact): the alert's own condition."""

    long_window: timedelta
    short_window: timedelta
    factor: str


@dataclass(frozen=True, slots=True)
class Light:
    """State code of an objective, from the very conditions that alert.

    0 well, 1 a ticket tier fires, 2 a page tier fires, 4 watched but without traffic; absent (grey) when
    nothing is known. Without any tier: 1 once the budget of ``period`` is overspent. ``min_events`` is the
    least traffic of a long window for its tier to count, ``least_burnt`` what its burn times its traffic has
    to reach ("": nothing).
    ``slices_within`` is set where slices are judged: none within it, and nothing is known.
    """

    slo_id: str
    objective: str
    pages: tuple[TierCondition, ...]
    tickets: tuple[TierCondition, ...]
    min_events: int = 0
    least_burnt: str = ""
    slices_within: timedelta | None = None
    period: timedelta = timedelta(days=30)

    @property
    def conditions(self) -> tuple[TierCondition, ...]:
        return (*self.pages, *self.tickets)

    @property
    def recent_window(self) -> timedelta:
        """The shortest window: without events in it there is no traffic now."""
        return min((condition.short_window for condition in self.conditions), default=self.period)


@dataclass(frozen=True, slots=True)
class WorstLight:
    """The worst of several lights; one that is dark makes no difference to the others."""

    lights: tuple[Light, ...]


@dataclass(frozen=True, slots=True)
class AlertsFiring:
    """Alerts that are firing, one sample each. ``where`` narrows them by label."""

    where: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Alive:
    """1 for each scraped target that answers, 0 for one that does not."""

    by: tuple[str, ...] = ("job",)


Query = (
    Rate
    | CounterGrowth
    | Quantile
    | GaugeLevel
    | Mean
    | Buckets
    | Divided
    | Valued
    | Breach
    | WorstBreach
    | AwsMetric
    | LogSearch
    | Burn
    | BudgetLeft
    | Target
    | Achieved
    | Events
    | Light
    | WorstLight
    | AlertsFiring
    | Alive
)


def equal(label: str, value: str) -> Match:
    return Match(label, value)


def unlike(label: str, value: str) -> Match:
    return Match(label, value, Operator.NOT_EQUAL)


def matching(label: str, pattern: str) -> Match:
    return Match(label, pattern, Operator.MATCHES)
