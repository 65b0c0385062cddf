"""What fires now: the rows of alerts, and how many there are of each severity."""

from __future__ import annotations

from dashboards.model.board import BoardPart, Link, Panel, Row, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import AlertsFiring, Alive, Match
from dashboards.standard.slo_panels import every_alarm
from dashboards.standard.source import Source
from foundation.bilingual import Text

QUIET = Text(
    "Empty means that nothing is firing. The lights above show whether alerts can fire at all.",
    "Vazio significa que nada está disparando. As luzes acima mostram se os alertas podem disparar.",
)


def alerts_row(source: Source, where: tuple[Match, ...] = (), also: tuple[str, ...] = ()) -> Row:
    """Firing alerts as a table, and the list that leads to each rule. ``also``: more CloudWatch alarms."""
    return _row(firing_table(source, where, also))


def own_alerts_row(where: tuple[Match, ...], alarms: tuple[str, ...]) -> Row:
    """The same of those ``alarms`` of CloudWatch alone."""
    return _row(_firing(where, alarms, 16))


def _row(firing: Panel) -> Row:
    return Row(BoardPart.ALERTS, Text("Active alerts", "Alertas ativos"), (firing, alert_list()))


def firing_table(
    source: Source, where: tuple[Match, ...] = (), also: tuple[str, ...] = (), width: int = 16
) -> Panel:
    return _firing(where, (*every_alarm(source), *also), width)


def _firing(where: tuple[Match, ...], alarms: tuple[str, ...], width: int) -> Panel:
    return Panel(
        id="alerts-firing",
        title=Text("Firing now", "Disparando agora"),
        description=Text(
            "Every firing alert with its labels; the console shows the arithmetic behind it.",
            "Cada alerta disparado, com seus rótulos; o console mostra o cálculo por trás dele.",
        ),
        shape=Shape.ALERTS,
        series=(Series(AlertsFiring(where), Text("", "")),),
        width=width,
        height=8,
        links=(Link(Text("On call", "Plantão"), path="/"),),
        alarms=alarms,
        empty_means=QUIET,
    )


def alert_list() -> Panel:
    return Panel(
        id="alerts-list",
        title=Text("Rules firing or without data", "Regras disparando ou sem dados"),
        description=Text(
            "From the alerting rules themselves: firing, pending, failing, and without data.",
            "Das próprias regras de alerta: disparadas, pendentes, com falha ou sem dados.",
        ),
        shape=Shape.ALERT_LIST,
        width=8,
        height=8,
        empty_means=QUIET,
    )


def targets_alive(width: int = 6, height: int = 4) -> Panel:
    """Whether each role responds to scrapes; every other panel relies on it."""
    return Panel(
        id="targets-alive",
        title=Text("Roles that respond", "Papéis que respondem"),
        description=Text(
            "1: responds to scrapes; 0: does not. A role that is missing here is not monitored at all.",
            "1: responde às coletas; 0: não responde. Um papel ausente aqui não é monitorado.",
        ),
        shape=Shape.STAT,
        series=(Series(Alive(), Text("{{job}}", "{{job}}")),),
        unit=Unit.NONE,
        width=width,
        height=height,
        runbook="watching-ourselves",
    )
