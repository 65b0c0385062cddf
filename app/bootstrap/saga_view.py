"""Sagas as they stand, beside a running server: from the profile's own source of truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from app.bootstrap.platform import EMBEDDED
from app.settings import Settings
from credit.ports.sagas import Saga, SagaLog, SagaState
from dataplatform.stores.sqlite.saga_file import read_saga, read_sagas
from foundation.clock import parse_clock

T = TypeVar("T")


def sagas_in(settings: Settings, states: Sequence[SagaState], limit: int) -> Sequence[Saga]:
    """Up to ``limit`` of each state, oldest first.

    Raises:
        DataDirectoryError, StoreUnavailable: the file, or the server, cannot be read.
    """
    if settings.profile == EMBEDDED:
        return read_sagas(settings.data_dir, states, limit)

    async def work(log: SagaLog) -> Sequence[Saga]:
        return [saga for state in states for saga in await log.list(state, limit)]

    return asyncio.run(_asked(settings, work))


def saga_in(settings: Settings, saga_id: str) -> Saga | None:
    """Raises as ``sagas_in`` does."""
    if settings.profile == EMBEDDED:
        return read_saga(settings.data_dir, saga_id)
    return asyncio.run(_asked(settings, lambda log: log.find(saga_id)))


async def _asked(settings: Settings, work: Callable[[SagaLog], Awaitable[T]]) -> T:
    # Imported here: the driver takes time to load, and the embedded profile needs none.
    from dataplatform.stores.mysql.relational import open_mysql_relational

    relational = await asyncio.to_thread(
        open_mysql_relational, settings.relational_writer, None, parse_clock(settings.clock)
    )
    try:
        return await work(relational.sagas)
    finally:
        await relational.close()
