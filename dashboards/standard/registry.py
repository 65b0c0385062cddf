"""Every board of a workspace, in a fixed order, checked against the model's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dashboards.model.board import GRID_COLUMNS, Board, BoardPart, Panel
from dashboards.model.errors import BoardInvalid
from dashboards.standard import component_detail, executive, operations, slo_detail, slo_overview
from dashboards.standard import slo_panels as slo
from dashboards.standard.links_row import with_menu
from dashboards.standard.source import Source
from slo.model.entities import Component


def boards(source: Source, own: Iterable[Board] = ()) -> tuple[Board, ...]:
    """The boards that every workspace has, and its ``own``: one that has the name of a standard board takes
    its place, the others stand before those of SLOs and components.

    Raises:
        BoardInvalid: a board lacks a part, uses an id twice, or a panel does not fit the grid.
    """
    theirs = {board.name: board for board in own}
    first, rest = _standard(source)
    standard = {board.name for board in (*first, *rest)}
    more = [board for name, board in theirs.items() if name not in standard]
    made = [theirs.get(board.name, board) for board in first]
    made += [*more, *(theirs.get(board.name, board) for board in rest)]
    for board in made:
        refuse_invalid(board)
    return with_menu(made)


def standard_names(source: Source) -> frozenset[str]:
    """Of the boards that every workspace has."""
    return frozenset(board.name for part in _standard(source) for board in part)


def _standard(source: Source) -> tuple[list[Board], list[Board]]:
    """Those that come before the workspace's own, and those after them."""
    shown = source.pages()[0]
    first = [executive.board(shown), operations.board(shown)]
    rest = [
        *slo_overview.boards(source),
        *(slo_detail.board(source, one) for one in source.slos),
        *(component_detail.board(source, one, _burns(source, one)) for one in source.components),
    ]
    return first, rest


def _burns(source: Source, component: Component) -> list[Panel]:
    """The fastest tier of every objective that the component serves."""
    served = [(one, objective) for one in source.of_component(component) for objective in one.objectives]
    return [slo.tier_chart(source, one, objective, one.tiers[0]) for one, objective in served if one.tiers]


def refuse_invalid(board: Board) -> None:
    """
    Raises:
        BoardInvalid: everything that is wrong with it.
    """
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
