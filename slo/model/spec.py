"""The SLO model: what a definition file says, checked and typed.

Everything generated and everything computed starts from these frozen values.
Ratios and budgets are exact ``Fraction``s; never floats, so 99.9 % is 999/1000.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from slo.model.conventions import recorded_label
from slo.model.grouping import Grouping
from slo.model.promql import has_window
from slo.model.shared_grouping import SharedGrouping, shared_grouping


class CountUnit(StrEnum):
    """What a ledger series counts. Units are never mixed in one sum."""

    EVENTS = "events"
    SLICES = "slices"
    RATIO_MINUTES = "ratio-minutes"


class BudgetingMethod(StrEnum):
    """OpenSLO v1 ``budgetingMethod`` (RatioTimeslices follows v2alpha)."""

    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One metric source: where a count comes from.

    ``query`` of a Prometheus source holds the window as ``{{.window}}`` (Sloth's placeholder), for example
    ``sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))``.
    ``spec`` keeps the source's other keys as written (a CloudWatch twin lives there).
    """

    source_type: str
    query: str
    spec: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_windowed(self) -> bool:
        """Whether it can be asked for any window."""
        return has_window(self.query)


@dataclass(frozen=True, slots=True)
class EventQueries:
    """An indicator that counts events: the two counts that everything else follows from.

    ``part`` counts the good events, or the bad ones. ``counter`` is false where both are gauges.
    """

    total: MetricQuery
    part: MetricQuery
    part_is_good: bool
    counter: bool = True


@dataclass(frozen=True, slots=True)
class CountExpressions:
    """PromQL of good and of all: ``total`` is absent when there is no data and 0 when there is no traffic."""

    good: str
    total: str


class Indicator(Protocol):
    """A type of SLI, whole: rules and their tests, alarms, ledger, lint and files are written against this.

    A new type is one module in ``slo.indicators`` and its line in ``KINDS``; nothing else asks which it is.
    """

    @property
    def key(self) -> str:
        """What OpenSLO calls it: ``ratioMetric``."""
        ...

    @property
    def queries(self) -> Mapping[str, MetricQuery]:
        """Everything it asks, by the name of the part: ``good``, ``total``, ``raw``, ``metric``."""
        ...

    @property
    def events(self) -> EventQueries | None:
        """Its counts, where it counts events; ``None``: it is read once a minute, by ``reading``."""
        ...

    @property
    def no_events(self) -> str:
        """Why it counts no events, in words."""
        ...

    @property
    def unit(self) -> CountUnit:
        """What it counts where occurrences are budgeted."""
        ...

    @property
    def is_bounded(self) -> bool:
        """Whether each objective says a bound: ``op`` and ``value``."""
        ...

    def identity(self, objectives: Sequence[Objective]) -> Mapping[str, object]:
        """Everything that decides which events are good and which are counted, as plain data."""
        ...

    def reading(self, objective: Objective, grouping: Grouping, window: timedelta) -> CountExpressions:
        """Good and total: of the last ``window`` for events, else of a reading that looks back over it."""
        ...

    def share(self, objective: Objective, grouping: Grouping, length: timedelta) -> CountExpressions:
        """Share of good in the slice that ends now; its ``total`` exists where anything could be judged."""
        ...

    def examples(self, objective: Objective) -> Sequence[tuple[float, float]]:
        """What its one query may answer, and the share of good that is; none for events."""
        ...

    def document(self) -> Mapping[str, object]:
        """What stands below ``key`` in an OpenSLO file."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """The compliance period: ``length`` rolling, or a calendar unit with its time zone."""

    length: timedelta
    calendar_unit: str | None = None  # "day" | "week" | "month" | "quarter" | "year"; None: rolling
    time_zone: str = "UTC"
    calendar_start: str | None = None

    @property
    def is_rolling(self) -> bool:
        return self.calendar_unit is None


@dataclass(frozen=True, slots=True)
class Objective:
    """One target on an indicator. ``target`` is a ratio in (0, 1)."""

    name: str
    target: Fraction
    display_name: str = ""
    op: str | None = None  # threshold indicators: lt | lte | gt | gte
    value: Fraction | None = None
    time_slice_target: Fraction | None = None
    time_slice_window: timedelta | None = None

    @property
    def budget(self) -> Fraction:
        """The error budget as a ratio of all events."""
        return 1 - self.target


@dataclass(frozen=True, slots=True)
class Tier:
    """One multiwindow burn-rate alert (SRE Workbook, ch. 5): both windows must burn above ``factor``.

    ``budget_share`` of the whole budget is spent if the burn lasts for ``long_window`` at even traffic.
    """

    name: str
    budget_share: Fraction
    long_window: timedelta
    short_window: timedelta
    severity: str  # "P1".."P4"
    alert_after: timedelta = timedelta(0)  # the condition holds this long before the alert fires
    alert_name: str = ""  # "": the conventions name it
    labels: Mapping[str, str] = field(default_factory=dict)  # carried by the alert
    annotations: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()  # AlertNotificationTargets by name
    notify_resolved: bool = True

    def factor(self, period: timedelta) -> Fraction:
        """budget share x period / long window, exact: 2 % in 1 h of 30 d is 72/5."""
        second = timedelta(seconds=1)
        return self.budget_share * Fraction(period // second, self.long_window // second)


@dataclass(frozen=True, slots=True)
class Slo:
    """One service level objective definition; ``id`` is ``service/name``."""

    service: str
    name: str
    display_name: str
    description: str
    indicator: Indicator
    method: BudgetingMethod
    window: Window
    objectives: tuple[Objective, ...]
    tiers: tuple[Tier, ...]
    summed_to: tuple[str, ...] | None = None  # None: every label that its queries leave has its own budgets
    min_events: int = 0
    min_bad_events: int = 0  # fewest bad ones in a long window before its tier fires
    expected_events_per_hour: Fraction | None = None  # traffic, where the author knows it (lint, simulate)
    refresh_interval: timedelta | None = None  # how often the indicator gets a new value, where known
    owner: str = ""  # team answering for it; "": the service's
    no_data_severity: str | None = "P3"  # None: silence is not alerted on
    no_data_after: timedelta = timedelta(minutes=5)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(
        default_factory=dict
    )  # "total", "good", "excluded", each also "<key>_pt"
    source_file: str = ""
    source_line: int | None = None
    _shared: SharedGrouping | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        return f"{self.service}/{self.name}"

    @property
    def shared_grouping(self) -> SharedGrouping:
        """What its queries leave, and why no budget can be kept so where that is so."""
        if self._shared is None:  # asked dozens of times while rules are made
            object.__setattr__(self, "_shared", self._worked_out())
        assert self._shared is not None
        return self._shared

    def _worked_out(self) -> SharedGrouping:
        events = self.indicator.events
        asked = self.indicator.queries
        if events is not None:
            asked = {"total": events.total, "good" if events.part_is_good else "bad": events.part}
        texts = tuple((part, m.query) for part, m in asked.items() if m.source_type == "Prometheus")
        return shared_grouping(texts, self.summed_to)

    @property
    def grouping(self) -> Grouping:
        """One budget for each set of values of these labels of its metrics."""
        return self.shared_grouping.grouping

    @property
    def group_by(self) -> tuple[str, ...]:
        """The same labels as they are called on our series; none where only their absence is known."""
        grouping = self.grouping
        return tuple(map(recorded_label, grouping.names)) if grouping.exact else ()

    @property
    def is_grouped(self) -> bool:
        return not self.grouping.is_one

    @property
    def unit(self) -> CountUnit:
        """What its counts are."""
        return {
            BudgetingMethod.OCCURRENCES: self.indicator.unit,
            BudgetingMethod.TIMESLICES: CountUnit.SLICES,
            BudgetingMethod.RATIO_TIMESLICES: CountUnit.RATIO_MINUTES,
        }[self.method]

    @property
    def revision(self) -> str:
        """Twelve hex digits that change exactly when what is counted changes (not when a target does)."""
        slices = [[o.name, str(o.time_slice_target), str(o.time_slice_window)] for o in self.objectives]
        counted = self.indicator.identity(self.objectives)
        grouping = self.grouping
        groups = list(grouping.names) if grouping.exact else {"without": list(grouping.names)}
        document = [counted, self.method.value, slices, groups]
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]

    def least_burnt(self, objective: Objective) -> Fraction:
        """What the burn rate of a window times its events reaches when ``min_bad_events`` of them are bad.

        Half a bad event of room is left, as Prometheus extrapolates.
        """
        return (self.min_bad_events - Fraction(1, 2)) / objective.budget

    def objective(self, name: str) -> Objective:
        return next(objective for objective in self.objectives if objective.name == name)
