"""The data side: decision API, ingestion, projections and the consistency check, over the profile's stores.

The embedded stores have one writer, so its roles live in one process, called ``data``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from prometheus_client import generate_latest

from app.api.application import create_api
from app.api.dependencies import ApiDependencies, ApiLimits
from app.api.keys import KeyRing
from app.bootstrap.cloudwatch import publish_series
from app.bootstrap.names import DATA_ROLES
from app.bootstrap.platform import open_platform
from app.bootstrap.process import ProcessParts, process_parts
from app.serving.loops import Loop, in_thread
from app.serving.operations import with_operations
from app.serving.server import Process
from app.settings import EMBEDDED, Settings
from credit.usecases.cached_reads import CachedReads
from credit.usecases.cached_records import CachedDecisions
from credit.usecases.decide import DecideCredit
from credit.usecases.disburse import DisburseCredit
from credit.usecases.explain import ExplainDecision
from credit.usecases.ingest import IngestRecord
from credit.usecases.load_policies import keep_policies, load_policies, load_reasons
from dataplatform.consistency.plan import CheckPlan
from dataplatform.observability.spans import spans
from dataplatform.profiles import workers
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.resilience.faults import FaultBoard
from dataplatform.security.anchor_file import AnchorFile
from dataplatform.security.trail_anchor import TrailAnchor
from exporters.collectors.components import DATA_DISK, DECISION_API, component_of
from exporters.collectors.saturation import SaturationProbe
from exporters.probes.disk_space import DiskSpace
from exporters.probes.event_loop_lag import EventLoopLag
from exporters.probes.known_ratio import KnownRatio
from exporters.probes.open_files import OpenFiles
from exporters.probes.process_cpu import ProcessCpu
from exporters.probes.process_memory import ProcessMemory
from exporters.server import build_registry
from foundation.clock import SystemClock

HEARTBEAT_EVERY = 20.0  # clock seconds: several a minute, so that no minute is missed
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
    name = "data" if members == DATA_ROLES else "-".join(sorted(members))
    parts = process_parts(settings, name, name)
    faults = FaultBoard() if settings.faults else None
    platform = await open_platform(settings, parts.clock, faults, parts.telemetry)
    parts.closing.append(platform.close)
    if settings.tracing != "off":
        platform = platform.mapped(lambda store: spans(store, parts.tracer))

    parts.loops.append(Loop("heartbeat", HEARTBEAT_EVERY, in_thread(parts.journal.heartbeat), parts.clock))
    if "api" in members:
        parts.loops.append(
            Loop("policies", POLICIES_EVERY, _keeping_policies(parts, platform), SystemClock())
        )
    if "ingest" in members:
        parts.loops += _ingest_loops(parts, platform)
    _add_measurements(parts, platform)
    if settings.profile != EMBEDDED:  # the embedded store anchors its trail by itself
        anchor = TrailAnchor(platform.audit, AnchorFile(parts.paths.anchors), parts.clock)
        parts.loops.append(Loop("anchor", ANCHOR_EVERY, anchor.run_once, SystemClock()))
        parts.closing.append(anchor.run_once)
    publish_series(parts)

    if "api" in members:
        return parts.process(create_api(_api(parts, platform, faults)))
    return parts.process(with_operations(parts.registry, parts.loops, (), None))


def _api(parts: ProcessParts, platform: DataPlatform, faults: FaultBoard | None) -> ApiDependencies:
    settings = parts.settings
    policies = load_policies(settings.policies, settings.policy)
    reasons = load_reasons(settings.policies)
    cached = CachedReads(platform.cache, parts.clock, parts.telemetry, JITTER.random)
    decisions = CachedDecisions(platform.decisions, cached)

    async def relational_answers() -> None:
        await platform.decisions.find("readiness")  # a look-up by key: cheap, and fails as a real one does

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
        readiness={"relational": relational_answers, "stream": platform.stream.answers},
        faults=faults,
        limits=ApiLimits(
            decisions_in_flight=settings.max_concurrent_decisions,
            requests_per_window=settings.rate_limit_per_minute,
        ),
    )


def _keeping_policies(parts: ProcessParts, platform: DataPlatform) -> Callable[[], Awaitable[None]]:
    """Once, when it starts to decide; tried again until the store takes them."""
    book, kept = load_policies(parts.settings.policies, parts.settings.policy), False

    async def keep() -> None:
        nonlocal kept
        if not kept:
            await keep_policies(book, platform.policies, parts.role)
            kept = True

    return keep


def _ingest_loops(parts: ProcessParts, platform: DataPlatform) -> Sequence[Loop]:
    settings, real = parts.settings, SystemClock()
    worker = workers.ingest_worker(platform, parts.telemetry, parts.clock, tracer=parts.tracer)
    projector = workers.projector(platform, parts.telemetry, parts.tracer)
    sagas = workers.saga_runner(platform, parts.telemetry, parts.clock, holder="recovery")
    plan = CheckPlan(sample=settings.consistency_sample, settle_seconds=settings.settle)
    monitor = workers.consistency_monitor(platform, parts.telemetry, parts.clock, JITTER, plan=plan)
    return (
        Loop("ingest", IDLE_SECONDS, worker.run_once, real, while_busy=True),
        Loop("project", IDLE_SECONDS, projector.run_once, real, while_busy=True),
        Loop("sagas", SAGAS_EVERY, sagas.run_once, real, while_busy=True),
        Loop("consistency", settings.consistency_every, monitor.run_once, parts.clock),
    )


def _add_measurements(parts: ProcessParts, platform: DataPlatform) -> None:
    lag = EventLoopLag(DECISION_API, LAG_LIMIT_SECONDS)
    stores: list[SaturationProbe] = [
        KnownRatio(component_of(store), "queue", lambda name=store: platform.saturation()[name])  # type: ignore[misc]
        for store in platform.stores
    ]
    parts.add_sampler(
        [
            *stores,
            lag,
            ProcessCpu(DECISION_API, SystemClock()),
            ProcessMemory(DECISION_API),
            OpenFiles(DECISION_API),
            DiskSpace(DATA_DISK, platform.directory),
        ]
    )
    parts.started.append(lambda: lag.start(asyncio.get_running_loop()))
    parts.closing.append(lag.stop)
    build_registry(parts.role, parts.collectors, parts.registry)
