"""What the application's own user may do: table by table, the least that its statements need (§3.4.2).

Another user owns the schema and brings it up to date first. This one can neither change nor empty the audit
trail: TRUNCATE needs DROP, and without TRIGGER and ALTER the trail's own guard stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RIGHTS: Mapping[str, str] = {
    "audit": "SELECT, INSERT",
    "audit_head": "SELECT, UPDATE",
    "credit_decisions": "SELECT, INSERT",
    "credit_policies": "SELECT, INSERT",
    "credit_policy_activations": "SELECT, INSERT",
    "customers": "SELECT, INSERT, UPDATE",
    "idempotency_keys": "SELECT, INSERT",
    "outbox": "SELECT, INSERT, UPDATE, DELETE",
    "outbox_gate": "SELECT, UPDATE",
    "processing_log": "SELECT, INSERT, DELETE",
    "saga_steps": "SELECT, INSERT, UPDATE",
    "sagas": "SELECT, INSERT, UPDATE",
    "schema_version": "SELECT",
    "transactions": "SELECT, INSERT",
}


def grants(database: str, account: str) -> Sequence[str]:
    """Statements for whoever owns the database; ``account`` as MySQL writes it, ``'user'@'host'``."""
    return [f"GRANT {rights} ON `{database}`.{table} TO {account}" for table, rights in RIGHTS.items()]
