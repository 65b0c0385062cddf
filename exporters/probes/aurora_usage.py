"""Aurora: how far its furthest reader is behind; its readers know no ``SHOW REPLICA STATUS``."""

from __future__ import annotations

from exporters.probes.cloudwatch_usage import AwsNumber, Usage, Use
from exporters.probes.mysql_server import LAG_LIMIT_SECONDS, REPLICATION_LAG


def aurora_usage(cluster: str, lag_limit_seconds: float = LAG_LIMIT_SECONDS) -> Usage:
    lag = AwsNumber("AWS/RDS", "AuroraReplicaLagMaximum", (("DBClusterIdentifier", cluster),), "Maximum")
    return Usage((Use(REPLICATION_LAG, lag, lag_limit_seconds * 1000),), ())
