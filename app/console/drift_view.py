"""Whether the boards of a Prometheus say the same as this page: the audit's line for one objective."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.console.visits import Reader
from slo.drift import DriftReport, DriftVerdict
from slo.drift.texts import STALE, finding_text
from slo.judge.status import ObjectiveStatus

_CSS = {DriftVerdict.DRIFTED: "c-bad", DriftVerdict.UNKNOWN: "c-no-data", DriftVerdict.AGREES: ""}


@dataclass(frozen=True, slots=True)
class DriftLine:
    """``css`` is a colour's class; agreement has none."""

    text: str
    css: str


def drift_line(
    report: DriftReport | None, status: ObjectiveStatus, now: datetime, reader: Reader
) -> DriftLine | None:
    """``None``: nothing was ever audited, as where no Prometheus is named."""
    if report is None:
        return None
    if report.silence:
        since = reader.formats.instant(report.silent_since or report.at)
        said = reader.texts("detail.recorded.silent", since=since, reason=report.silence)
        return DriftLine(said, _CSS[DriftVerdict.UNKNOWN])
    if now - report.at > STALE:
        said = reader.texts("detail.recorded.stale", at=reader.formats.instant(report.at))
        return DriftLine(said, _CSS[DriftVerdict.UNKNOWN])
    own = status.environment, status.slo.id, status.objective.name, status.labels
    found = next((one for one in report.findings if one.key == own), None)
    if found is None:
        return DriftLine(reader.texts("detail.recorded.unknown"), _CSS[DriftVerdict.UNKNOWN])
    return DriftLine(finding_text(found).of(reader.language), _CSS[found.verdict])
