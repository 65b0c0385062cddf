"""Describes low traffic: how few failures fire an alert at the observed traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from foundation.bilingual import Text
from foundation.quantities import duration_text
from slo.judge.burn_rate import TierBurn

FEW_FAILURES = 3


@dataclass(frozen=True, slots=True)
class LowTraffic:
    """``failures`` bad events among ``events`` in ``window`` are enough to put a tier above its factor."""

    tier: str
    window: timedelta
    events: int
    failures: int

    @property
    def text(self) -> Text:
        many = f"{self.failures} failures fire", f"{self.failures} falhas disparam"
        fails = Text("one failure fires", "uma falha dispara") if self.failures == 1 else Text(*many)
        length = duration_text(self.window)
        return Text(
            f"at {self.events} events in {length} {fails.en} {self.tier}",
            f"com {self.events} eventos em {length}, {fails.pt} {self.tier}",
        )


def failures_to_fire(tier: TierBurn, events: int) -> int:
    """Smallest number of bad events among ``events`` whose burn exceeds the factor."""
    threshold = tier.factor * tier.long.budget * events
    return max(threshold.numerator // threshold.denominator + 1, tier.min_bad_events)


def low_traffic(tiers: Sequence[TierBurn]) -> LowTraffic | None:
    """The most nervous tier when at most three failures fire it; ``None`` when traffic is enough.

    A tier held back by its minimum of events is not nervous, and a factor that no error ratio reaches is not
    either.
    """
    nervous = [_nervous(tier) for tier in tiers if tier.enough_events]
    found = [item for item in nervous if item.failures <= min(FEW_FAILURES, item.events)]
    return min(found, key=lambda item: (item.failures, item.window), default=None)


def _nervous(tier: TierBurn) -> LowTraffic:
    events = tier.long.counts.total
    return LowTraffic(tier.tier.name, tier.long.window, events, failures_to_fire(tier, events))
