"""Panels about HTTP: what is asked, how fast it is answered, who is refused."""

from __future__ import annotations

from datetime import timedelta

from credit import metrics as telemetry
from dashboards.model.board import Panel, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import AwsMetric, CounterGrowth, LogSearch, Quantile, Rate, equal, matching
from dashboards.standard.source import Source
from foundation.bilingual import Text

FIVE_MINUTES = timedelta(minutes=5)
REFUSED_NOBODY = Text("Empty until a request is refused.", "Vazio até um pedido ser recusado.")


def by_route(width: int = 12) -> Panel:
    return Panel(
        id="http-by-route",
        title=Text("Requests by route", "Pedidos por rota"),
        description=Text("Per second.", "Por segundo."),
        shape=Shape.LINES,
        series=(Series(Rate(telemetry.HTTP_REQUESTS, by=("route",)), Text("{{route}}", "{{route}}")),),
        unit=Unit.PER_SECOND,
        width=width,
        height=8,
        minimum=0.0,
    )


def latency_by_route(width: int = 12) -> Panel:
    return Panel(
        id="http-latency",
        title=Text("p95 by route", "p95 por rota"),
        description=Text("Response time of 95 % of the requests.", "Tempo de resposta de 95 % dos pedidos."),
        shape=Shape.LINES,
        series=(
            Series(
                Quantile(telemetry.HTTP_DURATION, 0.95, by=("method", "route")),
                Text("{{method}} {{route}}", "{{method}} {{route}}"),
            ),
        ),
        unit=Unit.SECONDS,
        width=width,
        height=8,
        minimum=0.0,
    )


def server_errors(width: int = 12) -> Panel:
    return Panel(
        id="http-5xx",
        title=Text("5xx responses by route", "Respostas 5xx por rota"),
        description=Text("Per second.", "Por segundo."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(telemetry.HTTP_REQUESTS, by=("route", "status"), where=(matching("status", "5.."),)),
                Text("{{route}} {{status}}", "{{route}} {{status}}"),
            ),
        ),
        unit=Unit.PER_SECOND,
        width=width,
        height=8,
        minimum=0.0,
        empty_means=Text("Empty until there is a 5xx response.", "Vazio até haver uma resposta 5xx."),
    )


def auth_failures(source: Source, width: int = 12) -> Panel:
    return Panel(
        id="auth-failures",
        title=Text("Authentication failures in 5 minutes", "Falhas de autenticação em 5 minutos"),
        description=Text(
            "By reason; the line is the alarm threshold.", "Por motivo; a linha é o limite do alarme."
        ),
        shape=Shape.LINES,
        series=(
            Series(
                CounterGrowth(telemetry.AUTH_FAILURES, FIVE_MINUTES, by=("reason",)),
                Text("{{reason}}", "{{reason}}"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        thresholds=(source.line("AuthenticationFailures"),),
        runbook="recovery-security-violation",
        empty_means=REFUSED_NOBODY,
    )


def throttled(source: Source, width: int = 12) -> Panel:
    return Panel(
        id="throttled",
        title=Text("Requests throttled in 5 minutes", "Pedidos limitados em 5 minutos"),
        description=Text(
            "Answered with 429; the line is the alarm threshold.",
            "Respondidos com 429; a linha é o limite do alarme.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                CounterGrowth(
                    telemetry.HTTP_REQUESTS, FIVE_MINUTES, by=("route",), where=(equal("status", "429"),)
                ),
                Text("{{route}}", "{{route}}"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        thresholds=(source.line("RequestsThrottled"),),
        runbook="recovery-security-violation",
        empty_means=REFUSED_NOBODY,
    )


def refused(width: int = 12) -> Panel:
    return Panel(
        id="refused",
        title=Text("401 and 403 responses by route", "Respostas 401 e 403 por rota"),
        description=Text("Where access was attempted.", "Onde o acesso foi tentado."),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(telemetry.HTTP_REQUESTS, by=("route", "status"), where=(matching("status", "401|403"),)),
                Text("{{route}} {{status}}", "{{route}} {{status}}"),
            ),
        ),
        unit=Unit.PER_SECOND,
        width=width,
        height=8,
        minimum=0.0,
        empty_means=REFUSED_NOBODY,
    )


def sensitive_reads(source: Source, width: int = 12) -> Panel:
    return Panel(
        id="sensitive-reads",
        title=Text("Customer data shown in 5 minutes", "Dados de clientes exibidos em 5 minutos"),
        description=Text(
            "By type of data; each read is also in the audit trail. The line is the alarm threshold.",
            "Por tipo de dado; cada leitura também está na trilha de auditoria. A linha é o "
            "limite do alarme.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                CounterGrowth(telemetry.SENSITIVE_READS, FIVE_MINUTES, by=("what",)),
                Text("{{what}}", "{{what}}"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        thresholds=(source.line("SensitiveReadsMany"),),
        runbook="recovery-security-violation",
    )


def aws_metric(
    name: str, title: Text, metrics: tuple[tuple[AwsMetric, Text], ...], unit: Unit, width: int = 12
) -> Panel:
    return Panel(
        id=name,
        title=title,
        description=Text("Emitted by AWS itself.", "Emitido pela própria AWS."),
        shape=Shape.LINES,
        series=tuple(Series(query, legend) for query, legend in metrics),
        unit=unit,
        width=width,
        height=6,
        minimum=0.0,
        empty_means=Text("Empty outside AWS.", "Vazio fora da AWS."),
    )


def logs(name: str, title: Text, group: str, text: str, width: int = 24) -> Panel:
    return Panel(
        id=name,
        title=title,
        description=Text(f"From the log group {group}.", f"Do grupo de logs {group}."),
        shape=Shape.LOGS,
        series=(Series(LogSearch(group, text), Text("", "")),),
        width=width,
        height=7,
        empty_means=Text("Empty when nothing matched.", "Vazio quando nada correspondeu."),
    )
