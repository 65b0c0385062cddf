"""The executive board: promises kept, decisions, incidents, agreement of the stores. No jargon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TypeVar

from markupsafe import Markup

from alarms.model.errors import AlarmsError
from alarms.model.incident import Incident
from alarms.model.severity import Severity
from app.console import charts
from app.console.board_decisions import DecisionFigures, Figure, decision_figures
from app.console.objective_view import budget_left, slo_text
from app.console.ports import ConsoleDependencies
from app.console.visits import Reader, state_style
from credit.domain.errors import DomainError
from dashboards.model.palette import State
from exporters.collectors.consistency_index import ConsistencySource
from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.judge.worst import worst_groups
from slo.model.errors import SloError
from slo.model.periods import MINUTE, floor_minute

PERIODS = {
    "1h": (timedelta(hours=1), timedelta(minutes=2)),
    "24h": (timedelta(hours=24), timedelta(hours=1)),
    "7d": (timedelta(days=7), timedelta(hours=6)),
}
DEFAULT_PERIOD = "24h"
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise and what came of it. ``used``: share of the allowed failures used up."""

    href: str
    slo_id: str
    name: str
    promised: str
    reality: str
    until: str
    css: str
    symbol: str
    word: str
    used: str
    used_bar: Markup


@dataclass(frozen=True, slots=True)
class SeverityRow:
    css: str
    severity: str
    meaning: str
    count: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class PairRow:
    pair: str
    index: str
    bound: str
    compared: str
    when: str


def board_page(deps: ConsoleDependencies, period: str, reader: Reader) -> dict[str, object]:
    """What cannot be read is named in ``problems``; the rest is shown."""
    period = period if period in PERIODS else DEFAULT_PERIOD
    length, step = PERIODS[period]
    end = floor_minute(reader.now)
    problems: list[str] = []

    def incidents() -> Sequence[Incident]:
        return deps.desk.incidents(since=end - length, limit=1000)

    def shown(problem: str, build: Callable[[], _Part]) -> _Part | None:
        try:
            return build()
        except (SloError, AlarmsError, DomainError) as error:
            problems.append(reader.texts(f"problem.{problem}", reason=error))
            return None

    def decided() -> DecisionFigures | None:
        if deps.decisions is None:
            return None
        return decision_figures(deps.decisions.slices(end - length, end, step), reader)

    def compared() -> list[PairRow] | None:
        return None if deps.consistency is None else consistency_rows(deps.consistency, reader)

    def promised() -> list[PromiseRow]:
        groups = worst_groups(deps.statuses())
        problems.extend(hidden.of(reader.language) for hidden in groups.hidden)
        return [promise_row(item, reader) for item in groups.statuses]

    found = shown("incidents", incidents)
    return {
        "period": period,
        "periods": tuple(PERIODS),
        "promises": shown("objectives", promised),
        "decisions": shown("decisions", decided),
        "pairs": shown("consistency", compared),
        "severities": None if found is None else severity_rows(found, reader),
        "times": None if found is None else response_times(found, reader),
        "problems": problems,
    }


def promise_row(status: ObjectiveStatus, reader: Reader) -> PromiseRow:
    formats = reader.formats
    light, word = kept(status)
    style = state_style(light, reader.language)
    left = budget_left(status)
    used = None if left is None or light is State.NO_DATA else 1 - left
    places = max(2, len(formats.exact_percent(status.objective.target).split(".")[-1]) - 1)
    return PromiseRow(
        href=f"/console/slo/{status.slo.id}",
        slo_id=status.slo.id,
        name=slo_text(status.slo, "display_name", reader.language),
        promised=reader.texts(
            "board.promised",
            target=formats.exact_percent(status.objective.target),
            period=period_text(status.slo.window.length, reader),
        ),
        reality=formats.percent(status.compliance, min(4, places)),
        until=_until(status, reader),
        css=style["css"],
        symbol=style["symbol"],
        word=reader.texts(word),
        used=formats.percent(used, 0),
        used_bar=charts.share_bar(used, f"f-{style['css']}"),
    )


def period_text(length: timedelta, reader: Reader) -> str:
    """``30 days``; a length that is not a whole number of days is shown as a duration."""
    days, rest = divmod(length, timedelta(days=1))
    return reader.formats.duration(length) if rest else reader.texts.counted("board.days", days)


def _until(status: ObjectiveStatus, reader: Reader) -> str:
    """Up to when reality is known, when that is not now."""
    if status.state is not ObjectiveState.NO_DATA or status.last_data is None:
        return ""
    return reader.texts("board.until", at=reader.formats.instant(status.last_data + MINUTE))


def kept(status: ObjectiveStatus) -> tuple[State, str]:
    """Kept or not is arithmetic; without data it is not known, whatever it was before."""
    if status.state is ObjectiveState.NO_DATA or status.compliance is None:
        return State.NO_DATA, "board.unknown"
    if status.compliance < status.objective.target:
        return State.BAD, "board.broken"
    if status.state is ObjectiveState.BURNING or status.budget.left_ratio < 0.25:
        return State.WARN, "board.at_risk"
    return State.OK, "board.kept"


def severity_rows(incidents: Sequence[Incident], reader: Reader) -> list[SeverityRow]:
    counts = Counter(incident.severity for incident in incidents)
    peak = max(counts.values(), default=0) or 1
    return [
        SeverityRow(
            css=severity.value.lower(),
            severity=severity.value,
            meaning=reader.texts(f"board.meaning.{severity.value}"),
            count=reader.formats.number(counts[severity]),
            bar=charts.share_bar(counts[severity] / peak, f"f-{severity.value.lower()}"),
        )
        for severity in Severity
    ]


def response_times(incidents: Sequence[Incident], reader: Reader) -> tuple[Figure, ...]:
    """Medians over the incidents that got that far; the note says how many."""
    taken = [i.acknowledged_at - i.opened_at for i in incidents if i.acknowledged_at is not None]
    solved = [i.resolved_at - i.opened_at for i in incidents if i.resolved_at is not None]
    return (
        Figure(
            reader.texts("board.open_now"),
            reader.formats.number(sum(incident.is_open for incident in incidents)),
        ),
        _median("board.to_acknowledge", taken, reader),
        _median("board.to_resolve", solved, reader),
    )


def _median(key: str, durations: Sequence[timedelta], reader: Reader) -> Figure:
    seconds = [duration.total_seconds() for duration in durations]
    typical = median(seconds) if seconds else None
    note = reader.texts.counted("board.of_incidents", len(durations)) if durations else ""
    return Figure(reader.texts(key), reader.formats.duration(typical), note)


def consistency_rows(consistency: ConsistencySource, reader: Reader) -> list[PairRow]:
    formats = reader.formats
    return [
        PairRow(
            pair=reading.pair.replace("/", " ↔ "),
            index=formats.percent(reading.index_ratio, 3),
            bound=formats.percent(reading.lower_bound_ratio, 3),
            compared=formats.number(reading.compared),
            when=reader.texts(
                "when.ago", duration=formats.duration(max(timedelta(0), reader.now - reading.measured_at))
            ),
        )
        for reading in consistency.readings()
    ]
