"""Faults on purpose: errors and slowness inside the adapters, for the demo, drills and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fault:
    """``error_ratio`` of calls raise StoreUnavailable; every call first waits ``delay_seconds`` (real)."""

    error_ratio: float = 0.0
    delay_seconds: float = 0.0


class FaultSwitch(Protocol):
    """``store`` is a port's name: relational, hot, wide, cache, stream."""

    def set(self, store: str, fault: Fault) -> None: ...

    def clear(self, store: str) -> None: ...

    def active(self) -> Mapping[str, Fault]: ...
