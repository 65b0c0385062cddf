"""The last part of every board: where else to look, keeping time range and variables.

The links to the main boards stand first. They are added once all boards are known (``with_menu``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboards.model.board import Board, BoardPart, Link, Panel, Row, Shape
from foundation.bilingual import Text

ON_CALL = Link(Text("On call", "Plantão"), path="/")
KPI = Link(Text("KPI board", "Painel de indicadores"), path="/kpi")
PANEL = "links"


def links_row(more: Sequence[Link] = (), runbooks: Sequence[str] = ()) -> Row:
    """``runbooks`` are named as the pages of the console are."""
    pages = [
        Link(Text(f"Runbook: {name}", f"Runbook: {name}"), path=f"/runbooks/{name}") for name in runbooks
    ]
    panel = Panel(
        id=PANEL,
        title=Text("Related", "Relacionados"),
        description=Text("Other boards, the console and runbooks.", "Outros painéis, o console e runbooks."),
        shape=Shape.TEXT,
        width=24,
        height=4,
        links=(ON_CALL, KPI, *more, *pages),
        content=Text("", ""),
    )
    return Row(BoardPart.LINKS, Text("Related links", "Links relacionados"), (panel,))


def with_menu(boards: Sequence[Board]) -> tuple[Board, ...]:
    """The same boards, each with links to those that have a place in the menu, but to itself."""
    menu = [(board.name, Link(board.menu, board=board.name)) for board in boards if board.menu is not None]
    return tuple(_linked(board, [link for name, link in menu if name != board.name]) for board in boards)


def _linked(board: Board, menu: Sequence[Link]) -> Board:
    """At the top what the board itself puts there comes first; in the last row the menu does."""
    there = {link.board for link in board.links}
    top = (*board.links, *(link for link in menu if link.board not in there))
    return replace(board, links=top, rows=tuple(_row(row, menu) for row in board.rows))


def _row(row: Row, menu: Sequence[Link]) -> Row:
    if row.part is not BoardPart.LINKS:
        return row
    panels = [
        replace(panel, links=(*menu, *panel.links)) if panel.id == PANEL else panel for panel in row.panels
    ]
    return replace(row, panels=tuple(panels))
