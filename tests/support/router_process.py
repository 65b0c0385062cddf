"""A router as a process of its own, that can be told to kill itself at a chosen point. Run as a script,
which finds the product and nothing else of the tests.

``--crash POINT`` names where it dies (by SIGKILL, once); everything else is the real thing: the ASGI
application under uvicorn, the intake worker, the timers, the dispatcher and the store: the SQLite file in
``--data``, or the MySQL at ``--store``.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from alarms.http.auth import HOOKS, READ, WRITE, BearerTokens, Principal
from alarms.http.desk_api import DeskApi
from alarms.http.hooks import Hooks
from alarms.intake.inbox import Inbox
from alarms.intake.normalise import intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.model.errors import StoreBusy
from alarms.model.ids import SortableIds
from alarms.model.incident import Transition
from alarms.model.notification import Delivery, Notification
from alarms.model.receipt import Receipt
from alarms.model.severity import Severity
from alarms.notify.dispatcher import Dispatcher, Notifier
from alarms.notify.sns import SnsNotifier
from alarms.notify.sns_topics import topic_name
from alarms.notify.webhook import WebhookNotifier
from alarms.policy.policy_file import load_policy
from alarms.policy.schedule import Schedules
from alarms.policy.schedule_file import load_schedules
from alarms.router.router import Router
from alarms.stores.mysql import MysqlRouterStore
from alarms.stores.protocol import RouterStore
from alarms.stores.sqlite import SqliteRouterStore
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, parse_clock
from slo.loaders.catalogue_files import load_catalogue

TOKEN = "secret-of-the-test"
SNS_TIME_OUT = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class MovedClock:
    """Put forward and back under the running process: ``inner``, as many seconds later as the file says.

    No file is not at all. Whoever reads the same file agrees on the time.
    """

    inner: Clock
    file: Path

    def now(self) -> datetime:
        try:
            return self.inner.now() + timedelta(seconds=float(self.file.read_text(encoding="ascii")))
        except FileNotFoundError:
            return self.inner.now()

    def monotonic(self) -> float:
        return self.inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.inner.sleep(seconds)

    def move(self, by: timedelta) -> None:
        """For everybody who reads the file, from now on."""
        self._write(self.now() - self.inner.now() + by)

    def set(self, instant: datetime) -> None:
        self._write(instant - self.inner.now())

    def _write(self, distance: timedelta) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(distance.total_seconds()), encoding="ascii")
        fresh.replace(self.file)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


class CrashingTransaction:
    """Everything of the real transaction, with a death in the middle of some of its writes."""

    def __init__(self, inner: Any, point: str | None) -> None:
        self._inner = inner
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def add_transition(self, transition: Transition) -> None:
        self._inner.add_transition(transition)
        if self._point == f"during-{transition.kind.value}":
            die()

    def enqueue(self, notification: Notification) -> bool:
        taken: bool = self._inner.enqueue(notification)
        if self._point == f"enqueued-{notification.step.value}":
            die()
        return taken


class CrashingStore:
    """Everything of the real store, with a death before or after some of its work."""

    def __init__(self, inner: RouterStore, point: str | None) -> None:
        self._inner = inner
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        self._maybe("before-commit")
        self._inner.append_receipts(receipts)
        self._maybe("between-commit-and-answer")

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._inner.transaction() as tx:
            yield CrashingTransaction(tx, self._point)

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        claimed = self._inner.claim(worker, now, lease_until, limit)
        if claimed:
            self._maybe("between-claim-and-publish")
        return claimed

    def settle(self, delivery: Delivery) -> bool:
        self._maybe("between-publish-and-mark-sent")
        return self._inner.settle(delivery)

    def _maybe(self, point: str) -> None:
        if self._point == point:
            die()


def open_store(options: argparse.Namespace) -> Any:
    """Leases by the server's clock, unless time is accelerated."""
    inner: RouterStore = (
        MysqlRouterStore(options.store, server_time=options.clock == "system" and options.moved is None)
        if options.store
        else SqliteRouterStore(options.data / "router.sqlite")
    )
    return CrashingStore(inner, options.crash)


def forever(step: Callable[[], object], pause: float) -> None:
    """A store that is busy is tried again; anything else ends the process, as it should."""

    def loop() -> None:
        while True:
            try:
                worked = step()
            except StoreBusy:
                worked = 0
            if not worked:
                time.sleep(pause)

    def guarded() -> None:
        try:
            loop()
        finally:
            os._exit(70)

    threading.Thread(target=guarded, daemon=True).start()


def clock_of(options: argparse.Namespace) -> Clock:
    clock = parse_clock(options.clock)
    return clock if options.moved is None else MovedClock(clock, options.moved)


def notifier_of(options: argparse.Namespace) -> Notifier:
    if options.sns is None:
        client = httpx.Client(timeout=5.0)
        return WebhookNotifier(options.receiver, b"key", lambda: datetime.now(UTC), client)
    sns = AwsClients().client("sns", ClientPurpose(connect_seconds=2, answer_seconds=SNS_TIME_OUT))
    made = {severity: sns.create_topic(Name=topic_name(options.sns, severity)) for severity in Severity}
    return SnsNotifier(sns, {severity: answer["TopicArn"] for severity, answer in made.items()})


AT_ONCE = replace(load_policy(), first_wait=timedelta(0))  # unless the test's own policy has the wait


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument("--sns", metavar="ENVIRONMENT", help="publish to its topics, wherever AWS_* says")
    to.add_argument("--receiver", metavar="URL", help="send to this webhook instead")
    parser.add_argument("--clock", default="system")
    parser.add_argument("--moved", type=Path, help="a file that says how far the clock is off")
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--schedules", type=Path)
    parser.add_argument("--store", default="", help="mysql://...; unset: SQLite in --data")
    parser.add_argument("--crash")
    parser.add_argument("--lease", type=float, default=20.0)
    options = parser.parse_args()

    clock = clock_of(options)
    store = open_store(options)
    policy = AT_ONCE if options.policy is None else load_policy(options.policy)
    schedules = Schedules() if options.schedules is None else load_schedules(options.schedules)
    router = Router(store, policy, clock, SortableIds(clock), schedules=schedules)
    inbox = Inbox(store, clock, SortableIds(clock))
    rules = intake_rules("test", load_catalogue().slos, policy.severity_words, policy.ignored_labels)
    worker = IntakeWorker(store, router, rules, clock, left=inbox.worked_off, flooded=inbox.is_flooded)
    dispatcher = Dispatcher(
        store,
        {"default": notifier_of(options)},
        clock,
        f"worker-{os.getpid()}",
        lease=timedelta(seconds=options.lease),
        on_dead=router.undeliverable,
    )
    who = BearerTokens.of({TOKEN: Principal("test", frozenset({HOOKS, READ, WRITE}))})
    hooks, desk = Hooks(inbox, who, clock), DeskApi(router, who)
    application = Starlette(routes=[*hooks.routes(), *desk.routes()])
    forever(worker.run_once, 0.01)
    forever(dispatcher.run_once, 0.01)
    forever(router.tick, 0.02)
    uvicorn.run(application, host="127.0.0.1", port=options.port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
