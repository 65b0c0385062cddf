"""Outbox rows as the databases keep them: the payload behind the trace of the work that wrote it (ADR 16)."""

from __future__ import annotations

from credit.ports.records import OutboxRow
from dataplatform.observability.carried_trace import behind, split_trace, trace_of_row


def stored_payload(kind: str, key: str, version: int, payload: bytes) -> bytes:
    return behind(trace_of_row(kind, key, version), payload)


def outbox_row(row_id: int, kind: str, key: str, version: int, stored: bytes, attempts: int) -> OutboxRow:
    trace, payload = split_trace(bytes(stored))
    return OutboxRow(row_id, kind, key, version, payload, attempts, trace)
