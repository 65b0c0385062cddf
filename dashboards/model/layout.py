"""Places on the 24-column grid: panels flow left to right, a full line wraps, rows never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.model.board import GRID_COLUMNS, Board, Panel, Row

TITLE_HEIGHT = 1


@dataclass(frozen=True, slots=True)
class GridPlace:
    """Grid units; the origin is the top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PlacedRow:
    row: Row
    title: GridPlace
    panels: tuple[tuple[Panel, GridPlace], ...]


def place(board: Board) -> tuple[PlacedRow, ...]:
    """Every row's title and panels with their places, top to bottom."""
    placed, y = [], 0
    for row in board.rows:
        title = GridPlace(0, y, GRID_COLUMNS, TITLE_HEIGHT)
        panels, y = _flow(row.panels, y + TITLE_HEIGHT)
        placed.append(PlacedRow(row, title, panels))
    return tuple(placed)


def _flow(panels: Sequence[Panel], top: int) -> tuple[tuple[tuple[Panel, GridPlace], ...], int]:
    """Places and the first free line below them."""
    placed, x, line_height = [], 0, 0
    for panel in panels:
        if x + panel.width > GRID_COLUMNS:
            x, top, line_height = 0, top + line_height, 0
        placed.append((panel, GridPlace(x, top, panel.width, panel.height)))
        x, line_height = x + panel.width, max(line_height, panel.height)
    return tuple(placed), top + line_height
