"""What the API is built from. Everything is a use case or a port; the composition root chooses adapters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from app.api.keys import KeyRing
from app.ports.faults import FaultSwitch
from app.ports.records import CustomerRecords, DecisionRecords
from app.ports.secrets import Sealer
from app.ports.stream import Stream
from app.ports.telemetry import RequestTelemetry
from app.ports.tracing import Tracer
from slo.clock import Clock

ReadinessCheck = Callable[[], Awaitable[None]]
"""Returns when the store answers; raises ``StoreUnavailable`` when it does not."""


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Bounds of one API process. Sizes in bytes, times in real seconds."""

    body_bytes: int = 64 * 1024
    records_body_bytes: int = 1024 * 1024
    records_per_call: int = 500
    body_seconds: float = 10.0  # a body that takes longer is answered with 408
    decisions_in_flight: int = 256  # more than this at once is our overload: 503
    retry_after_seconds: int = 2
    requests_per_window: int = 1_000_000  # per API key
    window_seconds: int = 60
    page_size: int = 50
    page_size_max: int = 200


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """``faults`` is ``None`` unless fault injection is enabled; then its routes do not exist.

    ``readiness`` holds this role's own stores by port name. ``exposition`` renders ``/metrics``.
    """

    customers: CustomerRecords
    decisions: DecisionRecords
    sealer: Sealer
    stream: Stream
    keys: KeyRing
    telemetry: RequestTelemetry
    tracer: Tracer
    clock: Clock
    exposition: Callable[[], bytes]
    environment: str
    readiness: Mapping[str, ReadinessCheck] = field(default_factory=dict)
    faults: FaultSwitch | None = None
    metrics_need_a_key: bool = False
    limits: ApiLimits = field(default_factory=ApiLimits)
