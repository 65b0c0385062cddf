"""Audited exclusions: maintenance that somebody asked, for a reason, not to be counted.

Nothing is ever deleted from the ledger: an exclusion is a record beside it (who, why, when asked, for which
minutes), and a status shows the raw and the adjusted numbers side by side. To withdraw one is a second
record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from slo.model.errors import SloError

Span = tuple[datetime, datetime]


class ExclusionError(SloError):
    """An exclusion that cannot be accepted; says which field and how to fix it."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Minutes ``[start, end)`` of the SLOs matching ``slo_pattern`` (``shop/*``) left out of the budget.

    ``withdrawn_at`` and ``withdrawn_by`` are set once somebody took it back.
    """

    exclusion_id: str
    slo_pattern: str
    start: datetime
    end: datetime
    reason: str
    requested_by: str
    requested_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    @property
    def active(self) -> bool:
        return self.withdrawn_at is None

    def withdrawn(self, by: str, at: datetime) -> Exclusion:
        return replace(self, withdrawn_by=by, withdrawn_at=at)

    @property
    def asked_afterwards(self) -> bool:
        """Asked for after the fact: legal, and shown as such."""
        return self.requested_at > self.start

    def covers(self, slo_id: str) -> bool:
        return self.active and fnmatchcase(slo_id, self.slo_pattern)


def checked(exclusion: Exclusion) -> Exclusion:
    """The exclusion in whole UTC minutes.

    Raises:
        ExclusionError: no name, no reason, an end that is not after the start, a naive time.
    """
    if not exclusion.requested_by.strip():
        raise ExclusionError("requested_by: give the name of the person who asked for the exclusion")
    if not exclusion.reason.strip():
        raise ExclusionError("reason: give a reason for the audit trail")
    for name in ("start", "end", "requested_at"):
        if getattr(exclusion, name).tzinfo is None:
            raise ExclusionError(
                f"{name}: {getattr(exclusion, name)} has no time zone; add one, such as +00:00 or Z"
            )
    start, end = (moment.astimezone(UTC) for moment in (exclusion.start, exclusion.end))
    if any(moment.second or moment.microsecond for moment in (start, end)):
        raise ExclusionError("start and end must be whole minutes: the ledger counts minutes")
    if end <= start:
        raise ExclusionError(f"end: {end.isoformat()} is not after start {start.isoformat()}")
    return replace(exclusion, start=start, end=end)


def excluded_spans(exclusions: Iterable[Exclusion], slo_id: str) -> tuple[Span, ...]:
    """Merged, disjoint spans in time order for one SLO: two overlapping exclusions exclude a minute once."""
    spans = sorted((item.start, item.end) for item in exclusions if item.covers(slo_id))
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def clip(spans: Sequence[Span], start: datetime, end: datetime) -> tuple[Span, ...]:
    """The parts of ``spans`` within ``[start, end)``."""
    clipped = ((max(start, low), min(end, high)) for low, high in spans)
    return tuple((low, high) for low, high in clipped if low < high)
