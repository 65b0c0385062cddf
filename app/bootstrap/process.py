"""A process as it is put together: what each of them has, and what its roles add."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from app.bootstrap.paths import DataPaths, claimed_paths
from app.serving.loops import Loop
from app.serving.operations import ReadinessJudge
from app.serving.server import Process
from app.settings import Settings
from credit.metrics import METRICS
from dataplatform.observability.logs import configure_logs
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.observability.tracing import ClosableTracer, open_tracer
from exporters.collectors.sampler import SaturationSampler
from exporters.collectors.saturation import SaturationCollector, SaturationProbe
from exporters.collectors.server_probe import ServerProbe
from exporters.server import MetricsCollector
from foundation.clock import Clock, parse_clock
from foundation.metrics import PROBES
from slo.ledger.sqlite_counts import SqliteCountJournal


@dataclass(slots=True)
class ProcessParts:
    """``role`` is what logs and traces call this process. What was opened first is closed last."""

    role: str
    settings: Settings
    paths: DataPaths
    clock: Clock
    registry: CollectorRegistry
    journal: SqliteCountJournal
    telemetry: PrometheusTelemetry
    tracer: ClosableTracer
    loops: list[Loop] = field(default_factory=list)
    collectors: list[MetricsCollector] = field(default_factory=list)
    routes: list[BaseRoute] = field(default_factory=list)
    started: list[Callable[[], object]] = field(default_factory=list)
    closing: list[Callable[[], object]] = field(default_factory=list)
    judges: list[ReadinessJudge] = field(default_factory=list)
    hangup: list[Callable[[], object]] = field(default_factory=list)

    def add_sampler(self, probes: Sequence[SaturationProbe], servers: Sequence[ServerProbe] = ()) -> None:
        """Saturation, sampled in a thread of its own while the process runs."""
        sampler = SaturationSampler(probes, self.clock, servers=servers)
        self.collectors.append(SaturationCollector(sampler))
        self.started.append(sampler.start)
        self.closing.append(sampler.stop)

    def process(self, application: ASGIApp) -> Process:
        """What is served, once every role has added what it has."""
        closing = [*reversed(self.closing), self.journal.close, self.tracer.close]
        return Process(self.role, application, self.loops, self.started, closing, self.hangup)


def process_parts(settings: Settings, role: str, journal_name: str) -> ProcessParts:
    """Build them; logs go to standard error as JSON from here on. ``journal_name``: the counts' source.

    Raises:
        ClockSpecError: the clock's setting cannot be read.
        OthersFolder: the data directory is another workspace's.
        DataDirectoryError: the data directory cannot be made or written.
        LedgerError: the count journal cannot be opened.
    """
    configure_logs(role=role, environment=settings.environment, level=settings.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every probe
    clock = parse_clock(settings.clock)
    paths = claimed_paths(settings)
    registry = CollectorRegistry(auto_describe=False)
    metrics = METRICS if settings.folders.is_shipped else (PROBES,)
    journal = SqliteCountJournal(paths.journal(journal_name), journal_name, clock)
    return ProcessParts(
        role=role,
        settings=settings,
        paths=paths,
        clock=clock,
        registry=registry,
        journal=journal,
        telemetry=PrometheusTelemetry(registry, journal, metrics),
        tracer=open_tracer(
            settings.tracing,
            role=role,
            environment=settings.environment,
            otlp_endpoint=settings.otlp_endpoint,
        ),
    )
