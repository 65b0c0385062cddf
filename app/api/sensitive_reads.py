"""Every answer that shows what is kept about a customer: in the audit trail before it leaves, and counted."""

from __future__ import annotations

from enum import StrEnum

from credit.metrics import SENSITIVE_READS
from credit.ports.records import AuditTrail
from foundation.metrics import Telemetry


class Shown(StrEnum):
    """What a client is shown of somebody."""

    DECISION = "decision"
    EXPLANATION = "explanation"
    HISTORY = "history"
    DISBURSEMENT = "disbursement"


class SensitiveReads:
    """Nothing is shown that is not on the trail (§5.2.3)."""

    def __init__(self, trail: AuditTrail, telemetry: Telemetry) -> None:
        self._trail, self._telemetry = trail, telemetry

    async def note(self, shown: Shown, client: str, subject: str) -> None:
        """``client`` is about to see this of ``subject``, a decision's or a customer's id.

        Raises:
            StoreUnavailable: the trail cannot be written; the answer must not leave.
        """
        await self._trail.append(client, f"{shown}.read", subject, b"{}")
        self._telemetry.count(SENSITIVE_READS, what=shown)
