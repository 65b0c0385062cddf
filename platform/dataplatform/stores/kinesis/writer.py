"""PutRecords within its limits; what a shard refused is sent again, and only that."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from credit.domain.errors import InvalidValue
from dataplatform.ingestion.deaggregate import record_name
from dataplatform.resilience.retry import Random, RetryPolicy
from dataplatform.stores.kinesis.calls import KinesisCalls, KinesisError
from foundation.clock import Clock

MAX_RECORD_BYTES = 1_048_576  # data and partition key
MAX_REQUEST_BYTES = 5_242_880
MAX_REQUEST_RECORDS = 500
MAX_KEY_CHARACTERS = 256

Record = tuple[str, bytes]

logger = logging.getLogger(__name__)


class KinesisWriter:
    """A shard over its limit is given time: full jitter, growing with each round that got nothing in.

    A record sent again may arrive after a later one of its partition, as the service itself allows within a
    request; what is stored goes by version, not by arrival.
    """

    def __init__(self, calls: KinesisCalls, policy: RetryPolicy, clock: Clock, random: Random) -> None:
        self._calls, self._policy, self._clock, self._random = calls, policy, clock, random

    async def put(self, records: Sequence[Record]) -> Sequence[str]:
        """Raises InvalidValue (before anything is sent) and KinesisError, as ``StreamWriter`` says."""
        for record in records:
            _check(record)
        names: list[str] = []
        for request in requests(records):
            names.extend(await self._put_request(request))
        return names

    async def _put_request(self, records: Sequence[Record]) -> Sequence[str]:
        names: dict[int, str] = {}
        failures = 0
        while len(names) < len(records):
            waiting = [number for number in range(len(records)) if number not in names]
            try:
                taken = await self._send(records, waiting)
            except KinesisError as error:
                taken, reason = {}, error
            else:
                reason = KinesisError("", f"{len(waiting)} of {len(records)} records were refused")
            names |= taken
            failures = 0 if taken else failures + 1
            if failures >= self._policy.attempts:
                raise reason
            if len(names) < len(records):
                logger.info("%d of %d records are sent again", len(records) - len(names), len(records))
                await self._clock.sleep(self._policy.pause(max(1, failures), self._random))
        return [names[number] for number in range(len(records))]

    async def _send(self, records: Sequence[Record], numbers: Sequence[int]) -> dict[int, str]:
        """The names of those that are in, by their number."""
        entries = [{"PartitionKey": records[n][0], "Data": records[n][1]} for n in numbers]
        answer = await self._calls.call("put_records", Records=entries)
        results: Sequence[dict[str, Any]] = answer["Records"]
        return {
            number: record_name(result["ShardId"], result["SequenceNumber"])
            for number, result in zip(numbers, results, strict=True)
            if not result.get("ErrorCode")
        }


def requests(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The records in order, in as few requests as the limits allow."""
    request: list[Record] = []
    size = 0
    for record in records:
        if request and (len(request) == MAX_REQUEST_RECORDS or size + _size(record) > MAX_REQUEST_BYTES):
            yield request
            request, size = [], 0
        request.append(record)
        size += _size(record)
    if request:
        yield request


def _size(record: Record) -> int:
    return len(record[0].encode()) + len(record[1])


def _check(record: Record) -> None:
    if not 1 <= len(record[0]) <= MAX_KEY_CHARACTERS:
        raise InvalidValue(
            "partition_key", f"{len(record[0])} characters", f"Give 1 to {MAX_KEY_CHARACTERS} characters"
        )
    if _size(record) > MAX_RECORD_BYTES:
        raise InvalidValue(
            "data",
            f"it has {_size(record):,} bytes with the partition key, too many for a stream record",
            f"Send at most {MAX_RECORD_BYTES:,} bytes",
        )
