"""Deciding a whole table in process: no server, no stores, the same policy and the same verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.compiled_policy import CompiledPolicy
from app.domain.decision import Application, Verdict
from app.usecases.convert import ConvertedRow


@dataclass(frozen=True, slots=True)
class BatchDecision:
    row: int
    application: Application
    verdict: Verdict


class VerdictDigest:
    """sha256 over canonical verdicts in the order added; ids and times stay out of it."""

    def add(self, application: Application, verdict: Verdict) -> None:
        raise NotImplementedError

    def hexdigest(self) -> str:
        raise NotImplementedError


@dataclass(slots=True)
class BatchSummary:
    """Counts of one batch, filled while it runs. ``digest`` is over the verdicts in row order."""

    decided: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    digest: str = ""


def decide_batch(
    rows: Iterable[ConvertedRow], policy: CompiledPolicy, as_of: datetime, summary: BatchSummary
) -> Iterator[BatchDecision]:
    """Decide row by row, in order."""
    raise NotImplementedError
