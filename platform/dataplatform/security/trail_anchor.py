"""Anchors a trail that several processes share: from time to time its head is written down elsewhere.

The embedded store anchors each commit itself; here a loop of one process does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from credit.ports.records import AuditTrail
from dataplatform.errors import SchemaError
from dataplatform.security.anchor_file import AnchorFile
from dataplatform.security.audit_chain import Anchor, AuditReport, ChainVerifier
from foundation.clock import Clock

_PAGE = 1_000
_TRAIL = "the audit trail"
_FIX = "Find out who changed it, and restore the database (or the anchors) from a backup"


class TrailAnchor:
    def __init__(self, trail: AuditTrail, anchors: AnchorFile, clock: Clock) -> None:
        self._trail, self._anchors, self._clock = trail, anchors, clock

    async def run_once(self) -> bool:
        """Anchor the head if it moved; whether it did. What was anchored before is checked first.

        Raises:
            SchemaError: the trail is shorter than its anchor says, or not the one that was anchored.
            StoreUnavailable: the trail cannot be read.
            OSError: the anchor cannot be written.
        """
        head, newest = await self._trail.head(), self._anchors.newest
        if newest is not None:
            await self._agrees(newest)
        if head is None or (newest is not None and head.sequence <= newest.sequence):
            return False
        self._anchors.room()
        self._anchors.append(Anchor(head.sequence, head.digest, self._clock.now()))
        return True

    async def _agrees(self, anchor: Anchor) -> None:
        found = await self._trail.entries(1, anchor.sequence - 1)
        if not found or found[0].sequence != anchor.sequence:
            raise SchemaError(_TRAIL, f"entry {anchor.sequence} has an anchor but is missing", _FIX)
        if found[0].digest != anchor.digest:
            raise SchemaError(_TRAIL, f"entry {anchor.sequence} does not match its anchor", _FIX)


async def verify_trail(trail: AuditTrail, anchors: Sequence[Anchor]) -> AuditReport:
    """The whole trail against anchors that were read before. Raises StoreUnavailable."""
    verifier, after = ChainVerifier(anchors), 0
    while page := await trail.entries(_PAGE, after):
        verifier.feed(page)
        after = page[-1].sequence
    return verifier.report()
