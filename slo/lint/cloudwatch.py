"""What CloudWatch would not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slo.cloudwatch import alarms, limits, skipped
from slo.lint.finding import Finding, FindingLevel, warning
from slo.lint.surroundings import LintSurroundings
from slo.model.catalogue import Catalogue
from slo.model.conventions import CLOUDWATCH_DESCRIPTION


def check_cloudwatch(catalogue: Catalogue, around: LintSurroundings) -> Iterator[Finding]:
    if not around.cloudwatch:
        return
    by_id = {slo.id: slo for slo in catalogue.slos}
    for found in skipped(catalogue, around.environment):
        slo = by_id[found.slo_id]
        fix = "Prometheus and the ledger still alert. Shorten the window, or give a twin that fits."
        yield warning(slo, "cloudwatch-limit", found.what, f"gets no CloudWatch alarm: {found.reason}", fix)
    for alarm in alarms(catalogue, around.environment):
        for field, reason in _problems(alarm):
            fix = "Shorten names of services, SLOs, objectives or tiers, or give the twin fewer metrics."
            name = str(alarm["AlarmName"])
            yield Finding(FindingLevel.ERROR, "cloudwatch-limit", name, None, field, reason, fix)


def _problems(alarm: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    lengths = {
        "AlarmName": limits.LONGEST_NAME,
        "AlarmDescription": CLOUDWATCH_DESCRIPTION,
        "AlarmRule": limits.LONGEST_RULE,
    }
    for field, most in lengths.items():
        length = len(str(alarm.get(field, "")))
        if length > most:
            yield field, f"is {length} characters long; CloudWatch takes {most}"
    metrics = alarm.get("Metrics", [])
    assert isinstance(metrics, list)
    if len(metrics) > limits.MOST_METRICS:
        yield "Metrics", f"holds {len(metrics)} queries; CloudWatch takes {limits.MOST_METRICS}"
