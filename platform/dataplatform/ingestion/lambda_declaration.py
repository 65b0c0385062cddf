"""How the processors run in AWS (§3.1.2), as data: infrastructure code and tests read it from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ProcessorDeclaration:
    """The function and its event source mapping.

    Lambda runs ``parallelisation`` invocations a shard at once and adds or drops them with the load, in order
    within a partition key. A batch that fails is cut in two and tried again from its first failed record with
    exponential backoff, the service's own, ``retry_attempts`` times and for ``record_age_seconds`` at most.
    What still fails then is named to the on-failure destination by its position only; the records stay on the
    stream for its retention.
    """

    handler: str = "app.bootstrap.lambda_ingest.handler"
    timeout_seconds: int = 300
    memory_mb: int = 1024
    batch_records: int = 256
    batch_window_seconds: int = 1
    parallelisation: int = 1
    retry_attempts: int = 20
    record_age_seconds: int = 24 * 3600

    def function(self) -> Mapping[str, Any]:
        """Arguments of Lambda's ``CreateFunction`` that this decides."""
        return {
            "Handler": self.handler,
            "Runtime": "python3.11",
            "Timeout": self.timeout_seconds,
            "MemorySize": self.memory_mb,
            "TracingConfig": {"Mode": "Active"},
        }

    def mapping(self, function: str, stream_arn: str, failures_arn: str) -> Mapping[str, Any]:
        """Arguments of ``CreateEventSourceMapping``. ``failures_arn``: an SQS queue, SNS topic or bucket."""
        return {
            "FunctionName": function,
            "EventSourceArn": stream_arn,
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": self.batch_records,
            "MaximumBatchingWindowInSeconds": self.batch_window_seconds,
            "ParallelizationFactor": self.parallelisation,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": self.retry_attempts,
            "MaximumRecordAgeInSeconds": self.record_age_seconds,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": failures_arn}},
        }
