"""The watch over what a Prometheus records under our names: the evaluator audits, others read that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from app.bootstrap.count_source import TIMEOUT_SECONDS
from app.bootstrap.paths import paths_of
from app.bootstrap.slo_view import SloView
from app.settings import Settings
from foundation.clock import Clock
from slo.drift import BudgetDrift, DriftAudit, DriftReason, DriftReport, KeptReport
from slo.drift.texts import STALE
from slo.ledger.ledger import Ledger
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.spec import Slo

AUDIT_EVERY = 60.0  # seconds
EVERY = timedelta(minutes=5)  # a question for each recorded name is little, and a drift lasts


@dataclass(slots=True)
class DriftWatch:
    """One step: an audit where one is due, kept for whoever shows it. While the ledger is being filled, as
    after a start, each step audits."""

    audits: DriftAudit
    kept: KeptReport
    clock: Clock
    _done: datetime | None = field(default=None, init=False)

    def step(self) -> None:
        now = self.clock.now()
        if self._done is not None and now - self._done < EVERY:
            return
        report = self.audits.audit(now)
        self.kept.keep(report)
        filling = any(one.reason is DriftReason.NOT_COUNTED for one in report.findings)
        self._done = None if filling else now


@contextmanager
def drift_audit(
    settings: Settings,
    slos: Sequence[Slo],
    ledger: Ledger,
    before: DriftReport | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[DriftAudit | None]:
    """``None``: no Prometheus is named, so nothing is recorded anywhere."""
    if not settings.prometheus:
        yield None
        return
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        server = PrometheusQueries(settings.prometheus, client)
        yield DriftAudit(slos, ledger, settings.environment, server, before, progress)


@dataclass(frozen=True, slots=True)
class KeptFindings:
    """What of the last audit holds now: nothing while the Prometheus is silent, or the audit is old."""

    kept: KeptReport
    clock: Clock

    def __call__(self) -> tuple[BudgetDrift, ...]:
        report = self.kept.last()
        return () if report is None or self.clock.now() - report.at > STALE else report.findings


def drift_report(settings: Settings, view: SloView, progress: Callable[[str], None]) -> DriftReport | None:
    """The last audit; where there never was one, an audit now. ``None``: no Prometheus is named.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    report = KeptReport(paths_of(settings).budget_drift).last()
    if report is not None or not settings.prometheus:
        return report
    with drift_audit(settings, view.catalogue.slos, view.ledger, progress=progress) as audits:
        return None if audits is None else audits.audit(view.clock.now())
