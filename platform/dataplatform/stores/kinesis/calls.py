"""The blocking Kinesis client in bounded threads; what it fails with becomes ``StoreUnavailable``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from credit.domain.errors import StoreUnavailable
from foundation.aws.errors import AwsError

THROTTLED = frozenset(
    (
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "ThrottlingException",
        "KMSThrottlingException",
    )
)
EXPIRED_ITERATOR = "ExpiredIteratorException"
NOT_FOUND = "ResourceNotFoundException"


class KinesisError(StoreUnavailable):
    """A call that failed. ``code`` is ``AwsError``'s; empty when it was not AWS that failed."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__("stream", reason)

    @property
    def throttled(self) -> bool:
        return self.code in THROTTLED


class KinesisCalls:
    """Calls about one stream. At most ``threads`` are under way, others wait for a thread."""

    def __init__(self, client: Any, stream: str, threads: int = 16) -> None:
        self.stream = stream
        self._client = client
        self._limit, self._under_way = threads, 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"kinesis-{stream}")

    async def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """``operation`` as boto3 spells it, on this stream unless a shard iterator names it already.

        Raises:
            KinesisError: refused, throttled, or not answered.
        """
        if "ShardIterator" not in arguments and "NextToken" not in arguments:
            arguments["StreamName"] = self.stream
        loop = asyncio.get_running_loop()
        self._under_way += 1
        try:
            return await loop.run_in_executor(self._threads, self._make, operation, arguments)
        finally:
            self._under_way -= 1

    @property
    def saturation(self) -> float:
        """Calls under way or waiting over the threads there are, 0 to 1."""
        return min(1.0, self._under_way / self._limit)

    def close(self) -> None:
        """Wait for the calls under way. The client is the caller's and stays open."""
        self._threads.shutdown(wait=True)

    def _make(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(**arguments)
        except AwsError as error:
            raise KinesisError(error.code, f"{operation}: {error.code}") from error
        return answer
