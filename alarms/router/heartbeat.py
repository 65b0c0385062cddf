"""A sign of life to a dead man's switch: when it stops, the switch pages. It stops when pages do not leave or
alarms do not come in, too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

LOG = logging.getLogger(__name__)


class HeartbeatSender:
    """``send`` reaches the outside. ``most_waiting`` is how old an undelivered message may get."""

    def __init__(
        self,
        store: RouterStore,
        clock: Clock,
        send: Callable[[], None],
        *,
        most_waiting: timedelta = timedelta(minutes=5),
        most_since_tick: timedelta = timedelta(minutes=2),
        complaint: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``complaint`` is what somebody else has to say against beating."""
        self._store = store
        self._clock = clock
        self._send = send
        self._most_waiting = most_waiting
        self._most_since_tick = most_since_tick
        self._complaint = complaint
        self._ticked_at: datetime | None = None

    def ticked(self) -> None:
        """Timers were looked at just now."""
        self._ticked_at = self._clock.now()

    def reason_to_be_silent(self) -> str | None:
        """Why whoever listens had better be alarmed; None: all is well."""
        now = self._clock.now()
        if self._ticked_at is None or now - self._ticked_at > self._most_since_tick:
            return "timers have not been checked recently"
        oldest = self._store.oldest_undelivered()
        if oldest is not None and now - oldest > self._most_waiting:
            return f"a message has been waiting since {oldest.isoformat()}"
        return self._complaint()

    def run_once(self) -> bool:
        """Whether a beat went out."""
        reason = self.reason_to_be_silent()
        if reason is not None:
            LOG.error("no heartbeat", extra={"reason": reason})
            return False
        self._send()
        return True


def ping(client: httpx.Client, url: str) -> None:
    """One beat to a dead-man's-switch address. That it failed is for the other side to notice."""
    try:
        with client.stream("GET", url) as answer:  # of which nobody needs the body
            answer.raise_for_status()
    except httpx.HTTPError as error:
        LOG.warning("the heartbeat did not arrive", extra={"reason": type(error).__name__})
