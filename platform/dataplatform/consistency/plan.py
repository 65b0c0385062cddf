"""How much one check of one pair compares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """By content: ``sample`` random records of the source, and as many of the projection, going on where the
    last check stopped. By digest: everything, in ``buckets``, when the last time is ``full_every_seconds`` of
    clock time ago (None: never). ``settle_seconds`` of clock time pass before a second look at a difference.
    """

    sample: int = 30_000
    settle_seconds: float = 5.0
    confidence: float = 0.95
    full_every_seconds: float | None = 900.0
    buckets: int = 4_096
