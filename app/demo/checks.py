"""What the demo promised to show, one by one, each with what was seen. Exit status 0 needs all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.demo.dataset import Loans
from app.demo.judgement import Agreement, Stored, batch_digest, digest_of
from app.demo.parameters import Parameters
from app.demo.report.facts import recorded
from app.demo.report.model import Expectation
from app.demo.seen import FaultRun, Seen
from app.settings import Settings
from foundation.bilingual import Text
from foundation.quantities import rounded_percent_text
from slo.judge.status import ObjectiveState, ObjectiveStatus

LATENCY = "credit/decision-latency"
TRANSACTIONS = "credit/transaction-errors"


@dataclass(slots=True)
class Expectations:
    """Collected in order, shown in order."""

    items: list[Expectation] = field(default_factory=list)

    def expect(self, en: str, pt: str, observed: bool, evidence: str, evidence_pt: str | None = None) -> bool:
        """Keep one; answers with ``observed``."""
        said = Text(evidence, evidence if evidence_pt is None else evidence_pt)
        self.items.append(Expectation(Text(en, pt), observed, said))
        return observed

    @property
    def met(self) -> bool:
        return bool(self.items) and all(item.observed for item in self.items)


def check_healthy(expectations: Expectations, seen: Seen, loans: Loans) -> None:
    usable = loans.report.usable
    expectations.expect(
        "every usable customer reached every store through ingestion",
        "cada cliente utilizável chegou a todos os bancos pela ingestão",
        seen.settled and seen.accepted_customers == usable,
        f"{seen.accepted_customers:,} of {usable:,}, projected: {seen.settled}",
    )
    accepted = sum(answer.accepted for answer in seen.healthy)
    expectations.expect(
        "every application was decided over HTTP",
        "cada pedido foi decidido via HTTP",
        accepted == usable,
        f"{accepted:,} of {usable:,} answered with 2xx",
    )
    _check_counts(expectations, seen)
    states = {item.slo.id: item.state for item in seen.quiet_statuses}
    expectations.expect(
        "before the fault, every service level was met and nobody was paged",
        "antes da falha, todos os níveis de serviço foram cumpridos e ninguém foi acionado",
        all(state is ObjectiveState.OK for state in states.values()) and seen.incidents_before == 0,
        f"{', '.join(f'{key} {state.value}' for key, state in states.items())}; "
        f"{seen.incidents_before} incidents",
    )


def _check_counts(expectations: Expectations, seen: Seen) -> None:
    good, total = recorded(seen.healthy)
    by_id = {item.slo.id: item for item in seen.quiet_statuses}
    transactions, latency = by_id[TRANSACTIONS].counts, by_id[LATENCY].counts
    expectations.expect(
        "the ledger's counts match the sender's journal exactly",
        "as contagens do livro são exatamente as do diário do emissor",
        (transactions.good, transactions.total) == (good, total)
        and latency.total == total
        and transactions.error_bound is None,
        f"transactions {transactions.good:,} of {transactions.total:,}, journal {good:,} of {total:,}; "
        f"latency events {latency.total:,}",
    )


def check_fault(
    expectations: Expectations, run: FaultRun, statuses: Sequence[ObjectiveStatus], parameters: Parameters
) -> None:
    incident = run.incident
    burn = None if incident is None else incident.burn
    expectations.expect(
        "the burn-rate alert fired, with its arithmetic",
        "o alerta de queima disparou, com sua aritmética",
        burn is not None and _holds(burn.long_burn, burn.short_burn, burn.factor),
        "no alert arrived" if incident is None else incident.summary,
        "nenhum alerta chegou" if incident is None else None,
    )
    expectations.expect(
        "a P1 incident was opened",
        "um incidente P1 foi aberto",
        incident is not None and incident.severity.value == "P1",
        "none" if incident is None else f"{incident.id}, {incident.severity.value}, owner {incident.owner}",
    )
    expectations.expect(
        "the on-call engineer was notified",
        "o plantão foi avisado",
        run.paged is not None,
        "nobody" if run.paged is None else f"{run.paged.notification.target}, {run.paged.sent_at}",
    )
    acknowledged = run.acknowledged
    expectations.expect(
        "the page was acknowledged",
        "o aviso foi assumido",
        acknowledged is not None and acknowledged.acknowledged_by is not None,
        "no" if acknowledged is None else f"by {acknowledged.acknowledged_by}",
    )
    resolved = run.resolved
    expectations.expect(
        "once the fault was off, the alert cleared and the incident resolved by itself",
        "desligada a falha, o alerta cessou e o incidente se resolveu sozinho",
        resolved is not None,
        "no" if resolved is None else f"by {resolved.resolved_by} at {resolved.resolved_at}",
    )
    _check_budget(expectations, run, statuses, parameters)


def _holds(long_burn: float, short_burn: float, factor: str) -> bool:
    return long_burn > float(factor) and short_burn > float(factor)


def _check_budget(
    expectations: Expectations, run: FaultRun, statuses: Sequence[ObjectiveStatus], parameters: Parameters
) -> None:
    status = next(item for item in statuses if item.slo.id == parameters.watched_slo)
    refused = sum(answer.status >= 500 for answer in run.answers)
    degraded = sum(answer.accepted and bool(answer.document.get("degraded")) for answer in run.answers)
    unanswered = sum(answer.status == 0 for answer in run.answers)
    expectations.expect(
        "the budget spent equals the failures that the sender saw",
        "o orçamento gasto é igual às falhas que o emissor viu",
        refused > 0 and refused + degraded <= status.budget.spent <= refused + degraded + unanswered,
        f"{status.budget.spent:,} bad events in the ledger; at the sender {refused:,} refused, "
        f"{degraded:,} degraded and {unanswered:,} without an answer; "
        f"{rounded_percent_text(status.budget.left_ratio)} of the budget left",
    )


def check_stored(
    expectations: Expectations,
    settings: Settings,
    seen: Seen,
    stored: Stored,
    oracle: Agreement,
    loans: Loans,
) -> str:
    """Returns the sha256 of the healthy phase's verdicts."""
    digest = digest_of(seen.decided, stored)
    again = batch_digest(loans, settings, seen.started_at)
    accepted = sum(answer.accepted for answer in seen.answers)
    expectations.expect(
        "every acknowledged decision is stored once, exactly as it was returned",
        "cada decisão confirmada está gravada uma vez, exatamente como foi respondida",
        not stored.missing and not stored.different and stored.decisions == accepted,
        f"{accepted:,} acknowledged, {stored.decisions:,} stored, {len(stored.missing)} missing, "
        f"{len(stored.different)} different",
    )
    expectations.expect(
        "deciding the same loans without a server gives the same verdicts, byte for byte",
        "decidir os mesmos empréstimos sem servidor dá os mesmos vereditos, byte a byte",
        digest == again,
        f"sha256 {digest}" if digest == again else f"{digest} and {again}",
    )
    expectations.expect(
        "an independent oracle agrees on a sample, including the reasons",
        "um oráculo independente concorda numa amostra, inclusive nos motivos",
        oracle.sample > 0 and oracle.agreed == oracle.sample,
        f"{oracle.agreed} of {oracle.sample}" + "".join(f"; {text}" for text in oracle.differences),
    )
    audited = stored.audit.by_action.get("decision.recorded", 0)
    expectations.expect(
        "the audit chain verifies, is anchored, and has one entry per decision",
        "a cadeia de auditoria confere, está ancorada e tem uma entrada por decisão",
        stored.audit.intact
        and audited == stored.decisions
        and stored.anchored_head == stored.audit.head_digest,
        f"{stored.audit.entries:,} links, {audited:,} decisions, head {stored.audit.head_digest[:16]}…",
    )
    return digest
