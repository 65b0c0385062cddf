"""The severity router over its SQLite store, as every process that touches incidents builds it."""

from __future__ import annotations

from dataclasses import dataclass

from alarms.ids import SortableIds
from alarms.metrics import AlertsReceived
from alarms.notify.channel import Channels
from alarms.notify.compose import Composer
from alarms.router import Router
from alarms.routing.topology import Topology
from alarms.runbook import Runbooks
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.alarm_policy import load_alarm_policy
from app.bootstrap.paths import DataPaths
from app.settings import Settings
from slo.catalogue import Catalogue
from slo.clock import parse_clock


@dataclass(frozen=True, slots=True)
class RouterParts:
    store: SqliteRouterStore
    router: Router
    runbooks: Runbooks
    channels: Channels
    received: AlertsReceived


def open_router(settings: Settings, catalogue: Catalogue) -> RouterParts:
    """Safe beside other processes on the same store.

    Raises:
        DefinitionErrors: the alarm policy or one of its companions says something wrong.
        AlarmsError: the store cannot be used.
    """
    paths = DataPaths(settings.data_dir)
    paths.control.mkdir(parents=True, exist_ok=True)
    clock = parse_clock(settings.clock)
    alarms = load_alarm_policy(settings.alarm_policy)
    store = SqliteRouterStore(paths.router)
    received = AlertsReceived()
    console = settings.console_url or f"http://{settings.host}:{settings.control_port}"
    router = Router(
        store,
        alarms.policy,
        clock,
        SortableIds(clock),
        schedules=alarms.schedules,
        topology=Topology(catalogue.components),
        composer=Composer(alarms.runbooks, console.rstrip("/")),
        received=received.count,
    )
    return RouterParts(store, router, alarms.runbooks, alarms.channels, received)
