"""Which series of the ledger an objective counts into."""

from __future__ import annotations

from slo.ledger.ledger import SeriesKey
from slo.model.spec import Objective, Slo


def series_key(
    slo: Slo, objective: Objective, environment: str, labels: tuple[tuple[str, str], ...]
) -> SeriesKey:
    return SeriesKey(environment, slo.id, objective.name, slo.revision, slo.unit, labels)
