"""Every SLO on one page, and the way into each."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.model.board import Board, BoardPart, Link, Row
from dashboards.model.query import matching
from dashboards.standard import component_panels as component
from dashboards.standard import recorded_panels as recorded
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source, slo_board_name
from foundation.bilingual import Text

NAME = "slo-overview"


def boards(source: Source) -> Iterator[Board]:
    """One; of many SLOs, one for each part of them: the first links to all, each to those beside it."""
    pages = source.pages()
    links = [Link(page.part, board=_name(index)) for index, page in enumerate(pages) if page.part]
    for index, page in enumerate(pages):
        near = links if index == 0 else [links[0], *links[max(1, index - 1) : index + 2]]
        yield _board(page, index, tuple(link for link in near if link.board != _name(index)))


def _name(index: int) -> str:
    return NAME if index == 0 else f"{NAME}-{index + 1}"


def _board(source: Source, index: int, others: tuple[Link, ...]) -> Board:
    return Board(
        name=_name(index),
        title=slo.with_part(source, Text("Mirante: every SLO", "Mirante: todos os SLOs")),
        description=Text(
            "Promised, delivered, budget left, and burn rate.",
            "Prometido, entregue, orçamento restante e taxa de queima.",
        ),
        rows=(
            _status(source),
            _trends(source),
            alerts_row(source, where=(matching("slo", ".+"),)),
            Row(
                BoardPart.COMPONENTS,
                Text("Components behind the SLOs", "Componentes por trás dos SLOs"),
                (component.saturation_bars(source), component.saturation_lines(source)),
            ),
            links_row(more=(*others, *detail_links(source)), runbooks=(slo.RUNBOOK,)),
        ),
        tags=("slo",),
        menu=Text("Every SLO", "Todos os SLOs") if index == 0 else None,
        since="24h",
    )


def detail_links(source: Source) -> tuple[Link, ...]:
    return tuple(Link(slo.title_of(one, one.objectives[0]), board=slo_board_name(one)) for one in source.slos)


def _status(source: Source) -> Row:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(BoardPart.STATUS, Text("Status", "Status"), (slo.worst_light(source), *lights))


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Delivered, budget left, burn rate", "Entregue, orçamento restante, taxa de queima"),
        (
            *(slo.achieved(source, one, objective) for one, objective in source.objectives()),
            *(slo.budget_gauge(source, one, objective) for one, objective in source.objectives()),
            slo.burn_overview(source, width=24),
            recorded.drift_lines(),
        ),
    )
