"""Puts customers and transactions on the stream, partitioned so that one customer's records stay in order.

A customer is partitioned by the blind index of the CPF. A transaction carries no CPF, so it goes by a hash of
its customer's id; one that overtakes its customer is retried until the customer is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from credit.domain.canonical import canonical_json
from credit.domain.cpf import normalise_cpf
from credit.domain.errors import InvalidCpf
from credit.ports.secrets import Sealer
from credit.ports.stream import Stream
from dataplatform.resilience.retry import RetryPolicy, retrying
from foundation.clock import Clock

_BATCH = 500  # what one PutRecords call may hold

Document = Mapping[str, object]


class Producer:
    """Documents are ``{"kind": "customer" | "transaction", "data": {...}}``, as ``IngestRecord`` reads."""

    def __init__(
        self,
        stream: Stream,
        sealer: Sealer,
        clock: Clock,
        random: Callable[[], float],
        policy: RetryPolicy | None = None,
    ) -> None:
        self._stream, self._sealer, self._clock, self._random = stream, sealer, clock, random
        self._policy = policy or RetryPolicy()

    async def send(self, documents: Sequence[Document]) -> Sequence[str]:
        """Durable when it returns; sequences in the order given.

        Raises:
            StoreUnavailable: the stream did not take them, retries included; earlier batches of 500 are in.
            TypeError: a document holds a float.
        """
        return await self._put([self._record(document) for document in documents])

    async def send_raw(self, contents: Sequence[bytes]) -> Sequence[str]:
        """Bytes of unknown make, from outside: what cannot be read will be a dead letter."""
        return await self._put([(_hashed(content), content) for content in contents])

    async def _put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        sequences: list[str] = []
        for start in range(0, len(records), _BATCH):
            sequences.extend(await self._put_batch(records[start : start + _BATCH]))
        return sequences

    async def _put_batch(self, batch: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        return await retrying(lambda: self._stream.put(batch), self._policy, self._clock, self._random)

    def _record(self, document: Document) -> tuple[str, bytes]:
        content = canonical_json(document)
        data = document.get("data")
        fields = data if isinstance(data, Mapping) else {}
        if document.get("kind") == "customer":
            return self._customer_partition(fields, content), content
        return _hashed(str(fields.get("customer_id", "")).encode()), content

    def _customer_partition(self, fields: Mapping[str, object], content: bytes) -> str:
        try:
            return self._sealer.blind_index(normalise_cpf(str(fields.get("cpf", ""))))
        except InvalidCpf:
            return _hashed(content)


def _hashed(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
