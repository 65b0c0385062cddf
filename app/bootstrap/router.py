"""The severity router over its SQLite store, as every process that touches incidents builds it."""

from __future__ import annotations

from dataclasses import dataclass

from alarms.ids import SortableIds
from alarms.policy_file import load_policy
from alarms.router import Router
from alarms.routing.topology import Topology
from alarms.schedule import load_schedules
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.paths import DataPaths
from app.settings import Settings
from slo.catalogue import Catalogue
from slo.clock import parse_clock


@dataclass(frozen=True, slots=True)
class RouterParts:
    store: SqliteRouterStore
    router: Router


def open_router(settings: Settings, catalogue: Catalogue) -> RouterParts:
    """Safe beside other processes on the same store.

    Raises:
        AlarmsError: the policy, the schedules or the store cannot be used.
    """
    paths = DataPaths(settings.data_dir)
    paths.control.mkdir(parents=True, exist_ok=True)
    clock = parse_clock(settings.clock)
    store = SqliteRouterStore(paths.router)
    router = Router(
        store,
        load_policy(),
        clock,
        SortableIds(clock),
        schedules=load_schedules(),
        topology=Topology(catalogue.components),
    )
    return RouterParts(store, router)
