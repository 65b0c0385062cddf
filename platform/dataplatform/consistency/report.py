"""What one comparison of a pair of stores found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dataplatform.consistency.bound import lower_bound
from dataplatform.consistency.sides import Divergence, SourceKey

DIVERGENT = (Divergence.MISSING, Divergence.STALE, Divergence.MISMATCH, Divergence.ORPHAN)


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that differs; where in the projection it is, or should be."""

    divergence: Divergence
    source: SourceKey
    customer_id: str
    data_type: str


@dataclass(frozen=True, slots=True)
class PairReport:
    """``compared`` excludes records in flight. The ``random_*`` counts are of the uniform sample alone, whose
    contents were compared: the only ones a confidence bound may rest on. ``coverage_ratio`` is compared
    records over all known ones, by content or by digest; ``deep_complete`` says that all were compared by
    content. Everything that there is has been compared since ``covered_since`` (None: not yet).
    ``unnamed``: further differences, of which a full scan only knows how many there are of a class.
    """

    pair: str
    checked_at: datetime
    compared: int
    random_compared: int
    random_divergent: int
    in_flight: int
    coverage_ratio: float
    confidence: float
    differences: tuple[Difference, ...]
    deep_complete: bool = False
    covered_since: datetime | None = None
    unnamed: Mapping[str, int] = field(default_factory=dict)

    @property
    def divergent_by_class(self) -> Mapping[str, int]:
        """Counts of missing, stale, mismatch and orphan; all four, zeros too."""
        counts = Counter(difference.divergence for difference in self.differences)
        return {kind.value: counts[kind] + self.unnamed.get(kind.value, 0) for kind in DIVERGENT}

    @property
    def divergent(self) -> int:
        return sum(self.divergent_by_class.values())

    @property
    def index_ratio(self) -> float | None:
        """Equal over compared; None when nothing was compared."""
        return None if not self.compared else 1.0 - self.divergent / self.compared

    @property
    def lower_bound_ratio(self) -> float | None:
        """One-sided exact bound at ``confidence``; the index itself when every content was compared."""
        if not self.random_compared or self.index_ratio is None:
            return None
        if self.deep_complete:
            return self.index_ratio
        return min(
            self.index_ratio, lower_bound(self.random_compared, self.random_divergent, self.confidence)
        )


@dataclass(frozen=True, slots=True)
class LatestCheck:
    """The newest comparison of a pair that is on file, and which ``patterns`` its history shows; the numbers
    as in ``PairReport``. ``repaired`` records and ``repairs_refused`` are over all checks on file.
    """

    pair: str
    compared: int
    divergent: int
    index_ratio: float | None
    lower_bound_ratio: float | None
    confidence: float
    measured_at: datetime
    by_class: Mapping[str, int]
    in_flight: int
    coverage_ratio: float
    covered_since: datetime | None
    repaired: int
    repairs_refused: int
    patterns: Mapping[str, bool]
