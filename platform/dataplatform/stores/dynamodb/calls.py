"""The blocking DynamoDB client in bounded threads: throttling is waited out, other failures are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from credit.domain.errors import StoreUnavailable
from dataplatform.resilience.bulkhead import Bulkhead
from dataplatform.resilience.retry import Random, RetryPolicy, retrying
from foundation.aws.errors import AwsError
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock

STORE = "hot"
CONDITION_FAILED = "ConditionalCheckFailedException"
# Refused before anything was done, so asking again is safe.
THROTTLED = frozenset(
    (
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    )
)
CALLS = 1024  # under way or waiting for a thread
# A connection a thread, and retries left to us. A decision has 200 ms for everything, and the relational
# store stands behind this one (§8.2.2).
HOT_STORE = ClientPurpose(connect_seconds=0.5, answer_seconds=1.0, connections=32)


class HotStoreError(StoreUnavailable):
    """A call that failed. ``code`` is ``AwsError``'s or one of ours; empty when nothing was asked."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__(STORE, reason)


class HotStoreThrottled(HotStoreError):
    """Refused for now: nothing was read or written."""


class DynamoCalls:
    """Calls about one table. As many are under way as the client has connections; others wait, up to
    ``CALLS``; more are refused at once."""

    def __init__(self, client: Any, table: str, clock: Clock, random: Random, retry: RetryPolicy) -> None:
        self.table = table
        self._client, self._clock, self._random, self._retry = client, clock, random, retry
        threads: int = client.meta.config.max_pool_connections
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"dynamodb-{table}")
        self._bulkhead = Bulkhead(STORE, "calls", CALLS)

    @property
    def saturation(self) -> float:
        """Calls under way or waiting over their limit, 0 to 1."""
        return self._bulkhead.saturation

    async def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """``operation`` as boto3 spells it; throttling is retried with full jitter.

        Raises:
            HotStoreError: refused, throttled to the end, not answered, or too many calls at once.
        """
        with self._bulkhead:
            return await retrying(
                lambda: self._once(operation, arguments),
                self._retry,
                self._clock,
                self._random,
                retry_on=(HotStoreThrottled,),
            )

    def close(self) -> None:
        """Wait for the calls under way. The client is the caller's and stays open."""
        self._threads.shutdown(wait=True)

    async def _once(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._make, operation, arguments)
        except RuntimeError as error:  # the threads are shut down
            raise HotStoreError("", "it is closed") from error

    def _make(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(**arguments)
        except AwsError as error:
            raise _told(operation, error) from error
        return answer


def _told(operation: str, error: AwsError) -> HotStoreError:
    """By its code alone: the problem itself may repeat what was sent."""
    kind = HotStoreThrottled if error.code in THROTTLED else HotStoreError
    return kind(error.code, f"{operation}: {error.code}")
