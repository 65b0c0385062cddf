"""Whether what a Prometheus records under our names is what the ledger counted: the budget audits itself.

In three steps: ``read_recorded`` asks the Prometheus, a question for each recorded name however many SLOs
there are; ``compare`` holds the answers against the ledger's own counts; ``read_deployed`` asks, only where
something differs, which rules are loaded there, so that a board that left the counts is named with the
reason.
"""

from __future__ import annotations

from slo.drift.audit import DriftAudit
from slo.drift.finding import BudgetDrift, DriftGap, DriftReason, DriftReport, DriftVerdict
from slo.drift.kept import KeptReport

__all__ = [
    "BudgetDrift",
    "DriftAudit",
    "DriftGap",
    "DriftReason",
    "DriftReport",
    "DriftVerdict",
    "KeptReport",
]
