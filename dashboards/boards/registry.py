"""Every board of a catalogue, in a fixed order, checked against the model's rules."""

from __future__ import annotations

from collections import Counter

from dashboards.boards import (
    component_detail,
    development,
    executive,
    operations,
    security,
    slo_detail,
    slo_overview,
)
from dashboards.boards.source import Source
from dashboards.model.board import GRID_COLUMNS, Board, BoardPart, Panel
from dashboards.model.errors import BoardInvalid


def boards(source: Source) -> tuple[Board, ...]:
    """All boards of the source.

    Raises:
        BoardInvalid: a board lacks a part, uses an id twice, or a panel does not fit the grid.
    """
    made = (
        executive.board(source),
        operations.board(source),
        development.board(source),
        security.board(source),
        slo_overview.board(source),
        *(slo_detail.board(source, slo) for slo in source.slos),
        *(component_detail.board(source, component) for component in source.components),
    )
    for board in made:
        refuse_invalid(board)
    return made


def refuse_invalid(board: Board) -> None:
    problems = [*_missing_parts(board), *_repeated_ids(board), *_misfits(board)]
    if problems:
        raise BoardInvalid(board.name, problems)


def _missing_parts(board: Board) -> list[str]:
    have = board.parts()
    missing = [f"has no part '{part}' (§7.2.2 wants all five)" for part in BoardPart if part not in have]
    if not missing and have != tuple(BoardPart):
        return [f"has its parts in the order {', '.join(have)}; wanted: {', '.join(BoardPart)}"]
    return missing


def _repeated_ids(board: Board) -> list[str]:
    counts = Counter(panel.id for panel in board.panels())
    return [f"panel id '{name}' is used {times} times" for name, times in counts.items() if times > 1]


def _misfits(board: Board) -> list[str]:
    return [
        f"panel '{panel.id}' is {panel.width} x {panel.height}: expected a width of 1 to {GRID_COLUMNS}"
        for panel in board.panels()
        if not _fits(panel)
    ]


def _fits(panel: Panel) -> bool:
    return 1 <= panel.width <= GRID_COLUMNS and panel.height >= 1
