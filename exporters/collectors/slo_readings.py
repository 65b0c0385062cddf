"""The engine's status as readings of the SLO collector: kept from the last evaluation, read at scrape."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from exporters.collectors.slo_status import ObjectiveReading
from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.model import conventions


class LatestSloReadings:
    """Whoever evaluates hands each result over; a scrape gets the latest. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: tuple[ObjectiveReading, ...] = ()

    def update(self, statuses: Iterable[ObjectiveStatus]) -> None:
        readings = tuple(reading_of(status) for status in statuses)
        with self._lock:
            self._latest = readings

    def readings(self) -> Sequence[ObjectiveReading]:
        with self._lock:
            return self._latest


def reading_of(status: ObjectiveStatus) -> ObjectiveReading:
    """Floats for the outside; the engine's own numbers stay exact. Unknown stays None."""
    known = status.state is not ObjectiveState.NO_DATA
    burns = {
        conventions.window_text(window.window): None
        if not known or window.burn is None
        else float(window.burn)
        for tier in status.tiers
        for window in (tier.long, tier.short)
    }
    remaining = status.budget.left_ratio if known else None
    return ObjectiveReading(
        environment=status.environment,
        service=status.slo.service,
        slo_id=status.slo.id,
        objective=status.objective.name,
        target=float(status.objective.target),
        burn=burns,
        budget_remaining=None if remaining is None else float(remaining),
        good=status.counts.good,
        total=status.counts.total,
        has_data=known,
        group=dict(status.labels),
    )
