"""One audit after another: what is recorded, what was counted, and since when they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from slo.drift.compare import compare
from slo.drift.deployed import LoadedRules, read_deployed
from slo.drift.finding import BudgetDrift, DriftReason, DriftReport, DriftVerdict
from slo.drift.recorded import read_recorded
from slo.drift.tolerance import SETTLE
from slo.ledger.ledger import Ledger
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.errors import SourceError
from slo.model.periods import floor_minute
from slo.model.spec import Slo
from slo.prometheus.rules import unsupported

SeriesName = tuple[str, str, str, tuple[tuple[str, str], ...]]


class DriftAudit:
    """Audits the SLOs that Prometheus rules are made for. ``before`` is the last report of another process,
    so that "since when" survives a restart."""

    def __init__(
        self,
        slos: Sequence[Slo],
        ledger: Ledger,
        environment: str,
        server: PrometheusQueries,
        before: DriftReport | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._slos = [slo for slo in slos if unsupported(slo) is None]
        self._ledger, self._environment, self._server = ledger, environment, server
        self._progress = progress
        self._since: dict[SeriesName, datetime] = {} if before is None else _since(before.findings)
        self._silent_since = None if before is None else before.silent_since

    def audit(self, now: datetime) -> DriftReport:
        """Never raises for a Prometheus that does not answer: that is what the report says then.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        url, at = self._server.shown_url, floor_minute(now) - SETTLE
        try:
            recorded = read_recorded(self._server, self._slos, self._environment, at, now, self._progress)
        except SourceError as error:
            self._silent_since = self._silent_since or now
            return DriftReport(now, url, silence=str(error), silent_since=self._silent_since)
        self._silent_since = None
        findings = compare(self._slos, self._ledger, self._environment, recorded)
        if any(one.verdict is DriftVerdict.DRIFTED for one in findings):
            findings = self._explained(findings, read_deployed(self._server))
        return DriftReport(now, url, self._dated(findings, now))

    def _explained(self, findings: Sequence[BudgetDrift], deployed: LoadedRules) -> tuple[BudgetDrift, ...]:
        slos = {slo.id: slo for slo in self._slos}
        return tuple(
            explained(one, slos[one.slo_id], deployed) if one.verdict is DriftVerdict.DRIFTED else one
            for one in findings
        )

    def _dated(self, findings: Sequence[BudgetDrift], now: datetime) -> tuple[BudgetDrift, ...]:
        dated = tuple(
            replace(one, since=self._since.get(one.key, now)) if one.verdict is DriftVerdict.DRIFTED else one
            for one in findings
        )
        unknown = {one.key for one in findings if one.verdict is DriftVerdict.UNKNOWN}
        kept = {key: since for key, since in self._since.items() if key in unknown}
        self._since = {**kept, **_since(dated)}
        return dated


def explained(finding: BudgetDrift, slo: Slo, deployed: LoadedRules) -> BudgetDrift:
    """With the reason that the server's own list of rules gives, which is surer than the values alone."""
    objective = slo.objective(finding.objective)
    if fault := deployed.fault(slo, objective, finding.environment):
        return replace(finding, reason=DriftReason.RULE_FAILS, detail=fault)
    if record := deployed.differs(slo, objective, finding.environment):
        return replace(finding, reason=DriftReason.OTHER_REVISION, detail=record)
    return finding


def _since(findings: Sequence[BudgetDrift]) -> dict[SeriesName, datetime]:
    return {one.key: one.since for one in findings if one.since is not None}
