"""Kinesis: what its shards take in over what they can, and how old records are when they are read.

Age is held against the retention, at which records are lost; that they come late is the lag's own alarm.
"""

from __future__ import annotations

from exporters.probes.cloudwatch_usage import AwsNumber, Happened, Usage, Use

SHARD_BYTES, SHARD_RECORDS = 1024.0**2, 1000.0  # a second, written
RETENTION_HOURS = 48.0  # §3.1.1


def kinesis_usage(stream: str, shards: int, retention_hours: float = RETENTION_HOURS) -> Usage:
    def number(name: str, statistic: str = "Sum") -> AwsNumber:
        return AwsNumber("AWS/Kinesis", name, (("StreamName", stream),), statistic)

    age = number("GetRecords.IteratorAgeMilliseconds", "Maximum")
    refused = ("WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded")
    return Usage(
        (
            Use("shard_bytes", number("IncomingBytes"), shards * SHARD_BYTES * 60),
            Use("shard_records", number("IncomingRecords"), shards * SHARD_RECORDS * 60),
            Use("iterator_age", age, retention_hours * 3_600_000),
        ),
        (Happened("throttles", tuple(number(name) for name in refused)),),
    )
