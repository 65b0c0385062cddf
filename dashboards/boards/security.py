"""Security: attempts at access, reads of personal data, audits (§7.2.1)."""

from __future__ import annotations

from alarms.generate.cloudwatch.logs import log_group_name
from alarms.generate.cloudwatch.names import indicator_alarm
from credit import metrics as telemetry
from dashboards.boards.panels import data, http, platform
from dashboards.model.board import Board, BoardPart, Panel, Row, Series, Shape, Threshold
from dashboards.model.palette import STATES, State, Unit
from dashboards.model.query import AwsMetric, Breach, CounterGrowth, WorstBreach, equal, matching
from dashboards.standard.alert_panels import alerts_row
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text
from foundation.metrics import MetricSpec
from foundation.quantities import decimal_text

NAME = "security"
RUNBOOK = "recovery-security-violation"
ACCESS = "fields ts, client, route, status | filter status in [401, 403, 429] | sort ts desc | limit 50"


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: security", "Mirante: segurança"),
        description=Text(
            "Who tried to get in, who read personal data, and whether records agree.",
            "Quem tentou entrar, quem leu dados pessoais e se os registros concordam.",
        ),
        rows=(
            _status(source),
            _trends(source),
            alerts_row(source, where=(matching("category", "security.*|consistency|self"),)),
            _components(source),
            links_row(runbooks=(RUNBOOK, "credit-data-consistency")),
        ),
        tags=("security",),
        menu=Text("Security", "Segurança"),
        since="24h",
    )


def _light(name: str, title: Text, breaches: tuple[Breach, ...], alarms: tuple[str, ...]) -> Panel:
    return Panel(
        id=name,
        title=title,
        description=Text("From the alarms' own thresholds.", "Dos próprios limites dos alarmes."),
        shape=Shape.LIGHT,
        series=(Series(breaches[0] if len(breaches) == 1 else WorstBreach(breaches), title),),
        unit=Unit.STATE,
        width=6,
        height=4,
        runbook=RUNBOOK,
        alarms=alarms,
    )


def _status(source: Source) -> Row:
    """The same comparisons that alert: a light here and an alarm there cannot disagree."""
    failures = _breach(
        CounterGrowth(telemetry.AUTH_FAILURES, http.FIVE_MINUTES), source.line("AuthenticationFailures")
    )
    reads = _breach(
        CounterGrowth(telemetry.SENSITIVE_READS, http.FIVE_MINUTES), source.line("SensitiveReadsMany")
    )
    refused = CounterGrowth(telemetry.HTTP_REQUESTS, http.FIVE_MINUTES, where=(equal("status", "429"),))
    throttled = _breach(refused, source.line("RequestsThrottled", State.WARN), telemetry.HTTP_REQUESTS)
    auth, throttle, read = (
        indicator_alarm(source.environment, name)
        for name in ("AuthenticationFailures", "RequestsThrottled", "SensitiveReadsMany")
    )
    everything = (failures, throttled, reads)
    return Row(
        BoardPart.STATUS,
        Text("Status", "Status"),
        (
            _light("light-security", Text("Access", "Acesso"), everything, (auth, throttle, read)),
            _light("light-auth", Text("Authentication", "Autenticação"), (failures,), (auth,)),
            _light("light-throttle", Text("Throttling", "Limitação"), (throttled,), (throttle,)),
            _light("light-reads", Text("Customer data", "Dados de clientes"), (reads,), (read,)),
        ),
    )


def _breach(grown: CounterGrowth, line: Threshold, alive: MetricSpec | None = None) -> Breach:
    return Breach(grown, True, decimal_text(line.value), STATES[line.state].code, alive)


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Attempts and reads", "Tentativas e leituras"),
        (
            http.auth_failures(source),
            http.throttled(source),
            http.refused(),
            http.sensitive_reads(source),
            data.profile_reads(),
        ),
    )


def _components(source: Source) -> Row:
    waf = AwsMetric("AWS/WAFV2", "BlockedRequests", (("WebACL", "mirante"), ("Rule", "ALL")), "Sum")
    findings = AwsMetric("AWS/Events", "MatchedEvents", (("RuleName", "mirante-guardduty-findings"),), "Sum")
    group = log_group_name(source.environment, "access")
    return Row(
        BoardPart.COMPONENTS,
        Text("Perimeter, records and audit", "Perímetro, registros e auditoria"),
        (
            platform.consistency(source),
            data.divergences(),
            http.aws_metric(
                "waf",
                Text("Blocked by the firewall", "Bloqueados pelo firewall"),
                ((waf, Text("blocked", "bloqueados")),),
                Unit.COUNT,
            ),
            http.aws_metric(
                "guardduty",
                Text("Threats found", "Ameaças encontradas"),
                ((findings, Text("findings", "achados")),),
                Unit.COUNT,
            ),
            http.logs("access-logs", Text("Latest refusals", "Últimas recusas"), group, ACCESS),
        ),
    )
