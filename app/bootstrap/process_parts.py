"""What every process has: a clock, logs, a tracer, its own count journal and a registry."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from app.bootstrap.paths import DataPaths
from app.settings import Settings
from dataplatform.directory import prepare_directory
from dataplatform.observability.logs import configure_logs
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.observability.tracing import ClosableTracer, open_tracer
from foundation.clock import Clock, parse_clock
from slo.ledger.sqlite_counts import SqliteCountJournal

HEARTBEAT_EVERY = 20.0  # clock seconds: several a minute, so that no minute is missed


@dataclass(frozen=True, slots=True)
class ProcessParts:
    """``role`` is what logs and traces call this process."""

    role: str
    settings: Settings
    paths: DataPaths
    clock: Clock
    registry: CollectorRegistry
    journal: SqliteCountJournal
    telemetry: PrometheusTelemetry
    tracer: ClosableTracer


def process_parts(settings: Settings, role: str, journal_name: str) -> ProcessParts:
    """Build them; logs go to standard error as JSON from here on. ``journal_name``: the counts' source.

    Raises:
        ClockSpecError: the clock's setting cannot be read.
        DataDirectoryError: the data directory cannot be made or written.
        LedgerError: the count journal cannot be opened.
    """
    configure_logs(role=role, environment=settings.environment, level=settings.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every probe
    clock = parse_clock(settings.clock)
    prepare_directory(settings.data_dir)
    paths = DataPaths(settings.data_dir)
    registry = CollectorRegistry(auto_describe=False)
    journal = SqliteCountJournal(paths.journal(journal_name), journal_name, clock)
    return ProcessParts(
        role=role,
        settings=settings,
        paths=paths,
        clock=clock,
        registry=registry,
        journal=journal,
        telemetry=PrometheusTelemetry(registry, journal),
        tracer=open_tracer(
            settings.tracing,
            role=role,
            environment=settings.environment,
            otlp_endpoint=settings.otlp_endpoint,
        ),
    )
