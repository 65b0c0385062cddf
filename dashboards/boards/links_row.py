"""The last part of every board: where else to look, keeping time range and variables."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.model.board import BoardPart, Link, Panel, Row, Shape
from foundation.bilingual import Text

BOARDS: tuple[tuple[str, Text], ...] = (
    ("executive", Text("Executive", "Executivo")),
    ("operations", Text("Operations", "Operacional")),
    ("development", Text("Development", "Desenvolvimento")),
    ("security", Text("Security", "Segurança")),
    ("slo-overview", Text("Every SLO", "Todos os SLOs")),
)
ON_CALL = Link(Text("On call", "Plantão"), path="/")
KPI = Link(Text("KPI board", "Painel de indicadores"), path="/kpi")


def board_links(but: str) -> tuple[Link, ...]:
    """Links to the main boards, without the one they stand on."""
    return tuple(Link(title, board=name) for name, title in BOARDS if name != but)


def links_row(own: str, more: Sequence[Link] = (), runbooks: Sequence[str] = ()) -> Row:
    """``own`` is the board's name; ``runbooks`` are named as the pages of the console are."""
    pages = [
        Link(Text(f"Runbook: {name}", f"Runbook: {name}"), path=f"/runbooks/{name}") for name in runbooks
    ]
    links = (*board_links(own), ON_CALL, KPI, *more, *pages)
    panel = Panel(
        id="links",
        title=Text("Related", "Relacionados"),
        description=Text("Other boards, the console and runbooks.", "Outros painéis, o console e runbooks."),
        shape=Shape.TEXT,
        width=24,
        height=4,
        links=links,
        content=Text("", ""),
    )
    return Row(BoardPart.LINKS, Text("Related links", "Links relacionados"), (panel,))
