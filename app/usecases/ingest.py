"""One raw stream record into a customer or a transaction, or a named reason why it never can be."""

from __future__ import annotations

from app.domain.customer import CustomerProfile, Transaction
from app.ports.secrets import Sealer
from slo.clock import Clock


class IngestRecord:
    """Validates, transforms and enriches (§8.1.3). The CPF is sealed and blind-indexed at once, never logged.

    A record is UTF-8 JSON: ``{"kind": "customer" | "transaction", "data": {...}}``.
    """

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def parse(self, data: bytes) -> CustomerProfile | Transaction:
        """The customer or transaction a record says.

        Raises:
            RejectedRecord: it can never be processed; ``reason`` is a ``RejectReason`` value.
        """
        raise NotImplementedError
