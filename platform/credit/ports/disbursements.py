"""The pivot of a disbursement: the money moves in one relational transaction, once."""

from __future__ import annotations

from typing import Protocol

from credit.domain.disbursement import Order
from credit.ports.sagas import Saga


class DisbursementRecords(Protocol):
    async def free_limit(self, customer_id: str) -> int:
        """Cents that may still be paid out to the customer, disbursements already paid left out.

        Raises:
            DisbursementRefused: nobody, not active, or with a limit that is not known.
        """
        ...

    async def pay(self, order: Order, saga: Saga) -> bool:
        """Transaction, audit entry and outbox row in one transaction, which also looks at the saga's fence.
        False: it was paid before, nothing was written.

        Raises:
            LeaseLost: somebody else has the saga now; nothing was written.
            DisbursementRefused: it does not fit into the free limit any more, or has none to fit in.
        """
        ...
