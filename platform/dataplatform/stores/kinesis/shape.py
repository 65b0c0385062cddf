"""What the stream must be like (§3.1.1), made and kept so; asking twice changes nothing.

Where it is as it should be, the right to describe it is all that is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dataplatform.stores.kinesis.calls import NOT_FOUND, KinesisCalls, KinesisError

_ALREADY = "ResourceInUseException"
_PAUSE_SECONDS = 0.2  # real, between two looks at a stream that is being made


@dataclass(frozen=True, slots=True)
class StreamShape:
    """Ten shards take 10 MB/s and 10,000 records/s and no more. ``encryption_key``: a KMS key of the
    service's own encryption, beside the sealing that every record has already."""

    shards: int = 10
    retention_hours: int = 48
    encryption_key: str | None = None


async def ensure_stream(calls: KinesisCalls, shape: StreamShape, patience_seconds: float = 120.0) -> None:
    """Make the stream if it is not there; raise its retention to what is asked, never lower it.

    The number of shards of a stream that exists is left alone: resharding is an operation of its own.

    Raises:
        KinesisError: refused, or not active within ``patience_seconds``.
    """
    try:
        await calls.call("describe_stream_summary")
    except KinesisError as error:
        if error.code != NOT_FOUND:
            raise
        await _create(calls, shape)
    summary = await _active(calls, patience_seconds)
    if int(summary["RetentionPeriodHours"]) < shape.retention_hours:
        await calls.call("increase_stream_retention_period", RetentionPeriodHours=shape.retention_hours)
        summary = await _active(calls, patience_seconds)
    if shape.encryption_key and summary.get("EncryptionType") != "KMS":
        await calls.call("start_stream_encryption", EncryptionType="KMS", KeyId=shape.encryption_key)
        await _active(calls, patience_seconds)


async def _create(calls: KinesisCalls, shape: StreamShape) -> None:
    try:
        await calls.call("create_stream", ShardCount=shape.shards)
    except KinesisError as error:
        if error.code != _ALREADY:  # another process was faster
            raise


async def _active(calls: KinesisCalls, patience_seconds: float) -> Mapping[str, Any]:
    for _ in range(max(1, round(patience_seconds / _PAUSE_SECONDS))):
        try:
            answer = await calls.call("describe_stream_summary")
        except KinesisError as error:
            if error.code != NOT_FOUND and not error.throttled:
                raise
        else:
            summary: Mapping[str, Any] = answer["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                return summary
        await asyncio.sleep(_PAUSE_SECONDS)
    raise KinesisError("", f"{calls.stream} was not active within {patience_seconds:.0f} s")
