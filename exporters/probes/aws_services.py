"""What is watched of AWS's own services in CloudWatch, against the quotas that AWS documents for them.

A quota is what one minute of a number may come to, in that number's unit.
"""

from __future__ import annotations

from exporters.probes.cloudwatch_usage import Happened, Usage, Use
from exporters.probes.mysql_server import LAG_LIMIT_SECONDS, REPLICATION_LAG
from slo.indicators.metric import CloudWatchMetric

TABLE_UNITS = 40_000.0  # units a second: AWS's default for one on-demand table, reads and writes alike
SHARD_BYTES, SHARD_RECORDS = 1024.0**2, 1000.0  # a second, written
RETENTION_HOURS = 48.0  # §3.1.1
ACCOUNT_CONCURRENCY = 1000.0  # AWS's default for one account and region


def aurora_usage(cluster: str, lag_limit_seconds: float = LAG_LIMIT_SECONDS) -> Usage:
    """How far the furthest reader is behind; Aurora's readers know no ``SHOW REPLICA STATUS``."""
    dimensions = (("DBClusterIdentifier", cluster),)
    lag = CloudWatchMetric("AWS/RDS", "AuroraReplicaLagMaximum", dimensions, "Maximum")
    return Usage((Use(REPLICATION_LAG, lag, lag_limit_seconds * 1000),), ())


def dynamodb_usage(table: str, read_units: float = TABLE_UNITS, write_units: float = TABLE_UNITS) -> Usage:
    """Capacity a table consumed over what one may (units a second), and requests it throttled."""
    return _table_usage("AWS/DynamoDB", (("TableName", table),), read_units, write_units)


def keyspaces_usage(
    keyspace: str, table: str, read_units: float = TABLE_UNITS, write_units: float = TABLE_UNITS
) -> Usage:
    """The same of a table of Amazon Keyspaces."""
    dimensions = (("Keyspace", keyspace), ("TableName", table))
    return _table_usage("AWS/Cassandra", dimensions, read_units, write_units)


def _table_usage(
    namespace: str, dimensions: tuple[tuple[str, str], ...], read_units: float, write_units: float
) -> Usage:
    def number(name: str) -> CloudWatchMetric:
        return CloudWatchMetric(namespace, name, dimensions)

    return Usage(
        (
            Use("read_capacity", number("ConsumedReadCapacityUnits"), read_units * 60),
            Use("write_capacity", number("ConsumedWriteCapacityUnits"), write_units * 60),
        ),
        (Happened("throttles", (number("ReadThrottleEvents"), number("WriteThrottleEvents"))),),
    )


def kinesis_usage(stream: str, shards: int, retention_hours: float = RETENTION_HOURS) -> Usage:
    """What shards take in over what they can, and how old records are when they are read.

    Age is held against the retention, at which records are lost; that they come late is the lag's own alarm.
    """

    def number(name: str, statistic: str = "Sum") -> CloudWatchMetric:
        return CloudWatchMetric("AWS/Kinesis", name, (("StreamName", stream),), statistic)

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


def lambda_usage(function: str, concurrency: float = ACCOUNT_CONCURRENCY) -> Usage:
    """Executions at once over those the account (or the function's reservation) allows, and throttles."""

    def number(name: str, statistic: str) -> CloudWatchMetric:
        return CloudWatchMetric("AWS/Lambda", name, (("FunctionName", function),), statistic)

    return Usage(
        (Use("concurrency", number("ConcurrentExecutions", "Maximum"), concurrency),),
        (Happened("throttles", (number("Throttles", "Sum"),)),),
    )
