"""What the lint knows about the environment of the definitions. It does not judge what is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class LintSurroundings:
    """``buckets`` maps a histogram (``shop_checkout_duration_seconds``) to its edges in base units.

    ``retention`` is how long the metrics store keeps samples; a data source that says
    ``connectionDetails.retention`` knows better. ``teams`` are those that may own something. ``cloudwatch``:
    whether anything is made for CloudWatch, whose limits then hold.
    """

    environment: str = "prod"
    retention: timedelta | None = None
    teams: frozenset[str] = frozenset()
    buckets: Mapping[str, frozenset[float]] = field(default_factory=dict)
    cloudwatch: bool = True
