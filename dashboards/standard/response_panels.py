"""How the router does: what it takes in, whom it tells, what is still open."""

from __future__ import annotations

from alarms.reports import response
from dashboards.model.board import Panel, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import Aggregate, GaugeLevel, Rate
from exporters.collectors import saturation
from foundation.bilingual import Text
from foundation.metrics import MetricSpec

NOBODY_YET = Text(
    "Empty until the first incident of that kind.", "Vazio até o primeiro incidente desse tipo."
)


def open_incidents(width: int = 6) -> Panel:
    return Panel(
        id="incidents-open",
        title=Text("Open incidents", "Incidentes abertos"),
        description=Text("Not resolved, by severity.", "Não resolvidos, por severidade."),
        shape=Shape.STAT,
        series=(
            Series(
                GaugeLevel(response.OPEN, Aggregate.SUM, by=("severity",)),
                Text("{{severity}}", "{{severity}}"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=4,
    )


def alerts_taken_in(width: int = 12) -> Panel:
    return Panel(
        id="alerts-taken-in",
        title=Text("Alerts received per hour", "Alertas recebidos por hora"),
        description=Text("By source.", "Por origem."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(response.ALERTS_RECEIVED, by=("source",), seconds=3600),
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
        title=Text("Notifications per hour", "Notificações por hora"),
        description=Text("By severity and result.", "Por severidade e resultado."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(response.NOTIFICATIONS, by=("severity", "result"), seconds=3600),
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
        series=(
            Series(GaugeLevel(saturation.AGE, by=("component",)), Text("{{component}}", "{{component}}")),
        ),
        unit=Unit.SECONDS,
        width=width,
        height=8,
        minimum=0.0,
    )


def delivery_age(width: int = 6) -> Panel:
    return Panel(
        id="oldest-undelivered",
        title=Text("Oldest undelivered notification", "Notificação não entregue mais antiga"),
        description=Text(
            "Above a minute, people are not being notified.",
            "Acima de um minuto, as pessoas não estão sendo avisadas.",
        ),
        shape=Shape.STAT,
        series=(Series(GaugeLevel(response.OLDEST_UNDELIVERED), Text("age", "idade")),),
        unit=Unit.SECONDS,
        width=width,
        height=4,
    )


def noise(width: int = 12) -> Panel:
    """Which rules are noisy: the measure for low noise (§7.3.1)."""
    return Panel(
        id="alert-noise",
        title=Text("Noise by rule, 30 days", "Ruído por regra, 30 dias"),
        description=Text(
            "Share of a rule's incidents that paged and cleared without anyone acting.",
            "Parcela dos incidentes de uma regra que acionaram o plantão e cessaram sem ação.",
        ),
        shape=Shape.BARS,
        series=(Series(GaugeLevel(response.NOISE, by=("rule",)), Text("{{rule}}", "{{rule}}")),),
        unit=Unit.RATIO,
        width=width,
        height=8,
        minimum=0.0,
        maximum=1.0,
        empty_means=Text("Empty until a rule has had an incident.", "Vazio até uma regra ter um incidente."),
    )


def incidents_by_severity(width: int = 12) -> Panel:
    return Panel(
        id="incidents-by-severity",
        title=Text("Incidents, last 30 days", "Incidentes, últimos 30 dias"),
        description=Text("Opened, by severity.", "Abertos, por severidade."),
        shape=Shape.BARS,
        series=(
            Series(
                GaugeLevel(response.RECENT, Aggregate.SUM, by=("severity",)),
                Text("{{severity}}", "{{severity}}"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
    )


def _mean_time(name: str, title: Text, metric: MetricSpec, width: int) -> Panel:
    return Panel(
        id=name,
        title=title,
        description=Text("Mean of the last 30 days, by severity.", "Média de 30 dias, por severidade."),
        shape=Shape.BARS,
        series=(Series(GaugeLevel(metric, by=("severity",)), Text("{{severity}}", "{{severity}}")),),
        unit=Unit.SECONDS,
        width=width,
        height=6,
        minimum=0.0,
        empty_means=NOBODY_YET,
    )


def time_to_acknowledge(width: int = 6) -> Panel:
    title = Text("Time to acknowledge", "Tempo até alguém assumir")
    return _mean_time("time-to-acknowledge", title, response.ACKNOWLEDGE, width)


def time_to_resolve(width: int = 6) -> Panel:
    title = Text("Time to resolve", "Tempo até resolver")
    return _mean_time("time-to-resolve", title, response.RESOLVE, width)
