"""Deciding a whole table in process: no server, no stores, the same policy and the same verdicts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from credit.domain.canonical import verdict_bytes
from credit.domain.compiled_policy import CompiledPolicy
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.decision import Application, Verdict
from credit.usecases.convert import ConvertedRow
from credit.usecases.ingest import PROFILE_NUMBERS


@dataclass(frozen=True, slots=True)
class BatchDecision:
    row: int
    application: Application
    verdict: Verdict


class VerdictDigest:
    """sha256 over canonical verdicts in the order added; ids and times stay out of it.

    The same applications decided by another route (the HTTP API) give the same digest.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, application: Application, verdict: Verdict) -> None:
        self._hash.update(verdict_bytes(application, verdict))
        self._hash.update(b"\n")

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


@dataclass(slots=True)
class BatchSummary:
    """Counts of one batch, filled while it runs. ``digest`` is over the verdicts in row order so far."""

    decided: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    verdicts: VerdictDigest = field(default_factory=VerdictDigest)

    @property
    def digest(self) -> str:
        return self.verdicts.hexdigest()

    def add(self, decision: BatchDecision) -> None:
        self.decided += 1
        self.outcomes[decision.verdict.outcome.value] += 1
        self.reasons.update(reason.code for reason in decision.verdict.reasons)
        self.verdicts.add(decision.application, decision.verdict)


def decide_batch(
    rows: Iterable[ConvertedRow], policy: CompiledPolicy, as_of: datetime, summary: BatchSummary
) -> Iterator[BatchDecision]:
    """Decide row by row, in order."""
    for row in rows:
        facts = policy.facts(profile_of(row, as_of), row.application, as_of)
        decision = BatchDecision(row.row, row.application, policy.evaluate(facts))
        summary.add(decision)
        yield decision


def profile_of(row: ConvertedRow, as_of: datetime) -> CustomerProfile:
    """The row's customer without identity: the CPF is left behind, since no policy reads it."""
    data = row.customer
    home = data.get("home_ownership")
    numbers = {name: value for name in PROFILE_NUMBERS if isinstance(value := data.get(name), int)}
    return CustomerProfile(
        customer_id=row.application.customer_id,
        cpf_index="",
        cpf_sealed=b"",
        status=CustomerStatus(str(data.get("status") or CustomerStatus.ACTIVE)),
        version=1,
        created_at=as_of,
        updated_at=as_of,
        home_ownership=home if isinstance(home, str) else None,
        **numbers,
    )
