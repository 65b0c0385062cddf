"""The full scan as a Step Functions state machine (Amazon States Language), and how its functions run: data.

    List  ->  Compare every segment (distributed map)  ->  Summarise

The list is short enough for a state's output (``segments.SEGMENTS``). A segment that fails is tried again,
and one that fails for good fails the execution: a scan that skipped something would claim too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ConsistencyFunctions:
    """Arns of the Lambda functions, by what they do."""

    list: str
    compare: str
    summarise: str


@dataclass(frozen=True, slots=True)
class ConsistencyDeclaration:
    """``every`` runs the sampled check (§8.3.1); ``full_every`` the full scan. Handlers by name."""

    scheduled: str = "app.bootstrap.lambda_consistency.scheduled"
    list: str = "app.bootstrap.lambda_consistency.list_segments"
    compare: str = "app.bootstrap.lambda_consistency.compare_segment"
    summarise: str = "app.bootstrap.lambda_consistency.summarise"
    every: str = "rate(5 minutes)"
    full_every: str = "cron(0 4 * * ? *)"
    timeout_seconds: int = 900
    memory_mb: int = 1024
    concurrency: int = 20  # segments at once: what the source of truth may be asked beside its work

    def function(self, handler: str) -> Mapping[str, Any]:
        """Arguments of Lambda's ``CreateFunction`` that this decides."""
        return {
            "Handler": handler,
            "Runtime": "python3.11",
            "Timeout": self.timeout_seconds,
            "MemorySize": self.memory_mb,
            "TracingConfig": {"Mode": "Active"},
        }

    def machine(self, functions: ConsistencyFunctions) -> Document:
        return {
            "Comment": "Every content of every pair of stores, compared (4.3.2).",
            "StartAt": "List",
            "States": {
                "List": _task(functions.list, "Segments", ResultPath="$.listed"),
                "Segments": self._map(functions.compare),
                "Summarise": {**_task(functions.summarise, None), "End": True},
            },
        }

    def _map(self, compare: str) -> Document:
        return {
            "Type": "Map",
            "ItemsPath": "$.listed.segments",
            "MaxConcurrency": self.concurrency,
            "ToleratedFailurePercentage": 0,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Compare",
                "States": {"Compare": {**_task(compare, None), "End": True}},
            },
            "ResultPath": "$.results",
            "Next": "Summarise",
        }


def _task(function: str, following: str | None, **more: object) -> Document:
    task: Document = {
        "Type": "Task",
        "Resource": function,
        "Retry": [
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 2,
                "BackoffRate": 2.0,
                "MaxAttempts": 5,
                "MaxDelaySeconds": 60,
                "JitterStrategy": "FULL",
            }
        ],
        **more,
    }
    return task if following is None else {**task, "Next": following}
