"""The data side: decision API, ingestion, projections and the consistency check, over the profile's stores.

The embedded stores have one writer, so its roles live in one process, called ``data``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from prometheus_client import generate_latest

from app.api.application import create_api
from app.api.dependencies import ApiDependencies, ApiLimits, ReadinessCheck
from app.api.keys import KeyRing
from app.bootstrap.cloudwatch import metrics_loops
from app.bootstrap.platform import EMBEDDED, open_platform
from app.bootstrap.process_parts import HEARTBEAT_EVERY, ProcessParts, process_parts
from app.serving.loops import Loop, in_thread
from app.serving.operations import with_operations
from app.serving.server import Process
from app.settings import Settings
from credit.usecases.cached_reads import CachedReads
from credit.usecases.cached_records import CachedDecisions
from credit.usecases.decide import DecideCredit
from credit.usecases.disburse import DisburseCredit
from credit.usecases.explain import ExplainDecision
from credit.usecases.ingest import IngestRecord
from credit.usecases.load_policies import keep_policies, load_policies, load_reasons
from dataplatform.consistency.checker import CheckPlan
from dataplatform.observability.spans import spans
from dataplatform.profiles import workers
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.resilience.faults import FaultBoard
from dataplatform.security.anchor_file import AnchorFile
from dataplatform.security.trail_anchor import TrailAnchor
from exporters.collectors.components import DATA_DISK, DECISION_API, component_of
from exporters.collectors.sampler import SaturationSampler
from exporters.collectors.saturation import SaturationCollector, SaturationProbe
from exporters.probes.disk_space import DiskSpace
from exporters.probes.event_loop_lag import EventLoopLag
from exporters.probes.known_ratio import KnownRatio
from exporters.probes.open_files import OpenFiles
from exporters.probes.process_cpu import ProcessCpu
from exporters.probes.process_memory import ProcessMemory
from exporters.server import build_registry
from foundation.clock import SystemClock

DATA_ROLES = frozenset({"api", "ingest"})
ANCHOR_EVERY = 2.0  # real seconds: as much of the trail as an intruder could cut unseen
IDLE_SECONDS = 0.05  # real seconds between two looks at an empty stream or outbox
SAGAS_EVERY = 1.0  # real seconds between two looks for sagas that somebody left
JITTER = Random()  # noqa: S311 - spreads retries and picks samples; guards nothing
POLICIES_EVERY = 5.0  # real seconds between two tries to keep the policies in force
LAG_LIMIT_SECONDS = 0.2  # an event loop this late eats the whole latency objective


async def build_data(settings: Settings, members: frozenset[str]) -> Process:
    """Open the stores and build a process of these roles.

    Raises:
        PlatformError: the data directory, its keys or its files cannot be used.
        SettingsError, StoreUnavailable: a server's address is missing, or it does not answer.
        DefinitionErrors: a credit policy says something wrong.
    """
    faults = FaultBoard() if settings.faults else None
    name = "data" if members == DATA_ROLES else "-".join(sorted(members))
    parts = process_parts(settings, name, name)
    platform = _traced(await open_platform(settings, parts.clock, faults, parts.telemetry), parts)
    lag = EventLoopLag(DECISION_API, LAG_LIMIT_SECONDS)
    sampler = SaturationSampler(_probes(platform, lag), parts.clock)
    registry = build_registry(name, [SaturationCollector(sampler)], parts.registry)
    anchor = _anchoring(parts, platform)
    loops = (
        *_loops(parts, platform, members),
        Loop("anchor", ANCHOR_EVERY, anchor, SystemClock()),
        *metrics_loops(parts, registry),
    )

    def started() -> None:
        sampler.start()
        lag.start(asyncio.get_running_loop())

    return Process(
        name=name,
        application=create_api(_api(parts, platform, faults))
        if "api" in members
        else with_operations(parts.registry, loops, (), None),
        loops=loops,
        close=(_stopping(sampler, lag), anchor, platform.close, _closing(parts)),
        started=started,
    )


def _traced(platform: DataPlatform, parts: ProcessParts) -> DataPlatform:
    """The same stores with a span around every call, when spans go anywhere."""
    if parts.settings.tracing == "off":
        return platform
    return platform.mapped(lambda store: spans(store, parts.tracer))


def _api(parts: ProcessParts, platform: DataPlatform, faults: FaultBoard | None) -> ApiDependencies:
    settings = parts.settings
    policies = load_policies(settings.policies, settings.policy)
    reasons = load_reasons(settings.policies)
    cached = CachedReads(platform.cache, parts.clock, parts.telemetry, JITTER.random)
    decisions = CachedDecisions(platform.decisions, cached)
    return ApiDependencies(
        decide=DecideCredit(
            customers=platform.customers,
            hot=platform.hot,
            cache=platform.cache,
            decisions=decisions,
            sealer=platform.sealer,
            policies=policies,
            clock=parts.clock,
            telemetry=parts.telemetry,
            random_bytes=secrets.token_bytes,
        ),
        explain=ExplainDecision(policies, reasons),
        disburse=DisburseCredit(
            platform.decisions, workers.saga_runner(platform, parts.telemetry, parts.clock, holder="api")
        ),
        ingest=IngestRecord(platform.sealer, parts.clock),
        policies=policies,
        reasons=reasons,
        customers=platform.customers,
        decisions=decisions,
        trail=platform.audit,
        sealer=platform.sealer,
        producer=workers.producer(platform, parts.clock, JITTER),
        keys=KeyRing(parts.paths.api_keys),
        telemetry=parts.telemetry,
        tracer=parts.tracer,
        clock=parts.clock,
        exposition=lambda: generate_latest(parts.registry),
        readiness=_readiness(platform),
        faults=faults,
        limits=ApiLimits(
            decisions_in_flight=settings.max_concurrent_decisions,
            requests_per_window=settings.rate_limit_per_minute,
        ),
    )


def _readiness(platform: DataPlatform) -> Mapping[str, ReadinessCheck]:
    async def relational() -> None:
        await platform.decisions.find("readiness")  # a look-up by key: cheap, and fails as a real one does

    async def stream() -> None:
        await platform.stream.answers()

    return {"relational": relational, "stream": stream}


def _loops(parts: ProcessParts, platform: DataPlatform, members: frozenset[str]) -> tuple[Loop, ...]:
    loops = [Loop("heartbeat", HEARTBEAT_EVERY, in_thread(parts.journal.heartbeat), parts.clock)]
    if "api" in members:
        loops.append(Loop("policies", POLICIES_EVERY, _keeping_policies(parts, platform), SystemClock()))
    if "ingest" in members:
        loops.extend(_ingest_loops(parts, platform))
    return tuple(loops)


def _keeping_policies(parts: ProcessParts, platform: DataPlatform) -> Callable[[], Awaitable[None]]:
    """Once, when it starts to decide; tried again until the store takes them."""
    book, kept = load_policies(parts.settings.policies, parts.settings.policy), False

    async def keep() -> None:
        nonlocal kept
        if not kept:
            await keep_policies(book, platform.policies, parts.role)
            kept = True

    return keep


def _ingest_loops(parts: ProcessParts, platform: DataPlatform) -> tuple[Loop, ...]:
    worker = workers.ingest_worker(platform, parts.telemetry, parts.clock, tracer=parts.tracer)
    projector = workers.projector(platform, parts.telemetry, parts.tracer)
    sagas = workers.saga_runner(platform, parts.telemetry, parts.clock, holder="recovery")
    real = SystemClock()
    return (
        Loop("ingest", IDLE_SECONDS, _while_busy(worker.run_once), real),
        Loop("project", IDLE_SECONDS, _while_busy(projector.run_once), real),
        Loop("sagas", SAGAS_EVERY, _while_busy(sagas.run_once), real),
        Loop("consistency", parts.settings.consistency_every, _comparing(parts, platform), parts.clock),
    )


def _comparing(parts: ProcessParts, platform: DataPlatform) -> Callable[[], Awaitable[None]]:
    monitor = workers.consistency_monitor(
        platform,
        parts.telemetry,
        parts.clock,
        JITTER,
        plan=CheckPlan(sample=parts.settings.consistency_sample, settle_seconds=parts.settings.settle),
    )

    async def compare() -> None:
        await monitor.run_once()

    return compare


def _anchoring(parts: ProcessParts, platform: DataPlatform) -> Callable[[], Awaitable[None]]:
    """Writes down elsewhere how far a server's audit trail reaches; the embedded store does it by itself."""
    if parts.settings.profile == EMBEDDED:
        return _nothing
    anchor = TrailAnchor(platform.audit, AnchorFile(parts.paths.anchors), parts.clock)

    async def keep() -> None:
        await anchor.run_once()

    return keep


async def _nothing() -> None:
    """There is nothing to do."""


def _while_busy(step: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[bool]]:
    async def run() -> bool:
        return await step() > 0

    return run


def _probes(platform: DataPlatform, lag: EventLoopLag) -> list[SaturationProbe]:
    stores: list[SaturationProbe] = [
        KnownRatio(component_of(store), "queue", lambda name=store: platform.saturation()[name])  # type: ignore[misc]
        for store in platform.stores
    ]
    return [
        *stores,
        lag,
        ProcessCpu(DECISION_API, SystemClock()),
        ProcessMemory(DECISION_API),
        OpenFiles(DECISION_API),
        DiskSpace(DATA_DISK, platform.directory),
    ]


def _stopping(sampler: SaturationSampler, lag: EventLoopLag) -> Callable[[], Awaitable[None]]:
    async def stop() -> None:
        lag.stop()
        sampler.stop()

    return stop


def _closing(parts: ProcessParts) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        parts.journal.close()
        parts.tracer.close()

    return close
