"""Carries notifications from the outbox to their receivers: at least once, the same dedup id every time."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from alarms.model.errors import NotifierError, PermanentFailure, TemporaryFailure, Unanswered
from alarms.model.notification import Delivery, DeliveryState, Notification
from alarms.notify.carriers import Carriers
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
UNANSWERED = (timedelta(minutes=2), timedelta(minutes=5))  # least waits after what may have arrived
Settled = Callable[[Delivery], None]


class Notifier(Protocol):
    """What a receiver has to implement. Adapters do not inherit from this."""

    def send(self, notification: Notification) -> str:
        """Deliver, blocking; the provider's id of the message. Sent twice, it carries the same dedup id.

        Raises:
            TemporaryFailure: worth another attempt.
            PermanentFailure: it never will be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt, spread so that many do not retry as one.

    The n-th wait is ``first * 2**(n-1)``, at most ``longest``, less up to a quarter of itself.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)
    attempts: int = 100

    def wait(self, attempt: int, identity: str) -> timedelta:
        """After attempt number ``attempt`` (1 is the first). The same identity always waits the same."""
        full = min(self.longest, self.first * (1 << min(attempt - 1, 20)))
        spread = hashlib.sha256(f"{identity}/{attempt}".encode()).digest()[0] / 255
        return full - full * (spread / 4)


def ignore(_: Delivery) -> None:
    """Nobody is interested."""


class Dispatcher:
    """Several may share one store. ``pump`` is for one thread of its own, ``run_once`` for tests and tools.

    ``lease`` has to be longer than any notifier's own time-out. ``on_sent``, ``on_failed`` and ``on_dead``
    hear of what became of a delivery, after it is on file.
    """

    def __init__(
        self,
        store: RouterStore,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        worker: str,
        *,
        lease: timedelta = timedelta(seconds=60),
        concurrency: int = 8,
        backoff: Backoff | None = None,
        on_sent: Settled = ignore,
        on_failed: Settled = ignore,
        on_dead: Settled = ignore,
    ) -> None:
        self._store = store
        self._carriers = Carriers(notifiers)
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._concurrency = concurrency
        self._backoff = backoff or Backoff()
        self._on_sent = on_sent
        self._on_failed = on_failed
        self._on_dead = on_dead
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="notify")
        self._on_the_way: set[Future[None]] = set()

    def run_once(self) -> int:
        """Claim what is due, as much as can be sent at once, and send it; how many were tried."""
        outcomes = self._send_due(self._concurrency)
        for outcome in outcomes:
            outcome.result()
        return len(outcomes)

    def pump(self) -> int:
        """Claim what is due and set it on its way, without waiting for a slow receiver; how many are new.

        Raises whatever kept an earlier one from being settled: its lease brings it back.
        """
        done = {outcome for outcome in self._on_the_way if outcome.done()}
        self._on_the_way -= done
        for outcome in done:
            outcome.result()
        free = self._concurrency - len(self._on_the_way)
        started = self._send_due(free) if free else []
        self._on_the_way.update(started)
        return len(started)

    def _send_due(self, most: int) -> list[Future[None]]:
        now = self._clock.now()
        claimed = self._store.claim(self._worker, now, now + self._lease, most)
        return [self._pool.submit(self._deliver, delivery) for delivery in claimed]

    def drain(self, most: int = 100_000) -> int:
        """Until nothing is due."""
        tried = 0
        while tried < most and (batch := self.run_once()):
            tried += batch
        return tried

    def change_notifiers(self, notifiers: Mapping[str, Notifier], close: Callable[[], None]) -> None:
        """For messages from now on; ``close`` closes these once they are changed in their turn."""
        self._carriers.change(notifiers, close)

    def close(self) -> None:
        """Waits for messages that are on their way."""
        self._pool.shutdown(wait=True)
        self._carriers.close()

    def _deliver(self, delivery: Delivery) -> None:
        notification = delivery.notification
        try:
            with self._carriers.in_use() as notifiers:
                provider_id = _notifier(notifiers, notification.channel).send(notification)
        except PermanentFailure as failure:
            self._give_up(delivery, failure)
        except NotifierError as failure:
            self._try_again(delivery, failure)
        except Exception as error:  # a receiver's bug must neither lose the page nor stop the rest
            LOG.exception("a notifier failed in an unforeseen way", extra={"channel": notification.channel})
            self._try_again(
                delivery, TemporaryFailure(notification.channel, f"{type(error).__name__}: {error}")
            )
        else:
            sent = replace(
                delivery,
                state=DeliveryState.SENT,
                attempts=delivery.attempts + 1,
                sent_at=self._clock.now(),
                provider_id=provider_id,
                lease_until=None,
                last_error=None,
            )
            if self._store.settle(sent):
                self._on_sent(sent)

    def _try_again(self, delivery: Delivery, failure: NotifierError) -> None:
        attempts = delivery.attempts + 1
        if attempts >= self._backoff.attempts:
            self._give_up(delivery, failure)
            return
        wait = self._backoff.wait(attempts, delivery.notification.dedup_id)
        asked = failure.wait if isinstance(failure, TemporaryFailure) else None
        if asked is not None:
            wait = min(max(wait, asked), self._backoff.longest)
        if isinstance(failure, Unanswered):
            wait = max(wait, UNANSWERED[min(attempts, len(UNANSWERED)) - 1])
        again = replace(
            delivery,
            state=DeliveryState.PENDING,
            attempts=attempts,
            next_attempt_at=self._clock.now() + wait,
            worker=None,
            lease_until=None,
            last_error=_reason(delivery, failure),
        )
        if self._store.settle(again):
            self._on_failed(again)

    def _give_up(self, delivery: Delivery, failure: NotifierError) -> None:
        dead = replace(
            delivery,
            state=DeliveryState.DEAD,
            attempts=delivery.attempts + 1,
            lease_until=None,
            last_error=_reason(delivery, failure),
        )
        LOG.error(
            "a notification cannot be delivered",
            extra={"dedup_id": dead.notification.dedup_id, "reason": dead.last_error},
        )
        if self._store.settle(dead):
            self._on_dead(dead)


def _reason(delivery: Delivery, failure: NotifierError) -> str:
    """With the channel's own name: there may be several of one kind."""
    channel = delivery.notification.channel
    return str(failure) if failure.receiver == channel else f"{channel}: {failure}"


def _notifier(notifiers: Mapping[str, Notifier], channel: str) -> Notifier:
    if channel not in notifiers:
        known = ", ".join(sorted(notifiers)) or "none"
        raise TemporaryFailure(channel, f"no channel of that name is configured here (known: {known})")
    return notifiers[channel]
