"""The records of all shards for the workers of one process: leased, settled, and checkpointed in order.

A checkpoint moves only over records that are settled, so a process that dies anywhere leaves what it had not
finished to the next one. Shards that came of a split or a merge are read after the ones they came of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credit.metrics import INGEST_HOT_SHARDS, INGEST_SHARD_SHARE
from credit.ports.stream import StreamRecord
from dataplatform.ingestion.checkpoints import SHARD_END, Checkpoints
from dataplatform.ingestion.deaggregate import parts, record_name
from dataplatform.stores.kinesis.calls import KinesisCalls, KinesisError
from dataplatform.stores.kinesis.hot_shards import HotShardRule, ShardShares
from dataplatform.stores.kinesis.lease_table import LeaseTable
from dataplatform.stores.kinesis.shard import Shard
from foundation.clock import Clock
from foundation.metrics import Telemetry

MOST_RECORDS = 10_000  # that one GetRecords call may be asked for

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """``poll_seconds`` (real) between two reads of a shard: the service allows five a second.
    ``in_flight``: unsettled records held in memory at most, give or take one read."""

    poll_seconds: float = 0.2
    in_flight: int = 5_000


class KinesisReader:
    def __init__(
        self,
        calls: KinesisCalls,
        checkpoints: Checkpoints,
        telemetry: Telemetry,
        clock: Clock,
        limits: ReaderLimits,
        hot_shards: HotShardRule,
    ) -> None:
        self._calls, self._checkpoints = calls, checkpoints
        self._telemetry, self._clock, self._limits = telemetry, clock, limits
        self._leases = LeaseTable(clock)
        self._shares = ShardShares(hot_shards)
        self._shards: dict[str, Shard] = {}
        self._unsaved: dict[str, str] = {}
        self._listed = False
        self._reading = asyncio.Lock()

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        """As ``StreamReader``. Raises KinesisError: no shard could be read and nothing waits here."""
        if len(self._leases) < self._limits.in_flight // 2:
            await self._fetch()
        return self._leases.lease(worker, limit, lease_seconds)

    def holds(self, worker: str, sequence: str) -> StreamRecord | None:
        return self._leases.holds(worker, sequence)

    async def settle(self, worker: str, sequences: Sequence[str]) -> None:
        """They need no more work. Raises StoreUnavailable: the checkpoint did not move; they may come again
        to another process."""
        for record in self._leases.settle(worker, sequences):
            shard, sequence = _place(record.sequence)
            self._shards[shard].progress.settle(sequence)
        await self._save()

    def retry(self, worker: str, sequences: Sequence[str]) -> None:
        self._leases.retry(worker, sequences)

    async def oldest(self) -> datetime | None:
        """Arrival of the oldest unsettled record. Of what is not read yet the server tells the age; for a
        shard that does not answer it is the last moment at which nothing was unread there.

        Raises:
            KinesisError: a shard could never be read yet.
        """
        if not len(self._leases):
            await asyncio.sleep(self._pause())
            await self._fetch()
        found = [self._unread_since(shard) for shard in self._open()]
        found.append(self._leases.oldest())
        return min((at for at in found if at is not None), default=None)

    def _pause(self) -> float:
        """Real seconds until every shard may be read again."""
        due = [at + self._limits.poll_seconds for shard in self._open() if (at := shard.read_at) is not None]
        return max([0.0, *(at - self._clock.monotonic() for at in due)])

    def _unread_since(self, shard: Shard) -> datetime | None:
        if shard.failure is None:
            return shard.behind_since
        if shard.at_tip_at is None:
            raise shard.failure
        return shard.at_tip_at

    def _open(self) -> list[Shard]:
        return [shard for shard in self._shards.values() if not shard.ended]

    async def _fetch(self) -> None:
        """Read every shard whose turn it is."""
        async with self._reading:
            await self._list_shards()
            room = self._limits.in_flight - len(self._leases)
            due = [shard for shard in self._open() if self._is_due(shard)]
            if not due or room <= 0:
                return
            limit = min(MOST_RECORDS, max(1, room // len(due)))
            results = await asyncio.gather(*(self._read(shard, limit) for shard in due))
            if not any(results) and not len(self._leases) and (failure := due[0].failure) is not None:
                raise failure
            if any(shard.ended for shard in due):
                self._listed = False  # its children are on the list now
                await self._save()
            self._report()

    def _is_due(self, shard: Shard) -> bool:
        if any(not self._shards[parent].done for parent in shard.parents if parent in self._shards):
            return False
        return shard.read_at is None or (self._clock.monotonic() - shard.read_at >= self._limits.poll_seconds)

    async def _read(self, shard: Shard, limit: int) -> bool:
        """Whether the shard answered."""
        try:
            records = await shard.read(self._calls, limit, self._clock)
        except KinesisError as error:
            logger.info("%s is read again later: %s", shard.shard_id, error.reason)
            return False
        for raw in records:
            self._take(shard, raw)
        self._shares.add(shard.shard_id, len(records), self._clock.monotonic())
        return True

    def _take(self, shard: Shard, raw: Mapping[str, Any]) -> None:
        """Every part of a record becomes a record; they are settled together."""
        unpacked = parts(raw["PartitionKey"], raw["Data"])
        shard.progress.read(raw["SequenceNumber"], len(unpacked))
        self._leases.add(
            StreamRecord(
                record_name(shard.shard_id, raw["SequenceNumber"], part.number),
                part.partition_key,
                part.data,
                raw["ApproximateArrivalTimestamp"],
                0,
            )
            for part in unpacked
        )

    async def _list_shards(self) -> None:
        if self._listed:
            return
        positions = await self._checkpoints.load(self._calls.stream)
        for found in await self._all_shards():
            shard_id = str(found["ShardId"])
            if shard_id in self._shards or positions.get(shard_id) == SHARD_END:
                continue
            parents = [found[name] for name in ("ParentShardId", "AdjacentParentShardId") if found.get(name)]
            self._shards[shard_id] = Shard(shard_id, parents, positions.get(shard_id, ""))
        self._listed = True

    async def _all_shards(self) -> list[Mapping[str, Any]]:
        answer = await self._calls.call("list_shards")
        shards = list(answer["Shards"])
        while token := answer.get("NextToken"):
            answer = await self._calls.call("list_shards", NextToken=token)
            shards.extend(answer["Shards"])
        return shards

    async def _save(self) -> None:
        for shard in self._shards.values():
            reached = shard.progress.advance()
            if reached is not None:
                self._unsaved[shard.shard_id] = reached
            if shard.done:
                self._unsaved[shard.shard_id] = SHARD_END
        if self._unsaved:
            positions = dict(self._unsaved)
            await self._checkpoints.save(self._calls.stream, positions)
            self._unsaved = {s: p for s, p in self._unsaved.items() if positions.get(s) != p}
            self._shards = {s: shard for s, shard in self._shards.items() if positions.get(s) != SHARD_END}

    def _report(self) -> None:
        names = [shard.shard_id for shard in self._open()]
        for name, share in self._shares.shares(names).items():
            self._telemetry.set(INGEST_SHARD_SHARE, share, shard=name)
        hot = self._shares.hot(names)
        self._telemetry.set(INGEST_HOT_SHARDS, float(len(hot)))


def _place(name: str) -> tuple[str, str]:
    """Shard and sequence number of a record's name."""
    shard, _, rest = name.partition(":")
    return shard, rest.partition("/")[0]
