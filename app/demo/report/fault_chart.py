"""The fault of a demo run on one time axis: events a minute, burn against the threshold, what happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from app.console.burn_down import Tick
from app.console.charts import Caption
from app.console.drawing import Drawing
from app.demo.report.model import MinutePoint

_MINUTE = timedelta(minutes=1)
_LEFT, _RIGHT = 46.0, 8.0
_MARKS, _EVENTS, _BETWEEN, _BURNS, _AXIS = 44.0, 92.0, 30.0, 130.0, 24.0
_GRID = (1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A numbered moment; ``css`` colours it."""

    at: datetime
    number: int
    css: str


@dataclass(frozen=True, slots=True)
class FaultPicture:
    """``broken``: from when until when the fault was on; an end of ``None`` is the end of the picture."""

    points: Sequence[MinutePoint]
    factor: float
    marks: Sequence[ChartMark]
    broken: tuple[datetime, datetime | None] | None
    ticks: Sequence[Tick]
    events_label: str
    burn_label: str
    threshold_text: str


def draw_fault(picture: FaultPicture, caption: Caption, width: float) -> Markup:
    """Bars above, both burns below on a logarithmic scale, the threshold in red; empty without a minute."""
    height = _MARKS + _EVENTS + _BETWEEN + _BURNS + _AXIS
    drawing = Drawing(width, height, caption.title, caption.description, "fault")
    if not picture.points:
        return drawing.markup()
    axis = _Axis(picture.points[0].minute, picture.points[-1].minute + _MINUTE, width)
    _shade(drawing, picture, axis, height)
    _events(drawing, picture, axis)
    _burns(drawing, picture, axis, width)
    for tick in picture.ticks:
        anchor = "start" if tick.at < 0.02 else "end" if tick.at > 0.98 else "middle"
        drawing.text(axis.at(tick.at), height - 6, tick.label, "small muted", anchor)
    _marks(drawing, picture.marks, axis, height)
    return drawing.markup()


@dataclass(frozen=True, slots=True)
class _Axis:
    start: datetime
    end: datetime
    width: float

    def at(self, share: float) -> float:
        return _LEFT + min(1.0, max(0.0, share)) * (self.width - _LEFT - _RIGHT)

    def x(self, instant: datetime) -> float:
        return self.at((instant - self.start) / (self.end - self.start))


def _shade(drawing: Drawing, picture: FaultPicture, axis: _Axis, height: float) -> None:
    if picture.broken is None:
        return
    begin, end = picture.broken
    left, right = axis.x(begin), axis.x(end or axis.end)
    drawing.rect(left, _MARKS - 8, right - left, height - _MARKS - _AXIS + 8, "f-bad faint")


def _events(drawing: Drawing, picture: FaultPicture, axis: _Axis) -> None:
    floor = _MARKS + _EVENTS
    peak = max((point.good or 0) + (point.bad or 0) for point in picture.points) or 1
    step = axis.x(axis.start + _MINUTE) - axis.x(axis.start)
    drawing.text(_LEFT, _MARKS - 7, picture.events_label, "small muted")
    drawing.text(_LEFT - 6, _MARKS + 8, f"{peak}", "small muted", "end")
    for point in picture.points:
        x = axis.x(point.minute)
        if point.good is None or point.bad is None:
            drawing.rect(x, _MARKS, step, _EVENTS, "f-no-data faint", no_data="true")
            continue
        good = point.good / peak * _EVENTS
        bad = max(2.0, point.bad / peak * _EVENTS) if point.bad else 0.0
        drawing.rect(x, floor - good, step * 0.86, good, "f-ok", good=point.good)
        drawing.rect(x, floor - good - bad, step * 0.86, bad, "f-bad", bad=point.bad)
    drawing.line(_LEFT, floor, axis.width - _RIGHT, floor, "s-axis")


def _burns(drawing: Drawing, picture: FaultPicture, axis: _Axis, width: float) -> None:
    top = _MARKS + _EVENTS + _BETWEEN
    floor = top + _BURNS
    both = [burn for point in picture.points for burn in (point.long_burn, point.short_burn)]
    burns = [burn for burn in both if burn is not None]
    peak = max([picture.factor * 2, *burns]) * 1.1

    def y_of(burn: float) -> float:
        return floor - math.log1p(max(0.0, burn)) / math.log1p(peak) * _BURNS

    line_y = y_of(picture.factor)
    drawing.text(_LEFT, top - 7, picture.burn_label, "small muted")
    drawing.text(_LEFT - 6, line_y + 4, picture.threshold_text, "small t-bad", "end")
    for burn in (level for level in _GRID if level < peak and abs(y_of(level) - line_y) > 13):
        drawing.line(_LEFT, y_of(burn), width - _RIGHT, y_of(burn), "s-grid")
        drawing.text(_LEFT - 6, y_of(burn) + 4, f"{burn:.0f}×", "small muted", "end")
    for css, burn_of in (("s-s1 line", "short_burn"), ("s-s0 line", "long_burn")):
        run: list[tuple[float, float]] = []
        for point in picture.points:
            burn = getattr(point, burn_of)
            if burn is None:
                drawing.path(run, css)
                run = []
            else:
                run.append((axis.x(point.minute + _MINUTE), y_of(burn)))
        drawing.path(run, css)
    drawing.line(_LEFT, line_y, width - _RIGHT, line_y, "s-bad threshold", factor=picture.factor)
    drawing.line(_LEFT, floor, width - _RIGHT, floor, "s-axis")


def _marks(drawing: Drawing, marks: Sequence[ChartMark], axis: _Axis, height: float) -> None:
    """Numbers stand side by side where moments lie too close for them."""
    last = -100.0
    for mark in marks:
        x = axis.x(mark.at)
        drawing.line(x, 18, x, height - _AXIS, f"s-{mark.css} mark")
        place = max(x, last + 17)
        last = place
        drawing.circle(place, 10, 8, f"f-{mark.css}", number=mark.number)
        drawing.text(place, 14, str(mark.number), "on-mark tiny strong", "middle")
