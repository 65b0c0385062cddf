"""What an audit found of one objective, as values that a file keeps and every page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DriftVerdict(StrEnum):
    """Unknown is never agreement."""

    AGREES = "agrees"
    DRIFTED = "drifted"
    UNKNOWN = "unknown"


class DriftReason(StrEnum):
    """Why it drifted, or is unknown; ``NONE``: it agrees."""

    NONE = "none"
    NOT_DEPLOYED = "rules-not-deployed"  # ``detail``: the environments it is recorded under instead
    OTHER_REVISION = "other-revision"  # ``detail``: the first rule there that this definition does not make
    RULE_FAILS = "rule-fails"  # ``detail``: what the server says
    MISSED = "evaluations-missed"
    BORN_ABOVE_ZERO = "series-born-above-zero"  # the rules are right, and see fewer events
    UNEXPLAINED = "unexplained"
    NOT_COUNTED = "not-counted"  # the ledger has no counts to compare with
    YOUNG = "recorded-too-short"


@dataclass(frozen=True, slots=True)
class DriftGap:
    """One recorded value beside what was counted. ``ratio``: the difference over what was counted, or, of a
    ratio, the difference itself. ``beyond``: outside the tolerance."""

    series: str
    recorded: float
    counted: float
    ratio: float
    beyond: bool


@dataclass(frozen=True, slots=True)
class BudgetDrift:
    """Of one objective and one group. ``recorded_since`` is set where the rules record for less than the
    ledger counts; ``missed``: minutes of ``tolerance.SPAN`` in which no rule was evaluated; ``since``: when a
    drift was first found."""

    environment: str
    service: str
    slo_id: str
    objective: str
    labels: tuple[tuple[str, str], ...]
    verdict: DriftVerdict
    reason: DriftReason
    gaps: tuple[DriftGap, ...] = ()
    missed: int = 0
    recorded_since: datetime | None = None
    since: datetime | None = None
    detail: str = ""

    @property
    def key(self) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
        return self.environment, self.slo_id, self.objective, self.labels

    @property
    def worst(self) -> DriftGap | None:
        """The largest of the gaps beyond the tolerance, or of all."""
        beyond = [gap for gap in self.gaps if gap.beyond]
        return max(beyond or self.gaps, key=lambda gap: gap.ratio, default=None)


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One audit at ``at``. ``silence`` says why the Prometheus at ``url`` could not be asked ("": it was),
    ``silent_since`` since when; there are no findings then."""

    at: datetime
    url: str
    findings: tuple[BudgetDrift, ...] = ()
    silence: str = ""
    silent_since: datetime | None = None

    @property
    def drifted(self) -> tuple[BudgetDrift, ...]:
        return tuple(one for one in self.findings if one.verdict is DriftVerdict.DRIFTED)
