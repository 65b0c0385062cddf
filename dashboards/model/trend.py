"""Series over time as a small SVG: lines, their limits, and nothing where there is no data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Points = Sequence[tuple[float, float]]
"""``(unix seconds, value)``, in time order."""

WIDTH, HEIGHT = 600.0, 160.0  # units of the picture, which is stretched to its panel
HEADROOM = 1.08
BROKEN_AFTER = 3.0  # steps without a value end a line: what is missing is not drawn


@dataclass(frozen=True, slots=True)
class Line:
    colour: str
    points: Points


@dataclass(frozen=True, slots=True)
class Frame:
    """Unix seconds of both edges, seconds between two values, and the values of bottom and top."""

    start: float
    end: float
    step: float
    bottom: float
    top: float

    def x(self, at: float) -> float:
        return (at - self.start) / (self.end - self.start) * WIDTH

    def y(self, value: float) -> float:
        return HEIGHT - (value - self.bottom) / (self.top - self.bottom) * HEIGHT


def frame_of(
    lines: Sequence[Line],
    limits: Sequence[float],
    span: tuple[float, float, float],
    minimum: float | None,
    maximum: float | None,
) -> Frame:
    """``span`` is start, end and step. A limit far above everything drawn stays out of the picture."""
    values = [value for line in lines for _, value in line.points if math.isfinite(value)]
    low = min([0.0, *values]) if minimum is None else minimum
    high = max([*values, low]) if maximum is None else maximum
    near = [limit for limit in limits if limit <= high * 3 or high == low]
    top = max([high, *near]) if maximum is None else high
    return Frame(*span, low, low + (top - low or 1.0) * (HEADROOM if maximum is None else 1.0))


def svg(lines: Sequence[Line], limits: Mapping[float, str], frame: Frame) -> str:
    """``limits`` gives each limit's colour."""
    drawn = [
        f'<line x1="0" x2="{WIDTH:g}" y1="{frame.y(limit):.1f}" y2="{frame.y(limit):.1f}" stroke="{colour}" '
        'stroke-dasharray="6 4" vector-effect="non-scaling-stroke"/>'
        for limit, colour in limits.items()
        if frame.bottom <= limit <= frame.top
    ]
    for line in lines:
        for piece in _pieces(line.points, frame.step):
            drawn.append(_drawn(piece, line.colour, frame))
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-hidden="true">{"".join(drawn)}</svg>'
    )


def _drawn(piece: Points, colour: str, frame: Frame) -> str:
    if len(piece) == 1:
        at, value = piece[0]
        return f'<circle cx="{frame.x(at):.1f}" cy="{frame.y(value):.1f}" r="2.5" fill="{colour}"/>'
    path = " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in piece)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6" '
        'vector-effect="non-scaling-stroke"/>'
    )


def _pieces(points: Points, step: float) -> list[list[tuple[float, float]]]:
    """Unbroken stretches of finite values."""
    pieces: list[list[tuple[float, float]]] = []
    last: float | None = None
    for at, value in points:
        if not math.isfinite(value):
            continue
        if last is None or at - last > BROKEN_AFTER * step:
            pieces.append([])
        pieces[-1].append((at, value))
        last = at
    return pieces
