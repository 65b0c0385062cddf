"""A query brought to the labels that an SLO's budgets are told apart by."""

from __future__ import annotations

from slo.model.conventions import LABEL_ALERT_KEY, SET_BY_US, recorded_label
from slo.model.edges import by_number
from slo.model.grouping import Grouping, exactly

_MAY_CLASH = tuple(label for label in SET_BY_US if not label.startswith("alert") and label != LABEL_ALERT_KEY)


def grouped(
    query: str, kept: Grouping, grouping: Grouping, operator: str = "sum", always: bool = False
) -> str:
    """The query, which leaves ``kept``, aggregated to ``grouping`` unless that is what it leaves.

    Bucket edges are matched by number. A label that we set ourselves is kept under another name.
    """
    text = by_number(query)
    clashing = [label for label in _MAY_CLASH if grouping.keeps(label)]
    for label in clashing:
        text = f'label_replace({text}, "{recorded_label(label)}", "$1", "{label}", "(.+)")'
    if clashing and grouping.exact:
        return exactly(map(recorded_label, grouping.names)).aggregated(operator, text)
    return text if kept == grouping and not always else grouping.aggregated(operator, text)
