"""One shard being read: where its iterator stands, and how far behind the tip that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dataplatform.stores.kinesis.calls import EXPIRED_ITERATOR, NOT_FOUND, KinesisCalls, KinesisError
from dataplatform.stores.kinesis.progress import ShardProgress
from foundation.clock import Clock


class Shard:
    """``parents`` are read to their end before it. ``ended``: closed, and nothing is left to read.

    ``failure`` is what the last read failed with, if it did; ``behind_since`` when the first record that is
    not read yet came, as the last read that worked said; ``at_tip_at`` when there was none.
    """

    def __init__(self, shard_id: str, parents: Sequence[str], position: str) -> None:
        """``position``: the last record processed before; empty: begin with the oldest that is kept."""
        self.shard_id, self.parents = shard_id, tuple(parents)
        self.progress = ShardProgress()
        self.ended = False
        self.read_at: float | None = None  # monotonic seconds
        self.failure: KinesisError | None = None
        self.behind_since: datetime | None = None
        self.at_tip_at: datetime | None = None
        self._position = position
        self._iterator: str | None = None

    @property
    def done(self) -> bool:
        """Read to its end, and everything settled."""
        return self.ended and not len(self.progress)

    async def read(self, calls: KinesisCalls, limit: int, clock: Clock) -> Sequence[Mapping[str, Any]]:
        """The next records, as boto3 gives them.

        Raises:
            KinesisError: throttled, or no answer; the next call goes on from the same place.
        """
        self.read_at = clock.monotonic()
        try:
            answer = await self._get(calls, limit)
        except KinesisError as error:
            self.failure = error
            if error.code == NOT_FOUND:  # closed, and older than the retention
                self.ended = True
                return []
            raise
        self.failure = None
        records: Sequence[Mapping[str, Any]] = answer["Records"]
        if records:
            self._position = records[-1]["SequenceNumber"]
        self._iterator = answer.get("NextShardIterator")
        self.ended = self._iterator is None
        self._note_distance(float(answer.get("MillisBehindLatest") or 0.0), clock.now())
        return records

    async def _get(self, calls: KinesisCalls, limit: int) -> Mapping[str, Any]:
        if self._iterator is None:
            self._iterator = await self._begin(calls)
        try:
            return await calls.call("get_records", ShardIterator=self._iterator, Limit=limit)
        except KinesisError as error:
            if error.code != EXPIRED_ITERATOR:
                raise
        self._iterator = await self._begin(calls)
        return await calls.call("get_records", ShardIterator=self._iterator, Limit=limit)

    async def _begin(self, calls: KinesisCalls) -> str:
        kind = "AFTER_SEQUENCE_NUMBER" if self._position else "TRIM_HORIZON"
        start = {"StartingSequenceNumber": self._position} if self._position else {}
        answer = await calls.call(
            "get_shard_iterator", ShardId=self.shard_id, ShardIteratorType=kind, **start
        )
        return str(answer["ShardIterator"])

    def _note_distance(self, behind_ms: float, now: datetime) -> None:
        self.behind_since = now - timedelta(milliseconds=behind_ms) if behind_ms and not self.ended else None
        if self.behind_since is None:
            self.at_tip_at = now
