"""The relational ports in memory: one set of tables, changed together or not at all. For tests and drills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from credit.domain.canonical import canonical_json, decision_bytes, digest, profile_bytes, transaction_bytes
from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import Decision
from credit.domain.errors import IdempotencyConflict, InvalidValue, VersionConflict
from credit.ports.records import (
    AuditEntry,
    IdempotencyKey,
    OutboxRow,
    PolicyActivation,
    RecordedDecision,
    StoredPolicy,
)
from dataplatform.observability.carried_trace import trace_of_row
from dataplatform.security.audit_chain import GENESIS, link
from dataplatform.stores.decision_rows import audit_body
from foundation.clock import Clock

ACTOR = "platform"


@dataclass(slots=True)
class HeldRow:
    """An outbox row and who holds it until when."""

    row: OutboxRow
    holder: str | None = None
    until: datetime | None = None


@dataclass(slots=True)
class MemoryTables:
    """The state that the relational adapters share."""

    clock: Clock
    decisions: dict[str, Decision] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    customers: dict[str, CustomerProfile] = field(default_factory=dict)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    outbox: dict[int, HeldRow] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    policies: dict[str, StoredPolicy] = field(default_factory=dict)
    activations: list[PolicyActivation] = field(default_factory=list)
    last_row_id: int = 0

    def add_outbox(self, kind: str, key: str, version: int, payload: bytes) -> None:
        self.last_row_id += 1
        trace = trace_of_row(kind, key, version)
        row = OutboxRow(self.last_row_id, kind, key, version, payload, 0, trace)
        self.outbox[self.last_row_id] = HeldRow(row)

    def add_audit(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        previous = self.audit[-1].digest if self.audit else GENESIS
        sequence, at = len(self.audit) + 1, self.clock.now()
        chained = link(previous, sequence, at, actor, action, subject, body)
        entry = AuditEntry(sequence, at, actor, action, subject, body, previous, chained)
        self.audit.append(entry)
        return entry


class MemoryDecisionRecords:
    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        first = None if key is None else await self.find_by_key(key)
        if first is not None:
            return RecordedDecision(first, replayed=True)
        tables, identity, body = self._tables, decision.decision_id, decision_bytes(decision)
        stored = tables.decisions.get(identity)
        if stored is not None:
            if decision_bytes(stored) != body:
                raise VersionConflict(f"decision {identity}", 0, 1)
            return RecordedDecision(stored, replayed=True)
        tables.decisions[identity] = decision
        tables.add_audit(decision.client_id, "decision.recorded", identity, audit_body(decision, body))
        tables.add_outbox("decision", identity, 1, body)
        if key is not None:
            tables.keys[key.client_id, key.key] = (key.body_digest, identity)
        return RecordedDecision(decision, replayed=False)

    async def find(self, decision_id: str) -> Decision | None:
        return self._tables.decisions.get(decision_id)

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        known = self._tables.keys.get((key.client_id, key.key))
        if known is None:
            return None
        if known[0] != key.body_digest:
            raise IdempotencyConflict(key.key)
        return self._tables.decisions[known[1]]

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        found = [d for d in self._tables.decisions.values() if d.application.customer_id == customer_id]
        older = [d for d in found if before is None or d.decision_id < before]
        return sorted(older, key=lambda d: d.decision_id, reverse=True)[:limit]

    async def count(self) -> int:
        return len(self._tables.decisions)


class MemoryCustomerRecords:
    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def get(self, customer_id: str) -> CustomerProfile | None:
        return self._tables.customers.get(customer_id)

    async def find_by_cpf(self, cpf_index: str) -> CustomerProfile | None:
        found = (p for p in self._tables.customers.values() if p.cpf_index == cpf_index)
        return next(found, None)

    async def upsert(self, profile: CustomerProfile) -> bool:
        return (await self.upsert_many([profile]))[0]

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        self._check_cpfs(profiles)
        return [self._upsert(profile) for profile in profiles]

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        names = sorted(name for name in self._tables.customers if name > (after or ""))
        return [self._tables.customers[name] for name in names[:limit]]

    def _check_cpfs(self, profiles: Sequence[CustomerProfile]) -> None:
        """Before anything is written: a batch is accepted whole or refused whole."""
        owners = {p.cpf_index: p.customer_id for p in self._tables.customers.values()}
        for profile in profiles:
            if owners.setdefault(profile.cpf_index, profile.customer_id) != profile.customer_id:
                raise InvalidValue(
                    "cpf", "it belongs to another customer", f"Check who {profile.customer_id} is"
                )

    def _upsert(self, profile: CustomerProfile) -> bool:
        stored = self._tables.customers.get(profile.customer_id)
        if stored is not None and stored.version >= profile.version:
            return False
        content = profile_bytes(profile)
        self._tables.customers[profile.customer_id] = profile
        body = canonical_json({"digest": digest(content), "version": profile.version})
        self._tables.add_audit(ACTOR, "customer.upserted", profile.customer_id, body)
        self._tables.add_outbox("customer", profile.customer_id, profile.version, content)
        return True


class MemoryTransactionRecords:
    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        for item in transactions:
            if item.customer_id not in self._tables.customers:
                raise InvalidValue(
                    "customer_id", f"no customer is called {item.customer_id}", "Send the customer first"
                )
        return [self._add(item) for item in transactions]

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]:
        found = [
            item
            for item in self._tables.transactions.values()
            if item.customer_id == customer_id and since <= item.created_at < until
        ]
        return sorted(found, key=lambda item: (item.created_at, item.transaction_id))[:limit]

    def _add(self, item: Transaction) -> bool:
        if item.transaction_id in self._tables.transactions:
            return False
        self._tables.transactions[item.transaction_id] = item
        self._tables.add_outbox("transaction", item.transaction_id, item.version, transaction_bytes(item))
        return True


class MemoryAuditTrail:
    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def head(self) -> AuditEntry | None:
        return self._tables.audit[-1] if self._tables.audit else None

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        return self._tables.audit[after_sequence : after_sequence + limit]

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        return self._tables.add_audit(actor, action, subject, body)


class MemoryOutbox:
    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        now = self._tables.clock.now()
        claimed: list[OutboxRow] = []
        blocked: set[tuple[str, str]] = set()
        for held in self._tables.outbox.values():
            name = (held.row.kind, held.row.key)
            if held.until is not None and held.until > now:
                blocked.add(name)
            elif name not in blocked and len(claimed) < limit:
                claimed.append(held.row)
        for row in claimed:
            held = self._tables.outbox[row.row_id]
            held.holder, held.until = worker, now + timedelta(seconds=lease_seconds)
        return claimed

    async def done(self, worker: str, row_ids: Sequence[int]) -> None:
        for row_id in self._held(worker, row_ids):
            del self._tables.outbox[row_id]

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        for row_id in self._held(worker, row_ids):
            held = self._tables.outbox[row_id]
            held.row = replace(held.row, attempts=held.row.attempts + 1)
            held.holder = held.until = None

    async def depth(self) -> int:
        return len(self._tables.outbox)

    def _held(self, worker: str, row_ids: Sequence[int]) -> list[int]:
        rows = self._tables.outbox
        return [row_id for row_id in row_ids if row_id in rows and rows[row_id].holder == worker]
