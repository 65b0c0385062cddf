"""The router's role: alerts in, worked off, escalated, delivered, audited, counted; missed when it stops."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx
from starlette.routing import Route

from alarms.http.desk_api import DeskApi
from alarms.intake.inbox import Inbox
from alarms.intake.normalise import intake_rules
from alarms.intake.sns_message import CertificateSource
from alarms.intake.worker import IntakeWorker
from alarms.model.ids import SortableIds
from alarms.model.notification import Delivery
from alarms.notify.dispatcher import Dispatcher
from alarms.reports.metrics import RouterMetrics
from alarms.router.heartbeat import HeartbeatSender, ping
from app.bootstrap.alarm_intake import alarm_intake
from app.bootstrap.router import Notifiers, RouterParts, build_notifiers
from app.serving.loops import Loop, in_thread
from app.settings import Settings
from foundation.clock import Clock, SystemClock
from slo.model.catalogue import Catalogue

WORK_EVERY = 0.1  # real seconds between two looks at the inbox and the outbox
TICK_EVERY = 5.0  # clock seconds between two looks at the timers
AUDIT_EVERY = 60.0  # clock seconds
LEASE = timedelta(seconds=60)
AT_ONCE = 16  # messages on their way
PING_SECONDS = 10.0  # real, that a heartbeat may take


@dataclass(frozen=True, slots=True)
class RoutingRole:
    """What the role adds to its process."""

    routes: Sequence[Route]
    loops: Sequence[Loop]
    metrics: RouterMetrics
    close: Callable[[], Awaitable[None]]


def routing_role(
    settings: Settings,
    catalogue: Catalogue,
    routing: RouterParts,
    clock: Clock,
    certificates: CertificateSource | None = None,
) -> RoutingRole:
    """Hooks and desk want the bearer token of ``hook_token``; with none set, the one kept in its file.

    Raises:
        SettingsError: a channel lacks its secret, or AWS cannot be used as it is configured.
    """
    store, router = routing.store, routing.router
    metrics = RouterMetrics(store, clock)
    inbox = Inbox(store, clock, SortableIds(clock))
    intake = alarm_intake(settings, store, inbox, clock, certificates)
    worker = _worker(settings, catalogue, routing, clock, inbox)
    notifiers = build_notifiers(routing.channels, settings, clock)
    dispatcher = _dispatcher(routing, notifiers, clock, metrics)
    outside = httpx.Client(timeout=PING_SECONDS, follow_redirects=False)
    heartbeat = HeartbeatSender(
        store, clock, lambda: ping(outside, settings.heartbeat_url), complaint=intake.complaint
    )
    real = SystemClock()

    def tick() -> None:
        router.tick()
        heartbeat.ticked()

    loops = [
        Loop("work", WORK_EVERY, in_thread(lambda: worker.run_once() > 0), real),
        Loop("timers", TICK_EVERY, in_thread(tick), clock),
        Loop("deliver", WORK_EVERY, in_thread(lambda: dispatcher.pump() > 0), real),
        Loop("audit", AUDIT_EVERY, in_thread(lambda: metrics.repaired(len(router.audit()))), clock),
        *intake.loops,
    ]
    if settings.heartbeat_url:
        loops.append(Loop("heartbeat", settings.heartbeat_every, in_thread(heartbeat.run_once), real))

    async def close() -> None:
        for step in (dispatcher.close, notifiers.close, outside.close):
            await asyncio.to_thread(step)
        await intake.close()

    return RoutingRole(
        routes=[*intake.routes, *DeskApi(router, intake.people).routes()],
        loops=loops,
        metrics=metrics,
        close=close,
    )


def _worker(
    settings: Settings, catalogue: Catalogue, routing: RouterParts, clock: Clock, inbox: Inbox
) -> IntakeWorker:
    policy = routing.router.policy
    rules = intake_rules(settings.environment, catalogue.slos, policy.severity_words, policy.ignored_labels)
    return IntakeWorker(
        routing.store,
        routing.router,
        rules,
        clock,
        received=routing.received.count,
        left=inbox.worked_off,
        flooded=inbox.is_flooded,
    )


def _dispatcher(
    routing: RouterParts, notifiers: Notifiers, clock: Clock, metrics: RouterMetrics
) -> Dispatcher:
    def dead(delivery: Delivery) -> None:
        """Somebody has to be told all the same: the next in the matrix is."""
        metrics.delivered(delivery)
        routing.router.undeliverable(delivery)

    return Dispatcher(
        routing.store,
        notifiers.by_channel,
        clock,
        f"dispatcher-{os.getpid()}",
        lease=LEASE,
        concurrency=AT_ONCE,
        on_sent=metrics.delivered,
        on_failed=metrics.delivered,
        on_dead=dead,
    )
