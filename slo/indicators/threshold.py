"""OpenSLO's ``thresholdMetric``: a value (a gauge, a percentile) held against each objective's bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from foundation.located import Section
from foundation.quantities import decimal_text, duration_text
from slo.indicators.metric import LOOK_BACK, ReadMetric, averaged, document_of, grouped, real
from slo.model.edges import by_number
from slo.model.grouping import EVERY_LABEL, Grouping
from slo.model.promql import analyse, with_window
from slo.model.spec import CountExpressions, CountUnit, Indicator, MetricQuery, Objective

_OPS = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}


@dataclass(frozen=True, slots=True)
class ThresholdIndicator:
    """Each reading counts one event: good when the objective's ``op`` and ``value`` hold."""

    metric: MetricQuery

    @property
    def key(self) -> str:
        return "thresholdMetric"

    @property
    def unit(self) -> CountUnit:
        return CountUnit.EVENTS

    @property
    def is_bounded(self) -> bool:
        return True

    @property
    def events(self) -> None:
        return None

    @property
    def no_events(self) -> str:
        return "a threshold compares a value; it does not count events"

    @property
    def queries(self) -> Mapping[str, MetricQuery]:
        return {"metric": self.metric}

    def identity(self, objectives: Sequence[Objective]) -> Mapping[str, object]:
        bounds = [[o.name, o.op, str(o.value)] for o in objectives]
        return {"metric": [self.metric.source_type, self.metric.query], "bounds": bounds}

    def reading(self, objective: Objective, grouping: Grouping, window: timedelta) -> CountExpressions:
        query = by_number(with_window(self.metric.query, duration_text(window)))
        return self._judged(real(query), query, objective, grouping)

    def share(self, objective: Objective, grouping: Grouping, length: timedelta) -> CountExpressions:
        """The verdict may keep its NaN here: the total drops it."""
        query = by_number(with_window(self.metric.query, duration_text(LOOK_BACK)))
        counts = self._judged(query, query, objective, grouping)
        share = CountExpressions(f"({counts.good}) / ({counts.total})", f"({counts.total})")
        return averaged(share, length)

    def _judged(self, judged: str, query: str, objective: Objective, grouping: Grouping) -> CountExpressions:
        """Every series of the query that falls into a group is a reading of it."""
        assert objective.op is not None
        assert objective.value is not None
        verdict = f"({judged}) {_OPS[objective.op]} bool {decimal_text(objective.value)}"
        kept = analyse(self.metric.query).grouping
        read = real(query) if grouping != EVERY_LABEL else f"({real(query)}) * 0 + 1"
        return CountExpressions(
            grouped(verdict, kept, grouping, "sum", always=True),
            grouped(read, kept, grouping, "count", always=True),
        )

    def examples(self, objective: Objective) -> Sequence[tuple[float, float]]:
        assert objective.value is not None
        bound = float(objective.value)
        margin = max(1.0, abs(bound)) / 8
        good_below = objective.op in ("lt", "lte")
        below = (bound - margin, 1.0 if good_below else 0.0)
        at_bound = (bound, 1.0 if objective.op in ("lte", "gte") else 0.0)
        return [below, at_bound, (bound + margin, 0.0 if good_below else 1.0), below]

    def document(self) -> Mapping[str, object]:
        return document_of(self.metric)


def read_threshold(section: Section, metric: ReadMetric) -> Indicator | None:
    found = metric(section)
    return None if found is None else ThresholdIndicator(found)
