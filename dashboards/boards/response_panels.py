"""How the router does: what it takes in, whom it tells, what is still open."""

from __future__ import annotations

from dashboards.model import Panel, Series, Shape, Text
from dashboards.palette import Unit
from dashboards.query import Aggregate, Level, Rate
from exporters import incidents, saturation


def open_incidents(width: int = 6) -> Panel:
    return Panel(
        id="incidents-open",
        title=Text("Open incidents", "Incidentes abertos"),
        description=Text("Not resolved, by severity.", "Não resolvidos, por severidade."),
        shape=Shape.STAT,
        series=(
            Series(
                Level(incidents.OPEN, Aggregate.SUM, by=("severity",)), Text("{{severity}}", "{{severity}}")
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=4,
    )


def alerts_taken_in(width: int = 12) -> Panel:
    return Panel(
        id="alerts-taken-in",
        title=Text("Alerts taken in, per hour", "Alertas recebidos, por hora"),
        description=Text("By source.", "Por origem."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(incidents.ALERTS_RECEIVED, by=("source",), seconds=3600),
                Text("{{source}}", "{{source}}"),
            ),
        ),
        unit=Unit.PER_HOUR,
        width=width,
        height=8,
        minimum=0.0,
        stacked=True,
    )


def messages_sent(width: int = 12) -> Panel:
    return Panel(
        id="messages-sent",
        title=Text("Messages to people, per hour", "Mensagens a pessoas, por hora"),
        description=Text("By severity and result.", "Por severidade e resultado."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(incidents.NOTIFICATIONS, by=("severity", "result"), seconds=3600),
                Text("{{severity}} {{result}}", "{{severity}} {{result}}"),
            ),
        ),
        unit=Unit.PER_HOUR,
        width=width,
        height=8,
        minimum=0.0,
        stacked=True,
    )


def measurement_age(width: int = 12) -> Panel:
    return Panel(
        id="saturation-age",
        title=Text("Age of saturation readings", "Idade das leituras de saturação"),
        description=Text(
            "Seconds since each component was last measured.", "Segundos desde a última medição de cada um."
        ),
        shape=Shape.LINES,
        series=(Series(Level(saturation.AGE, by=("component",)), Text("{{component}}", "{{component}}")),),
        unit=Unit.SECONDS,
        width=width,
        height=8,
        minimum=0.0,
    )
