"""One SLO: what it counts, what is left, and each alerting tier with its line."""

from __future__ import annotations

from datetime import timedelta

from dashboards.model.board import Board, BoardPart, Link, Panel, Row, Shape
from dashboards.model.query import equal, matching
from dashboards.standard import component_panels as component
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import own_alerts_row
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source, component_board_name, slo_board_name
from foundation.bilingual import Text
from slo.model.entities import Component
from slo.model.spec import Slo
from slo.prometheus.records import windows_of

HOUR = timedelta(hours=1)
OVERVIEW = Link(Text("Every SLO", "Todos os SLOs"), board="slo-overview")


def board(source: Source, one: Slo) -> Board:
    title = slo.title_of(one, one.objectives[0])
    serving = [c for c in source.components if one in source.of_component(c)]
    return Board(
        name=slo_board_name(one),
        title=Text(f"Mirante SLO: {title.en}", f"SLO Mirante: {title.pt}"),
        description=Text(one.description, one.texts.get("description_pt", one.description)),
        rows=(
            _status(source, one),
            _trends(source, one),
            own_alerts_row((equal("slo", one.id),), _alarms(source, one)),
            Row(BoardPart.COMPONENTS, Text("Served by", "Servido por"), _serving(source, serving)),
            links_row(more=_more(source, one, serving), runbooks=(slo.runbook_of(source, one),)),
        ),
        links=(OVERVIEW,),
        tags=("slo", "slo-detail"),
        since="24h",
    )


def _alarms(source: Source, one: Slo) -> tuple[str, ...]:
    return tuple(name for objective in one.objectives for name in slo.alarm_names(source, one, objective))


def _status(source: Source, one: Slo) -> Row:
    panels: list[Panel] = []
    for objective in one.objectives:
        panels += [
            slo.light(source, one, objective, height=5),
            slo.achieved(source, one, objective),
            slo.budget_gauge(source, one, objective),
            slo.events(one, objective, _recent(one)),
        ]
    return Row(BoardPart.STATUS, Text("Status", "Status"), (*panels, _definition(one)))


def _recent(one: Slo) -> timedelta:
    """What is counted for it that is nearest to an hour: without alerts that may be its period."""
    counted = windows_of(one) or [one.window.length]
    return min(counted, key=lambda window: abs(window - HOUR))


def _trends(source: Source, one: Slo) -> Row:
    charts = [
        slo.tier_chart(source, one, objective, tier) for objective in one.objectives for tier in one.tiers
    ] or [slo.budget_line(source, one, objective) for objective in one.objectives]
    return Row(
        BoardPart.TRENDS, Text("Burn rate, tier by tier", "Taxa de queima, nível a nível"), tuple(charts)
    )


def _definition(one: Slo) -> Panel:
    """What counts, in the definition's own words."""

    def words(key: str) -> Text:
        english = one.texts.get(key, "-")
        return Text(english, one.texts.get(f"{key}_pt", english))

    total, good, excluded = words("total"), words("good"), words("excluded")
    return Panel(
        id="definition",
        title=Text("What is counted", "O que é contado"),
        description=Text("From the definition.", "Da definição."),
        shape=Shape.TEXT,
        width=24,
        height=4,
        content=Text(
            f"- **All**: {total.en}\n- **Good**: {good.en}\n- **Left out**: {excluded.en}\n",
            f"- **Todos**: {total.pt}\n- **Bons**: {good.pt}\n- **Excluídos**: {excluded.pt}\n",
        ),
    )


def _serving(source: Source, serving: list[Component]) -> tuple[Panel, ...]:
    names = "|".join(c.id for c in serving)
    where = (matching("component", names),) if names else ()
    return (component.saturation_lines(source, where, width=24),)


def _more(source: Source, one: Slo, serving: list[Component]) -> tuple[Link, ...]:
    service, name = one.service, one.name
    console = Link(Text("In the console", "No console"), path=f"/slo/{service}/{name}")
    parts = [Link(Text(c.name, c.name_pt or c.name), board=component_board_name(c)) for c in serving]
    return (console, *parts)
