"""The chart of a budget over its period: what was left at each instant, and where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.console.charts import WIDE, Caption
from app.console.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at ``at``, a share of the axis from 0 to 1."""

    at: float
    label: str


def burn_down(
    points: Sequence[tuple[float, float | None]],
    ticks: Sequence[Tick],
    caption: Caption,
    width: float = WIDE,
    *,
    zero_label: str,
    full_label: str,
) -> Markup:
    """Budget left over the period: ``(share of the period, share of the budget left)``, gaps where unknown.

    The red line is an empty budget; what lies below it was overspent.
    """
    known = [left for _, left in points if left is not None]
    low = min(0.0, *known) if known else 0.0
    low = max(low, -1.0) * (1.08 if low < 0 else 1)
    top, bottom, left_edge = 10.0, 22.0, 44.0
    height = 210.0
    drawing = Drawing(width, height, caption.title, caption.description, "burn-down")

    def y_of(value: float) -> float:
        share = (max(value, low) - low) / (1.02 - low)
        return height - bottom - share * (height - bottom - top)

    def x_of(at: float) -> float:
        return left_edge + at * (width - left_edge - 4)

    for value, label in ((1.0, full_label), (0.0, zero_label)):
        drawing.line(
            left_edge, y_of(value), width - 4, y_of(value), "s-bad threshold" if value == 0 else "s-grid"
        )
        drawing.text(left_edge - 6, y_of(value) + 4, label, "small muted", "end")
    for run in _runs(points):
        drawing.path([(x_of(at), y_of(left)) for at, left in run], "f-s0 faint", close_at=y_of(0.0))
        drawing.path([(x_of(at), y_of(left)) for at, left in run], "s-s0 line")
    for start, end in _gaps(points):
        drawing.hatch(x_of(start), top, x_of(end) - x_of(start), height - top - bottom)
    if known and points[-1][1] is not None:
        drawing.circle(x_of(points[-1][0]), y_of(points[-1][1]), 4, "f-s0", left=points[-1][1])
    for tick in ticks:
        anchor = "start" if tick.at < 0.02 else "end" if tick.at > 0.98 else "middle"
        drawing.text(x_of(tick.at), height - 6, tick.label, "small muted", anchor)
    return drawing.markup()


def _runs(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for at, left in points:
        if left is None:
            runs.append([])
        else:
            runs[-1].append((at, left))
    return [run for run in runs if run]


def _gaps(points: Sequence[tuple[float, float | None]]) -> list[tuple[float, float]]:
    """Stretches without data, from the last known point before to the first known point after."""
    gaps: list[tuple[float, float]] = []
    previous = 0.0
    opened: float | None = None
    for at, left in points:
        if left is None:
            opened = previous if opened is None else opened
        elif opened is not None:
            gaps.append((opened, at))
            opened = None
        previous = at
    if opened is not None:
        gaps.append((opened, previous))
    return gaps
