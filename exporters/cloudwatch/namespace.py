"""How our series are called in CloudWatch: one namespace, the same metric names, labels as dimensions.

Every declared metric is published with the dimensions ``environment`` and its own labels; that full set,
in this order, is the metric's only dimension set (CloudWatch joins nothing by itself).
"""

from __future__ import annotations

from collections.abc import Iterable

NAMESPACE = "Mirante"
ENVIRONMENT = "environment"


def dimensions(labels: Iterable[str]) -> tuple[str, ...]:
    """Dimension names of a metric that is declared with these labels."""
    return tuple(dict.fromkeys((ENVIRONMENT, *labels)))
