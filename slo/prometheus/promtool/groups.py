"""The labels that tests give to a group of an SLO: as its metrics carry them, and as they are recorded."""

from __future__ import annotations

from collections.abc import Mapping

from slo.model.conventions import recorded_label
from slo.model.spec import Slo

_ANY = ("instance", "shard")  # for queries that keep whatever there is


def fed_group(slo: Slo, value: str = "a") -> dict[str, str]:
    """On the metrics."""
    grouping = slo.grouping
    if grouping.exact:
        return dict.fromkeys(grouping.names, value)
    return {next(name for name in _ANY if grouping.keeps(name)): value}


def recorded_group(slo: Slo, value: str = "a") -> dict[str, str]:
    """On what is recorded of them."""
    return recorded_labels(slo, fed_group(slo, value))


def recorded_labels(slo: Slo, labels: Mapping[str, str]) -> dict[str, str]:
    """What is recorded of a series with these labels."""
    return {recorded_label(name): value for name, value in slo.grouping.of(labels).items()}
