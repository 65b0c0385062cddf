"""The on-call page: what is open, and how fast each promise's budget burns."""

from __future__ import annotations

from dataclasses import dataclass

from alarms.model.errors import AlarmsError
from alarms.model.source import AskedState, SourceReport
from alarms.router.desk import IncidentPage
from app.console.incident_pages import SHOWN, further
from app.console.incident_view import IncidentView, incident_view
from app.console.objective_view import ObjectiveView, objective_view, urgency
from app.console.ports import ConsoleDependencies
from app.console.visits import Reader
from slo.judge.worst import worst_groups
from slo.model.errors import SloError


@dataclass(frozen=True, slots=True)
class SourceView:
    name: str
    state: str
    is_well: bool
    counts: str


def _source(report: SourceReport, reader: Reader) -> SourceView:
    at, texts = reader.formats.time(report.asked_at), reader.texts
    return SourceView(
        report.name,
        texts(f"oncall.source.{report.state}"),
        report.state is AskedState.ANSWERS and not report.missing,
        texts("oncall.source", firing=report.firing, missing=report.missing, at=at),
    )


def oncall_page(deps: ConsoleDependencies, reader: Reader) -> dict[str, object]:
    """What cannot be read is named in ``problems``; the rest is shown all the same."""
    problems: list[str] = []
    incidents: list[IncidentView] | None = None
    page, sources = IncidentPage(()), []
    objectives: list[ObjectiveView] | None = None
    try:
        page = deps.desk.open_page(SHOWN)
        incidents = [incident_view(deps, incident, reader) for incident in page.alerts]
        sources = [_source(report, reader) for report in deps.desk.sources()]
    except AlarmsError as error:
        problems.append(reader.texts("problem.incidents", reason=error))
    try:
        shown = worst_groups(deps.statuses())
        problems += [hidden.of(reader.language) for hidden in shown.hidden]
        worst_first = sorted(shown.statuses, key=urgency)
        objectives = [objective_view(status, deps.ledger, reader) for status in worst_first]
    except SloError as error:
        problems.append(reader.texts("problem.objectives", reason=error))
    return {
        "incidents": incidents,
        "left": page.left,
        "further": further(page),
        "sources": sources,
        "objectives": objectives,
        "problems": problems,
    }
