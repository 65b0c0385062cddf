"""What the API is built from. Everything is a use case or a port; the composition root chooses adapters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.api.keys import KeyRing
from credit.domain.compiled_policy import PolicyBook
from credit.domain.reasons import ReasonCatalogue
from credit.ports.faults import FaultSwitch
from credit.ports.records import AuditTrail, CustomerRecords, DecisionRecords
from credit.ports.secrets import Sealer
from credit.ports.tracing import Tracer
from credit.usecases.decide import DecideCredit
from credit.usecases.disburse import DisburseCredit
from credit.usecases.explain import ExplainDecision
from credit.usecases.ingest import IngestRecord
from foundation.clock import Clock
from foundation.metrics import RequestTelemetry

ReadinessCheck = Callable[[], Awaitable[None]]
"""Returns when the store answers; raises ``StoreUnavailable`` when it does not."""


class RecordProducer(Protocol):
    """Puts records on the ingestion stream, personal data sealed."""

    async def send(self, documents: Sequence[Mapping[str, object]]) -> Sequence[str]:
        """Sequence numbers in order, durable when it returns.

        Raises:
            StoreUnavailable: none of up to 500 documents is on the stream.
        """
        ...


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Bounds of one API process. Sizes in bytes, times in real seconds."""

    body_bytes: int = 64 * 1024
    records_body_bytes: int = 1024 * 1024
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

    decide: DecideCredit
    explain: ExplainDecision
    disburse: DisburseCredit
    ingest: IngestRecord  # judges a record before it is put on the stream
    policies: PolicyBook
    reasons: ReasonCatalogue
    customers: CustomerRecords
    decisions: DecisionRecords
    trail: AuditTrail
    sealer: Sealer
    producer: RecordProducer
    keys: KeyRing
    telemetry: RequestTelemetry
    tracer: Tracer
    clock: Clock
    exposition: Callable[[], bytes]  # Prometheus text format
    readiness: Mapping[str, ReadinessCheck] = field(default_factory=dict)
    faults: FaultSwitch | None = None
    metrics_need_a_key: bool = False
    limits: ApiLimits = field(default_factory=ApiLimits)
