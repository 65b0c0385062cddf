"""What is asked of a Prometheus about one family, and the shape of what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

from foundation.quantities import duration_text
from slo.offers.family import Family, Kind
from slo.offers.known import Protocol
from slo.offers.offer import NotOffered

JOB, REPORTER, EDGE = "job", "reporter", "le"
PASSED_ON = "exported_job"  # the job's own, where what is scraped is a collector


@dataclass(frozen=True, slots=True)
class Question:
    """``scope`` are the labels that tell services apart, ``outcome`` the one that says how an event ended."""

    family: Family
    scope: tuple[str, ...]
    outcome: str = ""
    reporter: bool = False

    def promql(self, span: timedelta) -> str:
        """By how much every series grew in the last ``span``, added up to the labels that matter."""
        reporter = (REPORTER,) if self.reporter else ()
        last = EDGE if self.family.kind is Kind.HISTOGRAM else self.outcome
        kept = ", ".join((*self.scope, *reporter, last))
        return f"sum by ({kept}) (increase({self.family.series}[{duration_text(span)}]))"


@dataclass(frozen=True, slots=True)
class SeriesGrowth:
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class FamilyAnswer:
    """``span`` is what was asked for; what a job has been watched for may be less."""

    question: Question
    growths: Sequence[SeriesGrowth]
    span: timedelta


def question(family: Family, labels: Set[str]) -> Question | NotOffered | None:
    """What to ask of a family whose series have these ``labels``; ``None``: nothing, and nobody misses it."""
    convention = family.convention
    named = next((label for label in (*convention.services, PASSED_ON) if label in labels), None)
    scope = tuple(label for label in (JOB, named) if label is not None and label in labels)
    if not scope:
        return NotOffered(
            family.series, "it has no job or service label, so it cannot be assigned to a service"
        )
    reporter = convention.two_ended and REPORTER in labels
    if family.kind is Kind.HISTOGRAM:
        return Question(family, scope, reporter=reporter)
    outcome = next((label for label in convention.outcomes if label in labels), None)
    if outcome is None and family.spare:
        return None
    if outcome is None:
        asked = ", ".join(convention.outcomes[:-1]) + f" or {convention.outcomes[-1]}"
        what = "work" if convention.protocol is Protocol.WORK else "requests"
        return NotOffered(family.series, f"no label {asked} says which {what} failed")
    return Question(family, scope, outcome, reporter)
