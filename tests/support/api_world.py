"""The decision API over real in-memory stores, with a client that speaks ASGI to it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
from prometheus_client import CollectorRegistry, generate_latest
from starlette.types import ASGIApp

from app.api.application import create_api
from app.api.dependencies import ApiDependencies, ApiLimits
from app.api.keys import KeyRing, create_key
from app.api.scopes import Scope
from credit.domain.cpf import synthetic_cpf
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.usecases.decide import DecideCredit
from credit.usecases.disburse import DisburseCredit
from credit.usecases.explain import ExplainDecision
from credit.usecases.ingest import IngestRecord
from credit.usecases.load_policies import load_policies, load_reasons
from dataplatform.ingestion.producer import Producer
from dataplatform.observability.spans import spans
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.observability.tracing import ClosableTracer, QuietTracer
from dataplatform.resilience.faults import FaultBoard
from dataplatform.saga.disbursement import DisbursementSaga
from dataplatform.saga.runner import SagaRunner
from dataplatform.security.keys import LocalKeyService
from dataplatform.security.sealer import EnvelopeSealer
from dataplatform.wrapped import (
    WrappedAuditTrail,
    WrappedCustomerRecords,
    WrappedDecisionRecords,
    WrappedDisbursementRecords,
    WrappedHotStore,
    WrappedStream,
)
from foundation.clock import Clock, ManualClock
from foundation.count_journal import CountJournal
from tests.support.in_memory import InMemory
from tests.support.memory_counts import MemoryCountJournal

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CPF = synthetic_cpf(7, 1)
FORMATTED_CPF = f"{CPF[:3]}.{CPF[3:6]}.{CPF[6:9]}-{CPF[9:]}"
BODY: Mapping[str, object] = {
    "customer_id": "C-1",
    "amount_cents": 1_500_000,
    "term_months": 36,
    "purpose": "CAR",
}


shipped_policies = cache(load_policies)
shipped_reasons = cache(load_reasons)


@dataclass
class ApiWorld:
    """Everything a test may look at or break. ``secret`` is a key with every scope.

    ``faults`` are those of reading and of the stream, ``recording_faults`` those of recording a decision.
    """

    app: ASGIApp
    client: httpx.AsyncClient
    deps: ApiDependencies
    stores: InMemory[Clock]
    faults: FaultBoard
    recording_faults: FaultBoard
    journal: CountJournal
    clock: Clock
    keys_path: Path
    secret: str
    registry: CollectorRegistry
    numbers: list[int] = field(default_factory=lambda: [0])

    async def decide(self, body: object = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        """POST /v1/decisions; each call has a key of its own unless one is given."""
        self.numbers[0] += 1
        sent = {"Idempotency-Key": key or f"test-{self.numbers[0]}", **headers}
        if isinstance(body, bytes):
            return await self.client.post(
                "/v1/decisions", content=body, headers={"Content-Type": "application/json", **sent}
            )
        return await self.client.post("/v1/decisions", json=BODY if body is None else body, headers=sent)

    def sample(self, name: str, **labels: str) -> float:
        """A sample of /metrics; 0.0 when it does not exist yet."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def journalled(self, name: str, **labels: str) -> int:
        """The same from the count journal, over all minutes."""
        assert isinstance(self.journal, MemoryCountJournal)
        wanted = (name, tuple(sorted(labels.items())))
        return sum(value for (_, counter), value in self.journal.counts.items() if counter == wanted)

    def key(self, *scopes: Scope, client: str = "another") -> str:
        """A key with these scopes only."""
        return create_key(self.keys_path, client, scopes, NOW)[1]


@asynccontextmanager
async def api_world(
    directory: Path,
    *,
    clock: Clock | None = None,
    limits: ApiLimits | None = None,
    journal: CountJournal | None = None,
    tracer: ClosableTracer | None = None,
    **changes: object,
) -> AsyncIterator[ApiWorld]:
    """``changes`` replace fields of the dependencies."""
    clock = clock or ManualClock(NOW)
    stores, faults, recording_faults = InMemory(clock), FaultBoard(), FaultBoard()
    relational = stores.relational
    tracer = tracer or QuietTracer()
    customers = WrappedCustomerRecords(relational.customers, faults.around("relational"))
    customers = WrappedCustomerRecords(customers, spans("relational", tracer))
    decisions = WrappedDecisionRecords(relational.decisions, recording_faults.around("relational"))
    decisions = WrappedDecisionRecords(decisions, spans("relational", tracer))
    sealer = EnvelopeSealer(directory / "keyring.json", LocalKeyService(directory))
    registry = CollectorRegistry()
    journal = journal or MemoryCountJournal("api-1", clock)
    telemetry = PrometheusTelemetry(registry, journal)
    policies, reasons = shipped_policies(), shipped_reasons()
    keys_path = directory / "api-keys.json"
    _, secret = create_key(keys_path, "tests", list(Scope), NOW)
    paying = WrappedDisbursementRecords(relational.disbursements, recording_faults.around("relational"))
    saga = DisbursementSaga(paying, stores.hot, stores.wide, clock)
    runner = SagaRunner(relational.sagas, [saga.plan()], telemetry, clock, "api")
    deps = ApiDependencies(
        decide=DecideCredit(
            customers=customers,
            hot=WrappedHotStore(stores.hot, faults.around("hot")),
            cache=stores.cache,
            decisions=decisions,
            sealer=sealer,
            policies=policies,
            clock=clock,
            telemetry=telemetry,
            random_bytes=os.urandom,
        ),
        explain=ExplainDecision(policies, reasons),
        disburse=DisburseCredit(decisions, runner),
        ingest=IngestRecord(sealer, clock),
        policies=policies,
        reasons=reasons,
        customers=customers,
        decisions=decisions,
        trail=WrappedAuditTrail(relational.audit, recording_faults.around("relational")),
        sealer=sealer,
        producer=Producer(WrappedStream(stores.stream, faults.around("stream")), sealer, clock, lambda: 0.5),
        keys=KeyRing(keys_path),
        telemetry=telemetry,
        tracer=tracer,
        clock=clock,
        exposition=lambda: generate_latest(registry),
        faults=faults,
        limits=limits or ApiLimits(),
    )
    deps = replace(deps, **changes)  # type: ignore[arg-type]
    await customers.upsert(a_customer("C-1", sealer.blind_index(CPF)))
    app = create_api(deps)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
        yield ApiWorld(
            app=app,
            client=client,
            deps=deps,
            stores=stores,
            faults=faults,
            recording_faults=recording_faults,
            journal=journal,
            clock=clock,
            keys_path=keys_path,
            secret=secret,
            registry=registry,
        )


def a_customer(customer_id: str, cpf_index: str) -> CustomerProfile:
    """Somebody the shipped policy approves."""
    return CustomerProfile(
        customer_id=customer_id,
        cpf_index=cpf_index,
        cpf_sealed=b"sealed",
        status=CustomerStatus.ACTIVE,
        version=1,
        created_at=NOW,
        updated_at=NOW,
        monthly_income_cents=2_000_000,
        monthly_debt_payment_cents=100_000,
        existing_debts_cents=500_000,
        credit_score=820,
        employment_years=8,
        home_ownership="OWN",
        credit_history_years=12,
        delinquencies_24m=0,
        accounts_past_due=0,
        inquiries_12m=1,
        public_bankruptcies=0,
        tax_liens=0,
        credit_limit_cents=3_000_000,
        credit_used_cents=300_000,
    )
