"""The control side: prober, evaluator, router, console, exporters.

It shares no file with the data side that both write: it reads count journals and consistency results, and
probes the API over HTTP like any client. Its roles share the control folder and may run as one process or
as several.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from starlette.types import ASGIApp

from alarms.intake.heartbeats import BeatStatus, statuses
from alarms.intake.intakes_file import load_intakes
from alarms.policy.alarm_policy import AlarmPolicy
from app.bootstrap.alarm_files import LOOK_EVERY, AlarmFiles
from app.bootstrap.cloudwatch import publish_series, publish_slo_counts
from app.bootstrap.count_source import count_collector
from app.bootstrap.drift_watch import AUDIT_EVERY, DriftWatch, KeptFindings, drift_audit
from app.bootstrap.kept_alarm_files import KeptAlarmFiles, usable_files
from app.bootstrap.names import CONTROL_ROLES, OF_PLATFORM
from app.bootstrap.notifiers import build_notifiers
from app.bootstrap.one_tap_role import add_one_tap
from app.bootstrap.process import ProcessParts, process_parts
from app.bootstrap.router import RouterParts, open_router
from app.bootstrap.routing_role import add_routing
from app.bootstrap.running import hold_role
from app.bootstrap.slo_view import SloView
from app.bootstrap.watch import Watch
from app.console.application import create_console
from app.console.beside import JournalBeside
from app.console.decisions import JournalDecisions
from app.console.ports import ConsoleDependencies
from app.console.runbook_files import ShippedRunbooks
from app.console.sessions import SqliteSessions
from app.serving.loops import Loop, in_thread
from app.serving.operations import with_operations
from app.serving.server import Process
from app.settings import EMBEDDED, Settings
from dataplatform.errors import DataDirectoryError
from dataplatform.stores.sqlite.check_log import latest_checks
from exporters.collectors.budget_drift import BudgetDriftCollector
from exporters.collectors.components import DECISION_API
from exporters.collectors.consistency_index import ConsistencyIndexCollector, PairReading
from exporters.collectors.server_probe import ServerProbe
from exporters.collectors.slo_status import SloStatusCollector
from exporters.prober import Prober, ProbeTarget, probe_client
from exporters.probes.disk_space import DiskSpace
from exporters.probes.open_files import OpenFiles
from exporters.probes.process_cpu import ProcessCpu
from exporters.probes.process_memory import ProcessMemory
from exporters.server import build_registry
from foundation.clock import SystemClock
from foundation.errors import DefinitionErrors
from foundation.sqlite_ladder import UnusableFile
from slo.drift import KeptReport
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_exclusions import SqliteExclusionLog
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import catalogue_of
from slo.model.catalogue import Catalogue

log = logging.getLogger("mirante.control")


@dataclass(slots=True)
class _Control:
    """What the roles of one process are built from; what they add goes to its parts."""

    parts: ProcessParts
    catalogue: Catalogue
    ledger: SqliteLedger
    reader: SqliteCountReader
    routing: RouterParts
    view: SloView
    console: ASGIApp | None = None


async def build_control(settings: Settings, members: frozenset[str]) -> Process:
    """Open what these roles need.

    Raises:
        DefinitionErrors, AlarmsError: a definition or the policy says something wrong.
        LedgerError: the ledger cannot be opened.
        DataDirectoryBusy: another process has one of the roles on this data directory.
        SettingsError, AwsError: what the settings name cannot be used as they say.
    """
    name = "control" if members >= CONTROL_ROLES - OF_PLATFORM else "-".join(sorted(members))
    parts = process_parts(settings, name, "prober" if name == "control" else name)
    held = [hold_role(parts.paths, role, settings) for role in sorted(members)]
    parts.closing += [lock.release for lock in held if lock is not None]
    control = _open(parts, "router" in members)
    for role in sorted(members):
        _ROLES[role](control)
    if members & {"console", "router"}:
        add_one_tap(parts, control.routing)
    if "router" not in members:  # it has looked at them, with all that hangs on them
        files = AlarmFiles(settings, control.routing.router, parts.clock, control.routing.files)
        parts.loops.append(Loop("files", LOOK_EVERY, in_thread(files.look), SystemClock()))
    if members & {"evaluator", "router"}:
        parts.collectors.append(control.routing.received)
    build_registry(name, parts.collectors, parts.registry)
    publish_series(parts)
    return parts.process(
        with_operations(parts.registry, parts.loops, parts.routes, control.console, parts.judges)
    )


def _open(parts: ProcessParts, delivers: bool) -> _Control:
    """``delivers``: whether alarm files count as usable only if their channels can be built."""
    settings = parts.settings

    def check(alarms: AlarmPolicy) -> None:
        if delivers:
            build_notifiers(alarms.channels, settings, parts.clock).close()

    catalogue = catalogue_of(settings.folders)
    ledger = SqliteLedger(parts.paths.ledger)
    exclusions = SqliteExclusionLog(parts.paths.exclusions)
    files = usable_files(settings.folders, KeptAlarmFiles(parts.paths.alarm_files), check)
    routing = open_router(settings, catalogue, files)
    parts.closing += [routing.store.close, exclusions.close, ledger.close]
    return _Control(
        parts=parts,
        catalogue=catalogue,
        ledger=ledger,
        reader=SqliteCountReader(parts.paths.journals),
        routing=routing,
        view=SloView(catalogue, ledger, settings.environment, parts.clock, exclusions.all),
    )


def _prober(control: _Control) -> None:
    parts, settings = control.parts, control.parts.settings
    client = probe_client(settings.probe_timeout)
    prober = Prober(
        [ProbeTarget(DECISION_API, f"http://{settings.host}:{settings.api_port}/readyz")],
        parts.telemetry,
        parts.journal,
        parts.clock,
        client,
        timeout_seconds=settings.probe_timeout,
    )
    parts.loops.append(Loop("probe", settings.probe_every, prober.tick, parts.clock))
    parts.closing += [client.aclose, prober.drain]


def _evaluator(control: _Control) -> None:
    parts, settings, opened = control.parts, control.parts.settings, ExitStack()
    collector = opened.enter_context(
        count_collector(settings, control.catalogue.slos, control.ledger, control.reader, parts.clock)
    )
    parts.closing.append(opened.close)
    watch = Watch(control.view, collector, control.routing.router)
    parts.loops.append(Loop("evaluate", settings.evaluate_every, in_thread(watch.step), parts.clock))
    _audit(control, opened)
    publish_slo_counts(parts, control.catalogue, control.ledger)


def _audit(control: _Control, opened: ExitStack) -> None:
    parts, kept = control.parts, KeptReport(control.parts.paths.budget_drift)
    audits = opened.enter_context(
        drift_audit(parts.settings, control.catalogue.slos, control.ledger, kept.last())
    )
    if audits is not None:
        drift = DriftWatch(audits, kept, parts.clock)
        parts.loops.append(Loop("budget-drift", AUDIT_EVERY, in_thread(drift.step), parts.clock))


def _router(control: _Control) -> None:
    add_routing(control.parts, control.catalogue, control.routing)


def _console(control: _Control) -> None:
    parts, routing = control.parts, control.routing
    platform = parts.settings.folders.is_shipped
    control.console = create_console(
        ConsoleDependencies(
            environment=parts.settings.environment,
            clock=parts.clock,
            catalogue=control.catalogue,
            statuses=control.view.statuses,
            ledger=control.ledger,
            desk=routing.router,
            escalation=routing.router.escalation_of,
            consistency=PairReadings(parts.paths.consistency) if platform else None,
            decisions=JournalDecisions(control.reader) if platform else None,
            sessions=SqliteSessions(parts.paths.sessions),
            time_zone=routing.router.policy.hours.time_zone,
            version=version("mirante"),
            beside=JournalBeside(control.reader),
            runbooks=ShippedRunbooks(routing.runbooks),
            heartbeats=lambda: _beats(control),
            drift=KeptReport(parts.paths.budget_drift).last,
        )
    )


def _beats(control: _Control) -> Sequence[BeatStatus]:
    """As the file says now; while it is broken, which the router tells, there is nothing to show."""
    try:
        expected = load_intakes(control.parts.settings.folders).heartbeats
    except DefinitionErrors:
        return ()
    return statuses(control.routing.store, expected, control.parts.clock.now())


def _exporters(control: _Control) -> None:
    parts, every = control.parts, control.parts.settings.evaluate_every
    parts.add_sampler(
        [
            ProcessCpu("control", SystemClock()),
            ProcessMemory("control"),
            OpenFiles("control"),
            DiskSpace("control-disk", parts.paths.control),
        ],
        _servers(parts.settings),
    )
    parts.collectors.append(SloStatusCollector(control.view.last))
    findings = KeptFindings(KeptReport(parts.paths.budget_drift), parts.clock)
    parts.collectors.append(BudgetDriftCollector(findings))
    if parts.settings.folders.is_shipped:
        readings = PairReadings(parts.paths.consistency)
        parts.collectors.append(ConsistencyIndexCollector(readings, parts.clock))
    parts.loops.append(Loop("statuses", every, in_thread(control.view.refresh), parts.clock))


def _servers(settings: Settings) -> Sequence[ServerProbe]:
    """What the profile's servers are asked; the embedded one has none."""
    if settings.profile == EMBEDDED:
        return ()
    # Imported here: the drivers take time to load, and the embedded profile asks nobody.
    from app.bootstrap.server_probes import probes_of

    return probes_of(settings)


@dataclass(frozen=True, slots=True)
class PairReadings:
    """The newest comparisons on file, as exporter and console show them."""

    path: Path

    def readings(self) -> Sequence[PairReading]:
        try:
            return [PairReading(**asdict(check)) for check in latest_checks(self.path)]
        except (UnusableFile, DataDirectoryError) as error:
            log.warning("consistency readings are unknown: %s", error)
            return []


_ROLES: dict[str, Callable[[_Control], None]] = {
    "prober": _prober,
    "evaluator": _evaluator,
    "router": _router,
    "console": _console,
    "exporters": _exporters,
}
