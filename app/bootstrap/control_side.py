"""The control side: prober, evaluator, router, console, exporters.

It shares no file with the data side that both write: it reads count journals and consistency results, and
probes the API over HTTP like any client. Its roles share the control folder and may run as one process or
as several.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from app.bootstrap.cloudwatch import metrics_loops, slo_counts_loops
from app.bootstrap.count_source import count_collector
from app.bootstrap.pair_readings import PairReadings
from app.bootstrap.platform import EMBEDDED
from app.bootstrap.process_parts import ProcessParts, process_parts
from app.bootstrap.router import RouterParts, open_router
from app.bootstrap.routing_role import routing_role
from app.bootstrap.watch import Statuses, Watch
from app.console.application import create_console
from app.console.beside import JournalBeside
from app.console.decisions import JournalDecisions
from app.console.ports import ConsoleDependencies
from app.console.runbook_files import ShippedRunbooks
from app.console.sessions import SqliteSessions
from app.serving.loops import Loop, in_thread
from app.serving.operations import with_operations
from app.serving.server import Process
from app.settings import Settings
from exporters.collectors.components import DECISION_API
from exporters.collectors.consistency_index import ConsistencyIndexCollector
from exporters.collectors.sampler import SaturationSampler
from exporters.collectors.saturation import SaturationCollector
from exporters.collectors.server_probe import ServerProbe
from exporters.collectors.slo_status import SloStatusCollector
from exporters.prober import Prober, ProbeTarget, probe_client
from exporters.probes.disk_space import DiskSpace
from exporters.probes.open_files import OpenFiles
from exporters.probes.process_cpu import ProcessCpu
from exporters.probes.process_memory import ProcessMemory
from exporters.server import MetricsCollector, build_registry
from foundation.clock import SystemClock
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_exclusions import SqliteExclusionLog
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue

CONTROL_ROLES = frozenset({"prober", "evaluator", "router", "console", "exporters"})


@dataclass(slots=True)
class _Control:
    """What the roles of one process are built from, and what they add to it."""

    parts: ProcessParts
    catalogue: Catalogue
    ledger: SqliteLedger
    reader: SqliteCountReader
    routing: RouterParts
    exclusions: SqliteExclusionLog
    statuses: Statuses
    loops: list[Loop] = field(default_factory=list)
    collectors: list[MetricsCollector] = field(default_factory=list)
    started: list[Callable[[], None]] = field(default_factory=list)
    close: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    routes: list[BaseRoute] = field(default_factory=list)
    console: ASGIApp | None = None


async def build_control(settings: Settings, members: frozenset[str]) -> Process:
    """Open what these roles need.

    Raises:
        DefinitionErrors, AlarmsError: a definition or the policy says something wrong.
        LedgerError: the ledger cannot be opened.
        SettingsError, AwsError: what the settings name cannot be used as they say.
    """
    name = "control" if members == CONTROL_ROLES else "-".join(sorted(members))
    control = _open(settings, name)
    for role in sorted(members):
        _ROLES[role](control)
    if members & {"evaluator", "router"}:
        control.collectors.append(control.routing.received)
    registry = build_registry(name, control.collectors, control.parts.registry)
    control.loops += metrics_loops(control.parts, registry)

    def started() -> None:
        for start in control.started:
            start()

    async def close() -> None:
        for step in control.close:
            await step()
        control.ledger.close()
        control.exclusions.close()
        control.routing.store.close()
        control.parts.journal.close()

    return Process(
        name=name,
        application=with_operations(registry, control.loops, control.routes, control.console),
        loops=control.loops,
        close=(close,),
        started=started,
    )


def _open(settings: Settings, name: str) -> _Control:
    parts = process_parts(settings, name, "prober" if name == "control" else name)
    catalogue = load_catalogue(settings.definitions)
    ledger = SqliteLedger(parts.paths.ledger)
    reader = SqliteCountReader(parts.paths.journals)
    exclusions = SqliteExclusionLog(parts.paths.exclusions)
    return _Control(
        parts=parts,
        catalogue=catalogue,
        ledger=ledger,
        reader=reader,
        routing=open_router(settings, catalogue),
        exclusions=exclusions,
        statuses=Statuses(catalogue, ledger, settings.environment, parts.clock, exclusions),
    )


def _prober(control: _Control) -> None:
    settings = control.parts.settings
    client = probe_client(settings.probe_timeout)
    target = ProbeTarget(DECISION_API, f"http://{settings.host}:{settings.api_port}/readyz")
    prober = Prober(
        [target],
        control.parts.telemetry,
        control.parts.journal,
        control.parts.clock,
        client,
        timeout_seconds=settings.probe_timeout,
    )

    async def tick() -> None:
        await prober.tick()

    async def close() -> None:
        await prober.drain()
        await client.aclose()

    control.loops.append(Loop("probe", settings.probe_every, tick, control.parts.clock))
    control.close.append(close)


def _evaluator(control: _Control) -> None:
    parts, opened = control.parts, ExitStack()
    collector = opened.enter_context(
        count_collector(parts.settings, control.catalogue.slos, control.ledger, control.reader, parts.clock)
    )

    async def close() -> None:
        opened.close()

    control.close.append(close)
    watch = Watch(
        control.catalogue,
        collector,
        control.ledger,
        control.routing.router,
        parts.settings.environment,
        parts.clock,
        control.exclusions,
    )
    control.loops.append(Loop("evaluate", parts.settings.evaluate_every, in_thread(watch.step), parts.clock))
    control.loops += slo_counts_loops(parts, control.catalogue, control.ledger)


def _router(control: _Control) -> None:
    parts = control.parts
    role = routing_role(parts.settings, control.catalogue, control.routing, parts.clock)
    control.routes += role.routes
    control.loops += role.loops
    control.collectors.append(role.metrics)
    control.close.append(role.close)


def _console(control: _Control) -> None:
    parts, settings, routing = control.parts, control.parts.settings, control.routing
    control.console = create_console(
        ConsoleDependencies(
            environment=settings.environment,
            clock=parts.clock,
            catalogue=control.catalogue,
            statuses=control.statuses,
            ledger=control.ledger,
            desk=routing.router,
            escalation=routing.router.escalation_of,
            consistency=PairReadings(parts.paths.consistency),
            decisions=JournalDecisions(control.reader),
            sessions=SqliteSessions(parts.paths.sessions),
            version=version("mirante"),
            beside=JournalBeside(control.reader),
            runbooks=ShippedRunbooks(routing.runbooks),
        )
    )


def _exporters(control: _Control) -> None:
    parts = control.parts
    real = SystemClock()
    sampler = SaturationSampler(
        [
            ProcessCpu("control", real),
            ProcessMemory("control"),
            OpenFiles("control"),
            DiskSpace("control-disk", parts.paths.control),
        ],
        parts.clock,
        servers=_servers(parts.settings),
    )
    control.collectors += [
        SaturationCollector(sampler),
        ConsistencyIndexCollector(PairReadings(parts.paths.consistency), parts.clock),
        SloStatusCollector(control.statuses.last),
    ]
    control.loops.append(
        Loop("statuses", parts.settings.evaluate_every, in_thread(control.statuses.refresh), parts.clock)
    )
    control.started.append(sampler.start)

    async def close() -> None:
        sampler.stop()

    control.close.append(close)


def _servers(settings: Settings) -> Sequence[ServerProbe]:
    """What the profile's servers are asked; the embedded one has none."""
    if settings.profile == EMBEDDED:
        return ()
    # Imported here: the drivers take time to load, and the embedded profile asks nobody.
    from app.bootstrap.server_probes import probes_of

    return probes_of(settings)


_ROLES: dict[str, Callable[[_Control], None]] = {
    "prober": _prober,
    "evaluator": _evaluator,
    "router": _router,
    "console": _console,
    "exporters": _exporters,
}
