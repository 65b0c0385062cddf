"""The decision API over the embedded SQLite stores, served by uvicorn in a process of its own.

Run: ``python tests/support/api_server.py DATA_DIR PORT``. It makes a customer ``C-1`` on first use, writes an
API key with every scope to ``DATA_DIR/api-key`` and serves until it is told to stop.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

import uvloop  # noqa: E402
from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402

from app.api.application import create_api  # noqa: E402
from app.api.dependencies import ApiDependencies  # noqa: E402
from app.api.keys import KeyRing, create_key  # noqa: E402
from app.api.scopes import Scope  # noqa: E402
from app.serving.server import bind, http_server  # noqa: E402
from credit.domain.cpf import synthetic_cpf  # noqa: E402
from credit.usecases.decide import DecideCredit  # noqa: E402
from credit.usecases.disburse import DisburseCredit  # noqa: E402
from credit.usecases.explain import ExplainDecision  # noqa: E402
from credit.usecases.ingest import IngestRecord, customer_record  # noqa: E402
from credit.usecases.load_policies import load_policies, load_reasons  # noqa: E402
from dataplatform.ingestion.producer import Producer  # noqa: E402
from dataplatform.observability.logs import configure_logs  # noqa: E402
from dataplatform.observability.telemetry import PrometheusTelemetry  # noqa: E402
from dataplatform.observability.tracing import QuietTracer  # noqa: E402
from dataplatform.profiles import workers  # noqa: E402
from dataplatform.profiles.data_platform import DataPlatform  # noqa: E402
from dataplatform.profiles.embedded import open_embedded  # noqa: E402
from dataplatform.resilience.faults import FaultBoard  # noqa: E402
from foundation.clock import SystemClock  # noqa: E402
from slo.ledger.sqlite_counts import SqliteCountJournal  # noqa: E402

CUSTOMER: dict[str, str | int | None] = {
    "customer_id": "C-1",
    "cpf": synthetic_cpf(7, 1),
    "monthly_income_cents": 2_000_000,
    "monthly_debt_payment_cents": 100_000,
    "existing_debts_cents": 500_000,
    "credit_score": 820,
    "employment_years": 8,
    "home_ownership": "OWN",
    "credit_history_years": 12,
    "delinquencies_24m": 0,
    "accounts_past_due": 0,
    "inquiries_12m": 1,
    "public_bankruptcies": 0,
    "tax_liens": 0,
    "credit_limit_cents": 3_000_000,
    "credit_used_cents": 300_000,
}


def dependencies(data_dir: Path, platform: DataPlatform, faults: FaultBoard) -> ApiDependencies:
    clock = SystemClock()
    registry = CollectorRegistry()
    telemetry = PrometheusTelemetry(
        registry, SqliteCountJournal(data_dir / "counts" / "api.sqlite", "api", clock)
    )
    policies, reasons = load_policies(), load_reasons()
    keys = data_dir / "keys" / "api-keys.json"
    (data_dir / "api-key").write_text(create_key(keys, "tests", list(Scope), clock.now())[1])

    async def relational_answers() -> None:
        await platform.decisions.count()

    return ApiDependencies(
        decide=DecideCredit(
            customers=platform.customers,
            hot=platform.hot,
            cache=platform.cache,
            decisions=platform.decisions,
            sealer=platform.sealer,
            policies=policies,
            clock=clock,
            telemetry=telemetry,
            random_bytes=os.urandom,
        ),
        explain=ExplainDecision(policies, reasons),
        disburse=DisburseCredit(platform.decisions, workers.saga_runner(platform, telemetry, clock)),
        ingest=IngestRecord(platform.sealer, clock),
        policies=policies,
        reasons=reasons,
        customers=platform.customers,
        decisions=platform.decisions,
        trail=platform.audit,
        sealer=platform.sealer,
        producer=Producer(platform.stream, platform.sealer, clock, random.random),
        keys=KeyRing(keys),
        telemetry=telemetry,
        tracer=QuietTracer(),
        clock=clock,
        exposition=lambda: generate_latest(registry),
        readiness={"relational": relational_answers},
        faults=faults,
    )


async def main(data_dir: Path, port: int) -> None:
    configure_logs(role="api", environment="test")
    clock = SystemClock()
    faults = FaultBoard()
    platform = open_embedded(data_dir, clock, faults)
    customer = IngestRecord(platform.sealer, clock).parse(customer_record(CUSTOMER))
    await platform.customers.upsert(customer)  # type: ignore[arg-type]
    server = http_server(create_api(dependencies(data_dir, platform, faults)))
    await server.serve(sockets=[bind("127.0.0.1", port, "api_port")])
    await platform.close()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))
