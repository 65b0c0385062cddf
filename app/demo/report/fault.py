"""The part of a demo report about the fault: one time axis, its numbered moments, the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from app.console.burn_down import Tick
from app.console.charts import Caption, fitted
from app.console.formats import Formats
from app.console.incident_view import arithmetic_lines
from app.console.languages import Texts
from app.demo.report.fault_chart import FaultPicture, Mark, fault_chart
from app.demo.report.model import FaultPhase, Milestone, TimelineEvent

_MARK_COLOURS = {
    Milestone.FAULT_ON: "bad",
    Milestone.ALERT_FIRED: "p1",
    Milestone.INCIDENT: "p1",
    Milestone.ESCALATED: "p2",
    Milestone.FAULT_OFF: "ok",
    Milestone.ALERT_RESOLVED: "ok",
    Milestone.RESOLVED: "ok",
}
_OTHER_MARK = "p4"


@dataclass(frozen=True, slots=True)
class Moment:
    number: int
    at: str
    what: str
    text: str
    css: str


@dataclass(frozen=True, slots=True)
class FaultView:
    intro: str
    chart: Markup
    long_legend: str
    short_legend: str
    moments: tuple[Moment, ...]
    arithmetic: tuple[str, ...]
    incident: str
    notifications: tuple[str, ...]
    sending: str


def fault_view(fault: FaultPhase, texts: Texts, formats: Formats) -> FaultView:
    events = sorted(fault.events, key=lambda event: event.at)
    picture = _picture(fault, events, texts, formats)
    caption = Caption(texts("report.fault_chart"), _told(events, texts, formats))
    return FaultView(
        intro=texts(
            "report.fault_intro",
            store=fault.store,
            errors=formats.percent(fault.error_ratio, 0),
            delay=formats.duration(fault.delay_seconds),
            slo=fault.slo_name.of(texts.language),
        ),
        chart=fitted(lambda width: fault_chart(picture, caption, width)),
        long_legend=texts("report.burn_over", window=fault.long_window),
        short_legend=texts("report.burn_over", window=fault.short_window),
        moments=tuple(_moment(number, event, texts, formats) for number, event in enumerate(events, 1)),
        arithmetic=() if fault.burn is None else arithmetic_lines(fault.burn, texts, formats),
        incident=_incident(fault, texts),
        notifications=tuple(note.of(texts.language) for note in fault.notifications),
        sending=_sending(fault, texts, formats),
    )


def _picture(
    fault: FaultPhase, events: Sequence[TimelineEvent], texts: Texts, formats: Formats
) -> FaultPicture:
    began = _when(events, Milestone.FAULT_ON)
    return FaultPicture(
        points=fault.minutes,
        factor=fault.factor,
        marks=[Mark(event.at, number, _css(event)) for number, event in enumerate(events, 1)],
        broken=None if began is None else (began, _when(events, Milestone.FAULT_OFF)),
        ticks=_ticks(fault, formats),
        events_label=texts("report.events_label"),
        burn_label=texts("report.burn_label"),
        threshold_text=formats.burn(fault.factor),
    )


def _ticks(fault: FaultPhase, formats: Formats) -> list[Tick]:
    if not fault.minutes:
        return []
    start, end = fault.minutes[0].minute, fault.minutes[-1].minute
    return [
        Tick(share, formats.clock(start + (end - start) * share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]


def _when(events: Sequence[TimelineEvent], milestone: Milestone) -> datetime | None:
    return next((event.at for event in events if event.milestone is milestone), None)


def _css(event: TimelineEvent) -> str:
    return _MARK_COLOURS.get(event.milestone, _OTHER_MARK)


def _moment(number: int, event: TimelineEvent, texts: Texts, formats: Formats) -> Moment:
    what = texts(f"report.milestone.{event.milestone.value}")
    return Moment(number, formats.time(event.at), what, event.text.of(texts.language), _css(event))


def _told(events: Sequence[TimelineEvent], texts: Texts, formats: Formats) -> str:
    return "; ".join(
        f"{number}: {formats.time(event.at)} {texts(f'report.milestone.{event.milestone.value}')}"
        for number, event in enumerate(events, 1)
    )


def _incident(fault: FaultPhase, texts: Texts) -> str:
    if fault.incident_id is None:
        return texts("report.no_incident")
    return texts("report.incident", id=fault.incident_id, severity=fault.severity or "")


def _sending(fault: FaultPhase, texts: Texts, formats: Formats) -> str:
    sending = fault.sending
    if sending is None:
        return ""
    answered = ", ".join(
        f"{status}: {formats.number(count)}" for status, count in sorted(sending.answered.items())
    )
    return texts(
        "report.fault_sending",
        sent=formats.number(sending.sent),
        answered=answered,
        p50=formats.duration(sending.p50_seconds),
        p99=formats.duration(sending.p99_seconds),
    )
