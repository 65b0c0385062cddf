"""Amazon Keyspaces: capacity a table consumed over what one may, and requests it throttled."""

from __future__ import annotations

from exporters.probes.cloudwatch_usage import AwsNumber, Happened, Usage, Use

TABLE_UNITS = 40_000.0  # units a second: AWS's default for one on-demand table, reads and writes alike


def keyspaces_usage(
    keyspace: str, table: str, read_units: float = TABLE_UNITS, write_units: float = TABLE_UNITS
) -> Usage:
    """Quotas are capacity units a second."""

    def number(name: str) -> AwsNumber:
        return AwsNumber("AWS/Cassandra", name, (("Keyspace", keyspace), ("TableName", table)), "Sum")

    return Usage(
        (
            Use("read_capacity", number("ConsumedReadCapacityUnits"), read_units * 60),
            Use("write_capacity", number("ConsumedWriteCapacityUnits"), write_units * 60),
        ),
        (Happened("throttles", (number("ReadThrottleEvents"), number("WriteThrottleEvents"))),),
    )
