"""Whether messages arrive, channel by channel: one that brings nothing is an incident of its own.

A message about such an incident that does not arrive either is no further failure of a channel that is known.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from alarms.model.errors import StoreBusy, UnreadableRow
from alarms.model.notification import Delivery, DeliveryState
from alarms.router.troubles import CHANNEL_FAILS, SELF, SHOWN, Trouble, Troubles
from alarms.stores.protocol import RouterStore
from foundation.bilingual import Text
from foundation.clock import Clock

PATIENCE = timedelta(minutes=10)  # with failures that may pass
LOOKED_AT = 1_000  # deliveries
ARRIVES = Text("messages arrive again", "as mensagens chegam de novo")
GONE = Text("there is no such channel any more", "esse canal não existe mais")


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Of the newest messages. ``failing_since`` (None: the last one arrived, or none was sent) is when the
    first was written that has failed since one arrived, and ``reason`` why the last of these did."""

    arrived_at: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""
    waiting: int = 0


def channel_health(deliveries: Iterable[Delivery]) -> Mapping[str, ChannelHealth]:
    by_channel: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_channel.setdefault(delivery.notification.channel, []).append(delivery)
    return {channel: _health(channel, of_it) for channel, of_it in by_channel.items()}


def _health(channel: str, deliveries: Sequence[Delivery]) -> ChannelHealth:
    arrived = max((one.sent_at for one in deliveries if one.sent_at is not None), default=None)
    failed = [
        one
        for one in deliveries
        if one.last_error and (arrived is None or one.notification.created_at > arrived)
    ]
    return ChannelHealth(
        arrived_at=arrived,
        failing_since=min((one.notification.created_at for one in failed), default=None),
        reason=_reason(max(failed, key=lambda one: one.sequence)) if failed else "",
        waiting=sum(one.state in (DeliveryState.PENDING, DeliveryState.SENDING) for one in deliveries),
    )


def _reason(delivery: Delivery) -> str:
    return (delivery.last_error or "").removeprefix(f"{delivery.notification.channel}: ")[:SHOWN]


class Closer(Protocol):
    def trouble_is_over(self, trouble: Trouble, why: Text) -> None: ...


class ChannelWatch:
    """``settled`` is for the dispatcher's threads, ``look`` for a loop."""

    def __init__(
        self,
        store: RouterStore,
        troubles: Troubles,
        closer: Closer,
        clock: Clock,
        channels: Collection[str],
    ) -> None:
        self._store = store
        self._troubles = troubles
        self._closer = closer
        self._clock = clock
        self._channels = channels
        self._lock = threading.Lock()
        self._arrived: dict[str, datetime] = {}
        self._first_failed: dict[str, datetime] = {}
        self._last_failed: dict[str, datetime] = {}
        self._failing = self._told_before()

    def change_channels(self, channels: Collection[str]) -> None:
        self._channels = channels

    def settled(self, delivery: Delivery) -> None:
        """It was sent, has to be tried again, or never will arrive."""
        channel, now = delivery.notification.channel, self._clock.now()
        with self._lock:
            if delivery.state is DeliveryState.SENT:
                self._arrived[channel] = now
                self._first_failed.pop(channel, None)
                self._failing.pop(channel, None)
            elif self._counts(delivery, now):
                self._last_failed[channel] = now
                reason = _reason(delivery)
                since, _ = self._failing.get(channel, (self._first_failed[channel], ""))
                self._failing[channel] = (since, reason)
                self._troubles.note(trouble_of(channel, reason))

    def _counts(self, delivery: Delivery, now: datetime) -> bool:
        """Whether it says of its channel that nothing arrives, and nobody was told of it yet."""
        channel = delivery.notification.channel
        arrived = self._arrived.get(channel)
        if channel not in self._channels:
            return False
        if arrived is not None and arrived >= delivery.notification.created_at:
            return False  # others arrive: it is this receiver's own
        first = self._first_failed.setdefault(channel, now)
        if delivery.state is not DeliveryState.DEAD:
            return channel not in self._failing and now - first >= PATIENCE
        return not (channel in self._failing and self._is_of_a_channel(delivery))

    def _is_of_a_channel(self, delivery: Delivery) -> bool:
        try:
            incident = self._store.incident(delivery.notification.incident_id)
        except (UnreadableRow, StoreBusy):
            return False
        return incident is not None and incident.name == CHANNEL_FAILS

    def look(self) -> None:
        """End what is over: through that channel a message has arrived, or there is no such channel."""
        for record in self._store.firing(SELF):
            if record.name != CHANNEL_FAILS:
                continue
            channel = record.labels["about"]
            with self._lock:
                arrived = self._arrived.get(channel)
                failed = self._last_failed.get(channel, record.received_at)
                gone = channel not in self._channels
                if gone:
                    self._failing.pop(channel, None)
            if gone or (arrived is not None and arrived > failed):
                self._closer.trouble_is_over(trouble_of(channel, ""), GONE if gone else ARRIVES)

    def problems(self) -> list[str]:
        return []

    def remarks(self) -> list[str]:
        with self._lock:
            failing = sorted(self._failing.items())
        return [
            f"messages by {channel} do not arrive since {since:%Y-%m-%d %H:%M:%S} UTC: {reason}"
            for channel, (since, reason) in failing
        ]

    def _told_before(self) -> dict[str, tuple[datetime, str]]:
        told = [record for record in self._store.firing(SELF) if record.name == CHANNEL_FAILS]
        health = channel_health(self._store.deliveries(limit=LOOKED_AT)) if told else {}
        return {
            channel: (record.starts_at, health.get(channel, ChannelHealth()).reason)
            for record in told
            if (channel := record.labels["about"])
        }


def trouble_of(channel: str, reason: str) -> Trouble:
    return Trouble(
        CHANNEL_FAILS,
        channel,
        Text(
            f"Messages by the channel {channel} do not arrive: {reason}. Whoever has no other is not told.",
            f"As mensagens pelo canal {channel} não chegam: {reason}. Quem só tem esse canal não é avisado.",
        ),
    )
