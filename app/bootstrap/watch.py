"""The watch that tells the router of the service levels that burn."""

from __future__ import annotations

from datetime import datetime

from alarms.intake.evaluator import SOURCE, alerts_of
from alarms.router.router import Router
from app.bootstrap.slo_view import SloView
from slo.judge.evaluate import evaluate
from slo.ledger.collect import CountCollector


class Watch:
    """One step: collect what the processes counted, evaluate every tier, hand the findings to the router.

    A collection that fails is raised after the evaluation: silence must page even when it is our own.
    """

    def __init__(self, view: SloView, collector: CountCollector, router: Router) -> None:
        self._view, self._collector, self._router = view, collector, router
        self._watching_since: datetime = view.clock.now()

    def step(self) -> None:
        try:
            self._collector.collect()
        finally:
            evaluation = evaluate(
                self._view.catalogue.slos,
                self._view.ledger,
                self._view.environment,
                self._view.clock.now(),
                self._view.excluded(),
                watching_since=self._watching_since,
            )
            alerts = alerts_of(evaluation, self._router.firing(SOURCE))
            if alerts:
                self._router.receive_all(alerts)
