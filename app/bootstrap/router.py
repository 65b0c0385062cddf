"""The severity router over its store, as every process that touches incidents opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from alarms.intake.corrections import readable
from alarms.intake.intakes_file import load_intakes
from alarms.intake.normalise import IntakeRules, intake_rules
from alarms.model.errors import StoreBusy
from alarms.model.ids import SortableIds
from alarms.notify.compose import Composer
from alarms.notify.links import Links, LinkSigner
from alarms.policy.alarm_policy import load_alarm_policy
from alarms.policy.channel import Channels, pagers
from alarms.policy.runbook import Runbooks
from alarms.reports.metrics import AlertsReceived
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.protocol import RouterStore
from alarms.stores.record import Record, open_sqlite_record
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.kept_alarm_files import UsableFiles
from app.bootstrap.kept_secret import kept_secret
from app.bootstrap.paths import DataPaths
from app.settings import Settings, SettingsError
from foundation.clock import parse_clock
from slo.model.catalogue import Catalogue

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class RouterParts:
    store: RouterStore
    router: Router
    runbooks: Runbooks
    channels: Channels
    received: AlertsReceived
    files: UsableFiles


def open_router(
    settings: Settings, catalogue: Catalogue, files: UsableFiles | None = None, *, must_exist: bool = False
) -> RouterParts:
    """Safe beside other processes on the same store; with the settings' alarm files, unless others are given.

    Raises:
        DefinitionErrors: the alarm policy or one of its companions says something wrong.
        AlarmsError: the store's file cannot be used.
        SettingsError: the store at ``router_store`` cannot.
    """
    if not must_exist:
        DataPaths(settings.data_dir).control.mkdir(parents=True, exist_ok=True)
    clock = parse_clock(settings.clock)
    used = files or UsableFiles(settings.folders, load_alarm_policy(settings.folders))
    alarms = used.alarms
    store = _open_store(settings, must_exist)
    received = AlertsReceived()

    def rules() -> IntakeRules:
        """As the files have them by now: a person asks, now and then."""
        policy, mappings = router.policy, load_intakes(settings.folders).mappings
        words, ignored = policy.severity_words, policy.ignored_labels
        return intake_rules(settings.environment, catalogue.slos, words, ignored, mappings)

    router = Router(
        store,
        alarms.policy,
        clock,
        SortableIds(clock),
        schedules=alarms.schedules,
        topology=Topology(catalogue.components),
        composer=Composer(alarms.runbooks, Links(console_address(settings), link_signer(settings))),
        received=received.count,
        environment=settings.environment,
        pagers=pagers(alarms.channels),
        readable=readable(rules),
    )
    return RouterParts(store, router, alarms.runbooks, alarms.channels, received, used)


def console_address(settings: Settings) -> str:
    """Where messages say that the console is."""
    return (settings.console_url or f"http://{settings.host}:{settings.control_port}").rstrip("/")


def link_signer(settings: Settings) -> LinkSigner:
    """One key for every process that writes messages: the one that is set, or the one in its file."""
    path = DataPaths(settings.data_dir).acknowledge_key
    return LinkSigner(lambda: (settings.acknowledge_key or kept_secret(path)).encode())


def open_record(settings: Settings) -> Record:
    """What the router's store has of the past, read only, beside a router that runs.

    Raises:
        UnusableFile: the store's file cannot be used.
        StoreBusy: it cannot be opened.
        SettingsError: the store at ``router_store`` cannot be used.
    """
    if not settings.router_store:
        return open_sqlite_record(DataPaths(settings.data_dir).router)
    from alarms.stores.mysql import open_mysql_record

    return _on_a_server(settings, open_mysql_record)


def _open_store(settings: Settings, must_exist: bool) -> RouterStore:
    """Leases go by the database's clock, which the workers share, unless ours is accelerated."""
    if not settings.router_store:
        return SqliteRouterStore(DataPaths(settings.data_dir).router, must_exist=must_exist)
    # Imported here: its driver takes time to load, and the embedded store needs none.
    from alarms.stores.mysql import MysqlRouterStore

    return _on_a_server(
        settings, lambda address: MysqlRouterStore(address, server_time=settings.clock == "system")
    )


def _on_a_server(settings: Settings, opened: Callable[[str], Opened]) -> Opened:
    """Raises SettingsError where the address is none, or its server does not answer."""
    shown = settings.masked()["router_store"]
    try:
        return opened(settings.router_store)
    except ValueError as error:
        fix = "Write mysql://user:password@host:port/database"
        raise SettingsError("router_store", f"{shown}: {error}", fix) from None
    except StoreBusy as error:
        fix = "Start that server, or correct the URL"
        raise SettingsError("router_store", f"{shown} cannot be used: {error.reason}", fix) from error
