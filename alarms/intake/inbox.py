"""Puts raw payloads on file before their senders are answered: many senders, one synced commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alarms.intake.parsers import HEARTBEAT
from alarms.model.errors import StoreBusy
from alarms.model.receipt import OVERTAKEN_WITHIN, Receipt, ReceiptState
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

URGENT = (
    *((mark, 1) for mark in (b'"P1"', b'"critical"', b'"emergency"', b'"fatal"', b'"disaster"', b'"urgent"')),
    *((mark, 2) for mark in (b'"P2"', b'"page"', b'"high"')),
)


@dataclass(slots=True)
class _Waiting:
    receipt: Receipt
    kept: asyncio.Future[None]


class Flood:
    """On while ``rate`` a second arrive, for ``longest`` seconds in a row at most, then off for as long."""

    def __init__(self, monotonic: Callable[[], float], rate: float = 200.0, longest: float = 20.0) -> None:
        self._monotonic = monotonic
        self._rate = rate
        self._longest = longest
        self._second = monotonic()
        self._count = 0
        self._on_since: float | None = None

    def arrived(self, receipts: int) -> None:
        now = self._monotonic()
        if now - self._second >= 1.0:
            flooded = self._count / (now - self._second) >= self._rate
            self._on_since = (self._on_since or now) if flooded else None
            self._second, self._count = now, 0
        self._count += receipts

    def is_on(self) -> bool:
        now = self._monotonic()
        if self._on_since is None or now - self._second > 2.0:
            return False
        return (now - self._on_since) % (2 * self._longest) < self._longest


class Inbox:
    """``most_waiting`` requests may wait for the disk at once, ``most_pending`` receipts for the router.

    Beyond that the sender is told to come again, which loses nothing; taking in more than can be worked off
    would.
    """

    def __init__(
        self,
        store: RouterStore,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        most_waiting: int = 2_000,
        most_pending: int = 100_000,
        batch: int = 500,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._most_waiting = most_waiting
        self._most_pending = most_pending
        self._batch = batch
        self._waiting: list[_Waiting] = []
        self._pending = store.count_receipts(ReceiptState.PENDING)
        self._flushing: asyncio.Task[None] | None = None
        self._flood = Flood(clock.monotonic)
        self._last = _newest(store)

    def is_flooded(self) -> bool:
        """So much comes in that whoever works it off had better take the urgent first and leave the rest."""
        return self._flood.is_on()

    async def keep(
        self, kind: str, payload: bytes, receipt_id: str | None = None, *, sender: str = ""
    ) -> str:
        """The receipt's id, once it is durable. The same given id again changes nothing.

        Raises:
            StoreBusy: too much is waiting, or the store failed; nothing was kept, the sender must try again.
        """
        if len(self._waiting) >= self._most_waiting:
            raise StoreBusy("too many requests are waiting for the disk")
        if self._pending >= self._most_pending:
            raise StoreBusy("too many alerts are waiting to be processed")
        receipt = Receipt(
            receipt_id or self._new_id(),
            kind,
            self._instant(),
            payload,
            1 if kind == HEARTBEAT else urgency_of(payload),
            sender=sender,
        )
        entry = _Waiting(receipt, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await entry.kept
        return receipt.id

    def _instant(self) -> datetime:
        """Later than that of every receipt before, as their order decides what overtook what.

        Unless the clock was put back by more than anything is overtaken by: then it is right now.
        """
        now, following = self._clock.now(), self._last + timedelta(microseconds=1)
        self._last = following if now < following <= now + OVERTAKEN_WITHIN else now
        return self._last

    def worked_off(self, pending: int) -> None:
        """How many receipts are left, by whoever works them off."""
        self._pending = pending

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                await self._append(batch)
        finally:
            self._flushing = None

    async def _append(self, batch: list[_Waiting]) -> None:
        try:
            await asyncio.to_thread(self._store.append_receipts, [entry.receipt for entry in batch])
        except Exception as error:  # noqa: BLE001 - whatever it was, every sender has to hear of it
            for entry in batch:
                if not entry.kept.done():
                    entry.kept.set_exception(StoreBusy(f"{type(error).__name__}: {error}"))
        else:
            self._pending += len(batch)
            self._flood.arrived(len(batch))
            for entry in batch:
                if not entry.kept.done():
                    entry.kept.set_result(None)


def _newest(store: RouterStore) -> datetime:
    """When the last receipt on file came in, also if it was a process before this one that took it."""
    newest = (receipt.received_at for state in ReceiptState for receipt in store.receipts(state, 1))
    return max(newest, default=datetime.min.replace(tzinfo=UTC))


def urgency_of(payload: bytes) -> int:
    """A guess that costs nothing: what may be a P1 is worked off first. Being wrong costs only order."""
    return next((rank for mark, rank in URGENT if mark in payload), 3)
