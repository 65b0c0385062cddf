"""Faults on purpose, inside the adapters: real errors and real slowness, by a deterministic pattern."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from credit.domain.errors import InvalidValue, StoreUnavailable
from credit.ports.faults import Fault
from dataplatform.wrapped import Around

STORES = ("relational", "hot", "wide", "cache", "stream")

T = TypeVar("T")


class FaultBoard:
    """The switch (``credit.ports.faults.FaultSwitch``) and what each wrapped call asks before it goes on.

    The n-th call to a store fails when a hash of (seed, store, n) falls under ``error_ratio``: the same
    seed and the same order of calls give the same failures.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._faults: dict[str, Fault] = {}
        self._calls: dict[str, int] = {}

    def set(self, store: str, fault: Fault) -> None:
        """Raises InvalidValue: no such store, a ratio outside [0, 1], or a negative delay."""
        if store not in STORES:
            raise InvalidValue("store", f"there is no store {store!r}", f"Use one of {', '.join(STORES)}")
        if not 0.0 <= fault.error_ratio <= 1.0:
            raise InvalidValue(
                "error_ratio", f"{fault.error_ratio} is not a number from 0 to 1", "Give a number from 0 to 1"
            )
        if not 0.0 <= fault.delay_seconds <= 60.0:
            raise InvalidValue(
                "delay_seconds", f"{fault.delay_seconds} is out of range", "Give a number from 0 to 60"
            )
        self._faults[store] = fault
        self._calls[store] = 0

    def clear(self, store: str) -> None:
        self._faults.pop(store, None)

    def active(self) -> Mapping[str, Fault]:
        return dict(self._faults)

    async def meet(self, store: str) -> None:
        """Wait and fail as the store's fault says; nothing at all when it has none.

        Raises:
            StoreUnavailable: this call is one of the failing ones.
        """
        fault = self._faults.get(store)
        if fault is None:
            return
        number = self._calls[store] = self._calls.get(store, 0) + 1
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if self._draw(store, number) < fault.error_ratio:
            raise StoreUnavailable(store, "a fault was injected on purpose; clear it to fix this")

    def around(self, store: str) -> Around:
        """Each call first meets the store's fault, if it has one."""

        async def meet(method: str, call: Callable[[], Awaitable[T]]) -> T:
            await self.meet(store)
            return await call()

        return meet

    def _draw(self, store: str, number: int) -> float:
        """A number in [0, 1), the same each time for the same seed, store and call."""
        text = f"{self._seed}/{store}/{number}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / 2.0**64
