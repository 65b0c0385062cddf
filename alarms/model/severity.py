"""Severity levels (§7.3.2, C.3). The numbers behind them live in ``alarms/policy.yaml``."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def rank(self) -> int:
        """1 is the most severe."""
        return int(self.value[1])

    def worse_than(self, other: Severity) -> bool:
        return self.rank < other.rank
