"""Waiting until everything is projected, on a machine that may be slow enough to open a store's circuit."""

from __future__ import annotations

import asyncio

from credit.ports.records import Outbox
from dataplatform.ingestion.projector import Projector


async def projected(outbox: Outbox, projector: Projector) -> None:
    while await outbox.depth():
        if not await projector.drain():
            await asyncio.sleep(0.5)
