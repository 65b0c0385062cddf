"""The indicator alarms that ship: derived from the catalogue, so that a target is written once.

Thresholds come from an SLO, from a capacity, or from history; ``basis`` says which (§3.5.3, ALM-1).
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alarms.model.indicator import Comparison, Indicator, Measure
from alarms.model.severity import Severity
from alarms.policy.policy import Text
from alarms.reports import response
from credit import metrics as telemetry
from exporters import server
from exporters.collectors import consistency_index, saturation
from slo.model.catalogue import Catalogue

SATURATION_WARN = Fraction(8, 10)
SATURATION_BAD = Fraction(9, 10)
PROVABLE_BOUND = Fraction(99, 100)
READING_AGE_SECONDS = Fraction(15 * 60)
UNCHECKED_SECONDS = Fraction(60 * 60)
INGEST_LAG_SECONDS = Fraction(60)
OUTBOX_ROWS = Fraction(10_000)
SAGA_SECONDS = Fraction(10 * 60)
AUTH_FAILURES = Fraction(100)
THROTTLED = Fraction(500)
SENSITIVE_READS = Fraction(3_000)
CONSISTENCY_SLO = "data-consistency"

_CAPACITY = Text("capacity: the resource is exhausted at 100 %", "capacidade: o recurso se esgota em 100 %")
_ANY = Text("any one is a fault to look into", "qualquer ocorrência é uma falha a investigar")
_FIRST_GUESS = Text(
    "a first setting, to be calibrated from recorded history",
    "um valor inicial, a calibrar com o histórico gravado",
)


def indicators(catalogue: Catalogue) -> tuple[Indicator, ...]:
    """Every indicator alarm of the catalogue, in name order."""
    found = [
        *_saturation(),
        *_consistency(catalogue),
        *_ingestion(),
        *_sagas(),
        *_security(),
        *_watching_ourselves(),
    ]
    return tuple(sorted(found, key=lambda indicator: indicator.name))


def _saturation() -> list[Indicator]:
    levels = (
        ("ComponentSaturationHigh", SATURATION_BAD, 10, Severity.P2),
        ("ComponentSaturationRising", SATURATION_WARN, 30, Severity.P4),
    )
    title = Text("A resource is nearly exhausted", "Um recurso está quase esgotado")
    return [
        Indicator(
            name=name,
            title=title,
            metric=saturation.SATURATION,
            measure=Measure.HIGHEST,
            comparison=Comparison.ABOVE,
            threshold=threshold,
            lasting=timedelta(minutes=minutes),
            severity=severity,
            component="",
            runbook="saturation",
            basis=_CAPACITY,
            by=("component", "resource"),
            category="saturation",
        )
        for name, threshold, minutes, severity in levels
    ]


def consistency_target(catalogue: Catalogue) -> Fraction | None:
    """The target of the data consistency SLO; None when the catalogue has none."""
    found = [slo for slo in catalogue.slos if slo.name == CONSISTENCY_SLO]
    return found[0].objectives[0].target if found else None


def _consistency(catalogue: Catalogue) -> list[Indicator]:
    target = consistency_target(catalogue)
    alarms = [
        Indicator(
            name="ConsistencyBoundLow",
            title=Text("Too little was compared to be sure", "Comparou-se pouco para ter certeza"),
            metric=consistency_index.LOWER_BOUND,
            measure=Measure.LOWEST,
            comparison=Comparison.BELOW,
            threshold=PROVABLE_BOUND,
            lasting=timedelta(hours=1),
            severity=Severity.P3,
            component="consistency-checker",
            runbook="credit-data-consistency",
            basis=Text(
                "299 equal records prove 99 % at 95 % confidence (exact binomial)",
                "299 registros iguais provam 99 % com 95 % de confiança (binomial exata)",
            ),
            by=("pair",),
            category="consistency",
        ),
        Indicator(
            name="ConsistencyReadingOld",
            title=Text("Stores have not been compared lately", "Os bancos não são comparados há tempo"),
            metric=consistency_index.AGE,
            measure=Measure.HIGHEST,
            comparison=Comparison.ABOVE,
            threshold=READING_AGE_SECONDS,
            lasting=timedelta(minutes=5),
            severity=Severity.P3,
            component="consistency-checker",
            runbook="credit-data-consistency",
            basis=_FIRST_GUESS,
            by=("pair",),
            category="consistency",
        ),
    ]
    if target is not None:
        alarms.append(_index_below(target))
    return [*alarms, _anomalous(), _unchecked()]


def _index_below(target: Fraction) -> Indicator:
    return Indicator(
        name="ConsistencyIndexLow",
        title=Text("Stores disagree beyond the target", "Os bancos divergem além da meta"),
        metric=consistency_index.INDEX,
        measure=Measure.LOWEST,
        comparison=Comparison.BELOW,
        threshold=target,
        lasting=timedelta(minutes=15),
        severity=Severity.P2,
        component="consistency-checker",
        runbook="credit-data-consistency",
        basis=Text(f"SLO {CONSISTENCY_SLO}: its target", f"SLO {CONSISTENCY_SLO}: a própria meta"),
        by=("pair",),
        category="consistency",
    )


def _anomalous() -> Indicator:
    """The patterns of §8.3.5; ``dataplatform.consistency.patterns`` says what each means."""
    return Indicator(
        name="ConsistencyAnomaly",
        title=Text("Differences follow a pattern", "As divergências seguem um padrão"),
        metric=consistency_index.ANOMALY,
        measure=Measure.HIGHEST,
        comparison=Comparison.ABOVE,
        threshold=Fraction(0),
        lasting=timedelta(0),
        severity=Severity.P3,
        component="consistency-checker",
        runbook="credit-data-consistency",
        basis=_ANY,
        by=("pair", "pattern"),
        category="consistency",
    )


def _unchecked() -> Indicator:
    return Indicator(
        name="ConsistencyCoverageOld",
        title=Text("Some records have not been compared lately", "Há registros sem comparação recente"),
        metric=consistency_index.UNCHECKED,
        measure=Measure.HIGHEST,
        comparison=Comparison.ABOVE,
        threshold=UNCHECKED_SECONDS,
        lasting=timedelta(minutes=5),
        severity=Severity.P3,
        component="consistency-checker",
        runbook="credit-data-consistency",
        basis=_FIRST_GUESS,
        by=("pair",),
        category="consistency",
    )


def _ingestion() -> list[Indicator]:
    return [
        Indicator(
            name="IngestLagHigh",
            title=Text("Ingested records wait too long", "Registros ingeridos esperam demais"),
            metric=telemetry.INGEST_LAG,
            measure=Measure.HIGHEST,
            comparison=Comparison.ABOVE,
            threshold=INGEST_LAG_SECONDS,
            lasting=timedelta(minutes=5),
            severity=Severity.P2,
            component="lambda-processors",
            runbook="ingestion-lag",
            basis=Text("near real time (§3.1.2): one minute", "tempo quase real (§3.1.2): um minuto"),
            category="ingestion",
        ),
        Indicator(
            name="IngestDeadLetters",
            title=Text("Records were set aside unprocessed", "Registros foram separados sem processar"),
            metric=telemetry.INGEST_RECORDS,
            measure=Measure.INCREASE,
            comparison=Comparison.ABOVE,
            threshold=Fraction(0),
            lasting=timedelta(0),
            severity=Severity.P3,
            component="lambda-processors",
            runbook="ingestion-lag",
            basis=_ANY,
            where={"outcome": "dead_letter"},
            window=timedelta(minutes=15),
            category="ingestion",
        ),
        Indicator(
            name="OutboxDeep",
            title=Text("Projections fall behind the pivot", "As projeções se atrasam em relação ao pivô"),
            metric=telemetry.OUTBOX_DEPTH,
            measure=Measure.HIGHEST,
            comparison=Comparison.ABOVE,
            threshold=OUTBOX_ROWS,
            lasting=timedelta(minutes=10),
            severity=Severity.P3,
            component="outbox-relay",
            runbook="ingestion-lag",
            basis=_FIRST_GUESS,
            category="ingestion",
        ),
    ]


def _sagas() -> list[Indicator]:
    return [
        Indicator(
            name="SagaStuck",
            title=Text("A saga is stuck", "Uma saga está parada"),
            metric=telemetry.SAGAS_STUCK,
            measure=Measure.HIGHEST,
            comparison=Comparison.ABOVE,
            threshold=Fraction(0),
            lasting=timedelta(0),
            severity=Severity.P2,
            component="decision-engine",
            runbook="saga-stuck",
            basis=_ANY,
            by=("saga",),
            category="consistency",
        ),
        Indicator(
            name="SagaSlow",
            title=Text("A saga has been under way for long", "Uma saga está em andamento há muito tempo"),
            metric=telemetry.SAGA_OLDEST,
            measure=Measure.HIGHEST,
            comparison=Comparison.ABOVE,
            threshold=SAGA_SECONDS,
            lasting=timedelta(minutes=5),
            severity=Severity.P3,
            component="decision-engine",
            runbook="saga-stuck",
            basis=_FIRST_GUESS,
            by=("saga",),
            category="consistency",
        ),
    ]


def _security() -> list[Indicator]:
    return [
        Indicator(
            name="AuthenticationFailures",
            title=Text("Many requests fail authentication", "Muitos pedidos falham na autenticação"),
            metric=telemetry.AUTH_FAILURES,
            measure=Measure.INCREASE,
            comparison=Comparison.ABOVE,
            threshold=AUTH_FAILURES,
            lasting=timedelta(0),
            severity=Severity.P3,
            component="decision-api",
            runbook="recovery-security-violation",
            basis=_FIRST_GUESS,
            category="security",
            symptom=False,
        ),
        Indicator(
            name="RequestsThrottled",
            title=Text("Many requests are throttled", "Muitos pedidos são limitados"),
            metric=telemetry.HTTP_REQUESTS,
            measure=Measure.INCREASE,
            comparison=Comparison.ABOVE,
            threshold=THROTTLED,
            lasting=timedelta(0),
            severity=Severity.P4,
            component="decision-api",
            runbook="recovery-security-violation",
            basis=_FIRST_GUESS,
            where={"status": "429"},
            category="security",
            symptom=False,
        ),
        Indicator(
            name="SensitiveReadsMany",
            title=Text("Much customer data is being read", "Muitos dados de clientes estão sendo lidos"),
            metric=telemetry.SENSITIVE_READS,
            measure=Measure.INCREASE,
            comparison=Comparison.ABOVE,
            threshold=SENSITIVE_READS,
            lasting=timedelta(0),
            severity=Severity.P3,
            component="decision-api",
            runbook="recovery-security-violation",
            basis=_FIRST_GUESS,
            category="security",
            symptom=False,
        ),
    ]


def _watching_ourselves() -> list[Indicator]:
    lost = (
        ("CollectorFailing", server.COLLECT_ERRORS, Text("A collector fails", "Um coletor falha")),
        (
            "ProbeFailing",
            saturation.FAILURES,
            Text("A saturation probe fails", "Uma sonda de saturação falha"),
        ),
        (
            "CountJournalFailing",
            telemetry.JOURNAL_FAILURES,
            Text("Counts cannot be put on file", "Contagens não podem ser gravadas"),
        ),
        (
            "EscalationsRepaired",
            response.REPAIRED,
            Text("An escalation had to be repaired", "Uma escalação precisou de reparo"),
        ),
    )
    grown = [
        Indicator(
            name=name,
            title=title,
            metric=metric,
            measure=Measure.INCREASE,
            comparison=Comparison.ABOVE,
            threshold=Fraction(0),
            lasting=timedelta(minutes=5),
            severity=Severity.P3,
            component="",
            runbook="watching-ourselves",
            basis=_ANY,
            window=timedelta(minutes=15),
            category="self",
            symptom=False,
        )
        for name, metric, title in lost
    ]
    return [*grown, _quarantined()]


def _quarantined() -> Indicator:
    """An alert that could not be read is kept, and somebody has to look at it."""
    return Indicator(
        name="AlertsQuarantined",
        title=Text("Alerts came in that nobody could read", "Chegaram alertas que ninguém pôde ler"),
        metric=response.RECEIPTS,
        measure=Measure.HIGHEST,
        comparison=Comparison.ABOVE,
        threshold=Fraction(0),
        lasting=timedelta(minutes=5),
        severity=Severity.P3,
        component="",
        runbook="watching-ourselves",
        basis=_ANY,
        where={"state": "quarantined"},
        category="self",
        symptom=False,
    )
