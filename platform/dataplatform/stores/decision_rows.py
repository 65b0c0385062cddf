"""What recording a decision comes to, in every relational store."""

from __future__ import annotations

from credit.domain.canonical import canonical_json, decision_from_bytes, digest
from credit.domain.decision import Decision
from credit.domain.errors import VersionConflict
from credit.ports.records import RecordedDecision


def audit_body(decision: Decision, body: bytes) -> bytes:
    """What the audit trail says of it: no more than its customer, its outcome and the content's digest."""
    return canonical_json(
        {
            "customer_id": decision.application.customer_id,
            "digest": digest(body),
            "outcome": decision.verdict.outcome.value,
        }
    )


def same_or_conflict(stored: bytes | None, decision_id: str, body: bytes) -> bytes:
    """A decision id comes again: fine with the same content, refused with another. Raises VersionConflict."""
    if stored != body:
        raise VersionConflict(f"decision {decision_id}", 0, 1)
    return body


def recorded(decision: Decision, first: bytes | None) -> RecordedDecision:
    """``first``: what was recorded before under its id or key; None: it is the first."""
    if first is None:
        return RecordedDecision(decision, replayed=False)
    return RecordedDecision(decision_from_bytes(first), replayed=True)
