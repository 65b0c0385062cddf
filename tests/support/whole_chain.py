"""A chain of the audit trail that fits into memory, verified in one go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from credit.ports.records import AuditEntry
from dataplatform.security.audit_chain import Anchor, AuditReport, ChainVerifier


def verify(entries: Iterable[AuditEntry], anchors: Sequence[Anchor]) -> AuditReport:
    """Check a whole chain, in stored order, against every anchor kept of it."""
    verifier = ChainVerifier(anchors)
    verifier.feed(entries)
    return verifier.report()
