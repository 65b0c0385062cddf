"""The console's charts, as functions from numbers to SVG. Texts come from the caller, in its language.

Every mark carries its number (``data-value`` and its fellows), so that a test can compare what is drawn
with what was counted. What is not known is grey and hatched, never drawn as zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.console.drawing import Drawing

NARROW, MIDDLE, WIDE = 340.0, 600.0, 1080.0
_GLYPH = 6.6  # about what a digit takes at the size charts are set in


@dataclass(frozen=True, slots=True)
class Caption:
    """What a reader who cannot see the chart is told."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class BurnRow:
    """One tier: both windows' burns against the factor at which it fires; ``None``: not known."""

    label: str
    factor: float
    factor_text: str
    long_label: str
    long_burn: float | None
    long_text: str
    short_label: str
    short_burn: float | None
    short_text: str
    firing: bool


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """One minute; both ``None``: no data. Both zero: no traffic."""

    label: str
    good: int | None
    bad: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """``value`` ``None``: not known."""

    label: str
    value: float | None
    text: str
    css: str = "f-s0"


def fitted(draw: Callable[[float], Markup]) -> Markup:
    """The chart drawn for three widths; the style sheet shows the one that fits: text keeps its size."""
    sizes = (("small", NARROW), ("middle", MIDDLE), ("large", WIDE))
    drawn = [Markup('<div class="at-{}">{}</div>').format(name, draw(width)) for name, width in sizes]
    return Markup('<div class="fit">{}{}{}</div>').format(*drawn)


def budget_bar(left: float | None, state: str, caption: Caption) -> Markup:
    """Budget left as a share of a full bar; overspent is an empty bar with a red edge; unknown is hatched."""
    drawing = Drawing(NARROW, 18, caption.title, caption.description, "budget-bar", stretch=True)
    drawing.rect(0, 3, NARROW, 12, "f-track", round_by=3)
    if left is None:
        drawing.hatch(0, 3, NARROW, 12)
        return drawing.markup()
    shown = min(1.0, max(0.0, left))
    drawing.rect(0, 3, shown * NARROW, 12, f"f-{_css(state)}", round_by=3, value=left)
    if left <= 0:
        drawing.rect(0, 3, 4, 12, "f-bad", value=left)
    for quarter in (0.25, 0.5, 0.75):
        drawing.line(quarter * NARROW, 3, quarter * NARROW, 15, "s-tick")
    return drawing.markup()


def burn_rows(
    rows: Sequence[BurnRow], threshold_label: str, caption: Caption, width: float = NARROW
) -> Markup:
    """Two bars a tier, long window above short, each scaled so that its factor falls on the red line.

    Burns above twice the factor end at the edge with an arrow; their number says how far they go.
    """
    height, top, bottom = 44.0, 16.0, 4.0
    left, right = 30.0, 58.0
    span = width - left - right
    line_x = left + span / 2
    drawing = Drawing(
        width, top + height * len(rows) + bottom, caption.title, caption.description, "burn-rows"
    )
    drawing.text(line_x, 11, threshold_label, "t-bad small", "middle")
    for index, row in enumerate(rows):
        y = top + index * height
        drawing.text(0, y + 11, row.label, "small strong" if row.firing else "small")
        drawing.text(width, y + 11, row.factor_text, "small muted", "end")
        _burn_bar(drawing, (left, y + 16, span), row.long_label, row.long_burn, row.long_text, row, width)
        _burn_bar(drawing, (left, y + 29, span), row.short_label, row.short_burn, row.short_text, row, width)
    drawing.line(line_x, 14, line_x, top + height * len(rows), "s-bad threshold")
    return drawing.markup()


def _burn_bar(
    drawing: Drawing,
    place: tuple[float, float, float],
    label: str,
    burn: float | None,
    text: str,
    row: BurnRow,
    width: float,
) -> None:
    x, y, span = place
    drawing.rect(x, y, span, 10, "f-track", round_by=2)
    drawing.text(width, y + 9, text, "small num", "end")
    if burn is None:
        drawing.hatch(x, y, span, 10)
    else:
        share = min(1.0, burn / (2 * row.factor))
        css = "f-bad" if burn >= row.factor else "f-s0"
        drawing.rect(
            x, y, share * span, 10, css, round_by=2, tip=f"{label}: {text}", value=burn, factor=row.factor
        )
        if burn > 2 * row.factor:
            drawing.text(x + span - 3, y + 9, "»", "on-colour small", "end")
    drawing.text(x - 5, y + 9, label, "small muted", "end")


def minute_bars(
    bars: Sequence[MinuteBar], caption: Caption, width: float = NARROW, height: float = 56
) -> Markup:
    """Good and bad events, stacked, a minute each; a minute without data is a grey hatched column."""
    drawing = Drawing(width, height, caption.title, caption.description, "minute-bars", stretch=True)
    peak = max(((bar.good or 0) + (bar.bad or 0) for bar in bars), default=0)
    step = width / max(1, len(bars))
    gap = 0.5 if step > 3 else 0.0
    floor = height - 2
    for index, bar in enumerate(bars):
        x = index * step
        if bar.good is None or bar.bad is None:
            drawing.hatch(x, 0, step, floor)
            continue
        good, bad = _stack(bar.good, bar.bad, peak, floor)
        tip = f"{bar.label}: {bar.good} + {bar.bad}"
        drawing.rect(x, floor - good, step - gap, good, "f-ok", tip=tip, good=bar.good)
        if bar.bad:
            drawing.rect(x, floor - good - bad, step - gap, bad, "f-bad", tip=tip, bad=bar.bad)
    drawing.line(0, floor, width, floor, "s-axis")
    return drawing.markup()


def _stack(good: int, bad: int, peak: int, room: float) -> tuple[float, float]:
    """Heights of the two parts. One bad event among thousands still shows."""
    if peak == 0:
        return 0.0, 0.0
    bad_height = max(2.5, bad / peak * room) if bad else 0.0
    return min(good / peak * room, room - bad_height), bad_height


def columns(bars: Sequence[Column], caption: Caption, width: float = WIDE, height: float = 200) -> Markup:
    """Upright bars from zero with their number on top, for histograms and hours."""
    drawing = Drawing(width, height, caption.title, caption.description, "columns")
    peak = max((bar.value or 0.0 for bar in bars), default=0.0)
    step = width / max(1, len(bars))
    top, bottom = 18.0, 22.0
    room = height - top - bottom
    longest = max((len(bar.label) for bar in bars), default=0)
    every = max(1, math.ceil((longest + 1) * _GLYPH / step))
    for index, bar in enumerate(bars):
        tall = (bar.value or 0.0) / peak * room if peak else 0.0
        x, y = index * step, top + room - tall
        tip = f"{bar.label}: {bar.text}"
        if bar.value is None:
            drawing.hatch(x + step * 0.1, top + room - 14, step * 0.8, 14)
        else:
            drawing.rect(x + step * 0.1, y, step * 0.8, tall, bar.css, round_by=2, tip=tip, value=bar.value)
        if bar.value and step >= len(bar.text) * _GLYPH:
            drawing.text(x + step / 2, y - 5, bar.text, "small num", "middle")
        if index % every == 0:
            edge = "start" if index == 0 else "end" if index == len(bars) - 1 else "middle"
            at = {"start": x, "middle": x + step / 2, "end": x + step}[edge]
            drawing.text(at, height - 6, bar.label, "small muted", edge)
    drawing.line(0, top + room, width, top + room, "s-axis")
    return drawing.markup()


def share_bar(share: float | None, css: str) -> Markup:
    """A bare bar beside a number that is written out: hidden from screen readers, which have the number."""
    drawing = Drawing(200, 8, "", "")
    drawing.rect(0, 0, 200, 8, "f-track", round_by=2)
    if share is None:
        drawing.hatch(0, 0, 200, 8)
    else:
        drawing.rect(0, 0, min(1.0, max(0.0, share)) * 200, 8, css, round_by=2, value=share)
    return drawing.decoration()


def split_bar(parts: Sequence[Column], caption: Caption) -> Markup:
    """One bar divided in proportion: outcomes of decisions, incidents by severity."""
    drawing = Drawing(NARROW, 22, caption.title, caption.description, "split-bar", stretch=True)
    total = sum(part.value or 0.0 for part in parts)
    drawing.rect(0, 0, NARROW, 22, "f-track", round_by=3)
    x = 0.0
    for part in parts:
        wide = (part.value or 0.0) / total * NARROW if total else 0.0
        drawing.rect(x, 0, wide - 1, 22, part.css, tip=f"{part.label}: {part.text}", value=part.value)
        x += wide
    return drawing.markup()


def _css(state: str) -> str:
    return state.replace("_", "-")
