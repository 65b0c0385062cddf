"""What a demo run is made of; every number here is printed with the result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from credit.ports.faults import Fault


@dataclass(frozen=True, slots=True)
class Parameters:
    """``clock_factor``: ledger minutes per real minute. Rates per real second, times in real seconds."""

    work_dir: Path
    report_dir: Path
    build_dir: Path
    store: str | None = "relational"  # where the fault goes; None: no fault (the negative control)
    fault: Fault = field(default_factory=lambda: Fault(error_ratio=0.5, delay_seconds=0.3))
    clock_factor: float = 60.0
    concurrency: int = 16
    rate: float = 60.0  # while the fault is on, and until it is resolved
    seen_within: float = 30.0  # for every service level to have counted something
    alert_within: float = 20.0
    fault_lasts: float = 4.0  # after the page is acknowledged
    resolve_within: float = 60.0
    compare_every: float = 5.0
    settle: float = 10.0  # before a difference between stores counts
    oracle_sample: int = 500
    oracle_seed: int = 2018
    loans: int | None = None  # None: all of them
    watched_slo: str = "credit/transaction-errors"


def beside_servers(parameters: Parameters) -> Parameters:
    """Gentler: in the local profile four servers share this machine with the platform and its client."""
    return replace(parameters, concurrency=4, rate=30.0)
