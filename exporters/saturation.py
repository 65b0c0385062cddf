"""Saturation of what can run out (the S of USE): a ratio of use over limit for each component.

Probes run on their own thread; a scrape reads what the last probe found and never waits for one.
A reading too old to trust is absent, not repeated: a dead probe must not look like a calm resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Saturation:
    """``ratio`` is use over limit: 0 idle, 1 full; above 1 means more is waiting than fits."""

    component: str
    resource: str
    ratio: float
    measured_at: datetime


class SaturationProbe(Protocol):
    """Measures one resource. May block or raise: never called from a scrape.

    Raises:
        OSError: the resource could not be read; its series goes absent, and the error is counted.
    """

    component: str
    resource: str

    def measure(self) -> float | None:
        """Use over limit, or None when it is not known now (no limit, or first of two readings)."""
        ...
