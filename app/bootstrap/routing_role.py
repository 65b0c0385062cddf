"""The router's role: alerts in over HTTP, worked off, escalated, delivered, audited; and counted."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from starlette.routing import Route

from alarms.audit import Auditor
from alarms.http.auth import HOOKS, READ, WRITE, BearerTokens, Principal
from alarms.http.desk_api import DeskApi
from alarms.http.hooks import Hooks
from alarms.ids import SortableIds
from alarms.intake.inbox import Inbox
from alarms.intake.normalise import intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.metrics import RouterMetrics
from alarms.notification import Delivery
from alarms.notify.dispatcher import Dispatcher
from alarms.notify.local_sink import LocalSink
from app.bootstrap.paths import DataPaths
from app.bootstrap.router import RouterParts
from app.serving.loops import Loop, in_thread
from app.settings import Settings
from slo.catalogue import Catalogue
from slo.clock import Clock, SystemClock

WORK_EVERY = 0.1  # real seconds between two looks at the inbox and the outbox
TICK_EVERY = 5.0  # clock seconds between two looks at the timers
AUDIT_EVERY = 60.0  # clock seconds
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class RoutingRole:
    """What the role adds to its process."""

    routes: Sequence[Route]
    loops: Sequence[Loop]
    metrics: RouterMetrics
    close: Callable[[], Awaitable[None]]


def routing_role(settings: Settings, catalogue: Catalogue, routing: RouterParts, clock: Clock) -> RoutingRole:
    """Hooks and desk want the bearer token of ``hook_token``; with none set, the one kept in its file."""
    paths = DataPaths(settings.data_dir)
    store, router = routing.store, routing.router
    metrics = RouterMetrics(store, clock)
    inbox = Inbox(store, clock, SortableIds(clock))
    worker = IntakeWorker(
        store,
        router,
        intake_rules(
            settings.environment,
            catalogue.slos,
            router.policy.severity_words,
            router.policy.ignored_labels,
        ),
        clock,
        received=metrics.received,
        left=inbox.worked_off,
        flooded=inbox.is_flooded,
    )

    def dead(delivery: Delivery) -> None:
        """Somebody has to be told all the same: the next in the matrix is."""
        metrics.delivered(delivery)
        router.undeliverable(delivery)

    dispatcher = Dispatcher(
        store,
        {"default": LocalSink(paths.notifications, clock)},
        clock,
        f"dispatcher-{os.getpid()}",
        lease=LEASE,
        on_sent=metrics.delivered,
        on_failed=metrics.delivered,
        on_dead=dead,
    )
    auditor = Auditor(store, router.office, clock.now)
    token = settings.hook_token or kept_token(paths.hook_token)
    everyone = BearerTokens.of({token: Principal("operator", frozenset({READ, WRITE, HOOKS}))})
    real = SystemClock()

    async def close() -> None:
        await asyncio.to_thread(dispatcher.close)

    return RoutingRole(
        routes=[*Hooks(inbox, everyone, clock).routes(), *DeskApi(router, store, everyone).routes()],
        loops=[
            Loop("work", WORK_EVERY, in_thread(lambda: worker.run_once() > 0), real),
            Loop("timers", TICK_EVERY, in_thread(router.tick), clock),
            Loop("deliver", WORK_EVERY, in_thread(lambda: dispatcher.run_once() > 0), real),
            Loop("audit", AUDIT_EVERY, in_thread(lambda: metrics.repaired(len(auditor.run_once()))), clock),
        ],
        metrics=metrics,
        close=close,
    )


def kept_token(path: Path) -> str:
    """The token in the file, made on first use, readable by its owner only."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(token + "\n")
        return token
