"""The background work of the embedded platform, built from its ports: ingest, project, run sagas, compare."""

from __future__ import annotations

from random import Random

from credit.ports.stream import StreamReader
from credit.ports.tracing import WorkTracer
from credit.usecases.ingest import IngestRecord
from dataplatform.consistency.checker import ConsistencyChecker
from dataplatform.consistency.monitor import ConsistencyMonitor, Watched
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.repair import ConsistencyRepair
from dataplatform.consistency.segments import SegmentScan
from dataplatform.consistency.sides import HotSide, ProjectionSide, WideSide
from dataplatform.ingestion.processor import ACROSS_SHARDS, Patience, RecordProcessor
from dataplatform.ingestion.producer import Producer
from dataplatform.ingestion.projector import Projector
from dataplatform.ingestion.worker import IngestLimits, IngestWorker
from dataplatform.observability.tracing import QuietTracer
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.saga.disbursement import DisbursementSaga
from dataplatform.saga.runner import SagaLimits, SagaRunner
from foundation.clock import Clock
from foundation.metrics import Telemetry


def producer(platform: DataPlatform, clock: Clock, random: Random) -> Producer:
    return Producer(platform.stream, platform.sealer, clock, random.random)


def record_processor(
    platform: DataPlatform,
    telemetry: Telemetry,
    clock: Clock,
    tracer: WorkTracer | None = None,
    patience: Patience | None = None,
) -> RecordProcessor:
    return RecordProcessor(
        ingest=IngestRecord(platform.sealer, clock),
        customers=platform.customers,
        transactions=platform.transactions,
        telemetry=telemetry,
        tracer=tracer or QuietTracer(),
        clock=clock,
        patience=patience or (ACROSS_SHARDS if "kinesis" in platform.stores else Patience()),
    )


def ingest_worker(
    platform: DataPlatform,
    telemetry: Telemetry,
    clock: Clock,
    *,
    stream: StreamReader | None = None,
    tracer: WorkTracer | None = None,
    limits: IngestLimits | None = None,
) -> IngestWorker:
    """``stream``: where records come from, unless it is the platform's own."""
    return IngestWorker(
        stream=stream or platform.stream,
        processor=record_processor(platform, telemetry, clock, tracer),
        log=platform.processing_log,
        telemetry=telemetry,
        clock=clock,
        limits=limits,
    )


def projector(platform: DataPlatform, telemetry: Telemetry, tracer: WorkTracer | None = None) -> Projector:
    return Projector(
        outbox=platform.outbox,
        hot=platform.hot,
        wide=platform.wide,
        cache=platform.cache,
        telemetry=telemetry,
        tracer=tracer,
    )


def saga_runner(
    platform: DataPlatform,
    telemetry: Telemetry,
    clock: Clock,
    *,
    holder: str = "sagas",
    limits: SagaLimits | None = None,
) -> SagaRunner:
    """Runs and recovers every kind of saga there is."""
    disbursement = DisbursementSaga(platform.disbursements, platform.hot, platform.wide, clock)
    return SagaRunner(platform.sagas, [disbursement.plan()], telemetry, clock, holder, limits)


def watched_pairs(
    platform: DataPlatform,
    telemetry: Telemetry,
    clock: Clock,
    random: Random,
    *,
    plan: CheckPlan | None = None,
    repair_cap: int = 100,
) -> tuple[Watched, ...]:
    """Both pairs: ``relational-hot`` and ``relational-wide``."""
    return tuple(
        Watched(
            ConsistencyChecker(platform.comparison, side, telemetry, clock, random, plan),
            ConsistencyRepair(platform.comparison, side, platform.cache, platform.audit, repair_cap),
        )
        for side in _sides(platform)
    )


def segment_scans(platform: DataPlatform, clock: Clock) -> tuple[SegmentScan, ...]:
    """Both pairs, for a full scan in parts."""
    return tuple(SegmentScan(platform.comparison, side, clock) for side in _sides(platform))


def _sides(platform: DataPlatform) -> tuple[ProjectionSide, ...]:
    return HotSide(platform.hot), WideSide(platform.wide)


def consistency_monitor(
    platform: DataPlatform,
    telemetry: Telemetry,
    clock: Clock,
    random: Random,
    *,
    plan: CheckPlan | None = None,
    repair_cap: int = 100,
) -> ConsistencyMonitor:
    """Both pairs."""
    pairs = watched_pairs(platform, telemetry, clock, random, plan=plan, repair_cap=repair_cap)
    return ConsistencyMonitor(pairs, platform.check_log)
