"""Feasibility lint: finds definitions that are valid but cannot work or are not what was meant."""

from __future__ import annotations

from slo.lint.alerts import check_alerts
from slo.lint.cloudwatch import check_cloudwatch
from slo.lint.finding import Finding, FindingLevel
from slo.lint.names import check_names
from slo.lint.queries import check_queries
from slo.lint.surroundings import LintSurroundings
from slo.lint.windows import check_windows
from slo.model.catalogue import Catalogue

__all__ = ["Finding", "FindingLevel", "LintSurroundings", "check"]


def check(catalogue: Catalogue, around: LintSurroundings | None = None) -> list[Finding]:
    """Every finding, by file and line; errors before warnings of the same place.

    ``around`` is what is known of retention, teams and histogram buckets; nothing is judged without it.
    """
    known = around or LintSurroundings()
    found = [
        Finding(FindingLevel.WARNING, "understood-as", n.file, n.line, n.field, n.reason, n.fix)
        for n in catalogue.notices
    ]
    for slo in catalogue.slos:
        found += check_alerts(slo)
        found += check_windows(slo, known, catalogue.data_sources)
        found += check_queries(slo, known)
    found += check_names(catalogue, known)
    found += check_cloudwatch(catalogue, known)
    return sorted(found, key=lambda f: (f.file, f.line or 0, f.level != FindingLevel.ERROR, f.rule, f.field))
