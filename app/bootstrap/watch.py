"""The watch: count, judge, tell the router; and remember the last statuses for whoever scrapes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alarms.intake.evaluator import SOURCE, alerts_of
from alarms.router.router import Router
from foundation.clock import Clock
from slo.judge.evaluate import evaluate
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.collect import CountCollector
from slo.ledger.exclusions import ExclusionLog
from slo.ledger.ledger import Ledger
from slo.model.catalogue import Catalogue


class Watch:
    """One step: collect what the processes counted, evaluate every tier, hand the findings to the router.

    A collection that fails is raised after the evaluation: silence must page even when it is our own.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        collector: CountCollector,
        ledger: Ledger,
        router: Router,
        environment: str,
        clock: Clock,
        exclusions: ExclusionLog,
    ) -> None:
        self._catalogue, self._collector, self._ledger = catalogue, collector, ledger
        self._router, self._environment, self._clock = router, environment, clock
        self._exclusions = exclusions
        self._watching_since: datetime = clock.now()

    def step(self) -> None:
        try:
            self._collector.collect()
        finally:
            evaluation = evaluate(
                self._catalogue.slos,
                self._ledger,
                self._environment,
                self._clock.now(),
                self._exclusions.all(),
                watching_since=self._watching_since,
            )
            alerts = alerts_of(evaluation, self._router.firing(SOURCE))
            if alerts:
                self._router.receive_all(alerts)


class Statuses:
    """Computes statuses on request, and keeps the last ones for scrapes (which must not wait)."""

    def __init__(
        self,
        catalogue: Catalogue,
        ledger: Ledger,
        environment: str,
        clock: Clock,
        exclusions: ExclusionLog,
    ) -> None:
        self._catalogue, self._ledger, self._exclusions = catalogue, ledger, exclusions
        self._environment, self._clock = environment, clock
        self._last: tuple[ObjectiveStatus, ...] = ()

    def __call__(self) -> Sequence[ObjectiveStatus]:
        now, exclusions = self._clock.now(), self._exclusions.all()
        return status(self._catalogue.slos, self._ledger, self._environment, now, exclusions)

    def refresh(self) -> None:
        self._last = tuple(self())

    def last(self) -> Sequence[ObjectiveStatus]:
        return self._last
