"""The relational source of truth: the pivot. One call is one transaction, durable when it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import Decision
from credit.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Scoped to the client. ``body_digest`` is the sha256 hex of the canonical request body."""

    client_id: str
    key: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """``replayed``: the key was known, nothing was written, and ``decision`` is the first answer."""

    decision: Decision
    replayed: bool


class DecisionRecords(Protocol):
    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        """Decision + audit entry + outbox row + idempotency key in one transaction, synced to disk.

        Raises:
            IdempotencyConflict: the key exists with another body.
            VersionConflict: the decision id exists with another content.
            StoreUnavailable: nothing was recorded; or, rarely, its audit anchor could not be written after
                the commit. Ask again with the same key: it is recorded once.
        """
        ...

    async def find(self, decision_id: str) -> Decision | None: ...

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        """The decision first recorded under this key.

        Raises:
            IdempotencyConflict: the key exists with another body.
        """
        ...

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        """Newest first, older than decision id ``before``."""
        ...

    async def count(self) -> int: ...


class CustomerRecords(Protocol):
    async def get(self, customer_id: str) -> CustomerProfile | None: ...

    async def find_by_cpf(self, cpf_index: str) -> CustomerProfile | None: ...

    async def upsert(self, profile: CustomerProfile) -> bool:
        """Write the profile, its audit entry and its outbox row in one transaction if its version is newer
        than the stored one. False: the stored one is as new or newer, nothing was written.

        Raises:
            InvalidValue: the CPF (``cpf``) belongs to another customer.
        """
        ...

    async def upsert_many(self, profiles: Sequence[CustomerProfile]) -> Sequence[bool]:
        """The same for a batch in one transaction, answers in order; one refusal writes nothing of it."""
        ...

    async def scan(self, limit: int, after: str | None = None) -> Sequence[CustomerProfile]:
        """Profiles in ``customer_id`` order, after that id."""
        ...


class TransactionRecords(Protocol):
    async def add_many(self, transactions: Sequence[Transaction]) -> Sequence[bool]:
        """Insert with outbox rows in one transaction; False: that id is already there (idempotent).

        Raises:
            InvalidValue: no such customer (``customer_id``); nothing of the batch was written.
        """
        ...

    async def of_customer(
        self, customer_id: str, since: datetime, until: datetime, limit: int
    ) -> Sequence[Transaction]: ...


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A change to project. ``kind``: customer | transaction | decision. ``payload`` is canonical JSON.

    ``trace``: the ``trace_header`` of the work that wrote it; empty: it belonged to no request.
    """

    row_id: int
    kind: str
    key: str
    version: int
    payload: bytes
    attempts: int
    trace: str = ""


class Outbox(Protocol):
    """Rows written by the pivot transaction and projected at least once, oldest first per key."""

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        """Lease rows nobody holds (or whose lease ran out), oldest first; a row waits while an older one of
        its key is held."""
        ...

    async def done(self, worker: str, row_ids: Sequence[int]) -> None:
        """Delete rows this worker still holds; a row another worker has taken since stays."""
        ...

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        """Give them back with one attempt more."""
        ...

    async def depth(self) -> int: ...


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the chain: ``digest = blake2b(previous digest || canonical body)``, hex."""

    sequence: int
    at: datetime
    actor: str
    action: str  # decision.recorded | customer.upserted | ...
    subject: str
    body: bytes
    previous: str
    digest: str


class AuditTrail(Protocol):
    """Immutable, append-only, hash-chained. Written by the pivot transaction; read here."""

    async def head(self) -> AuditEntry | None: ...

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]: ...

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        """For events that change no other record, such as the reading of sensitive data (§5.2.3)."""
        ...


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """``document`` is the canonical JSON of what decides a verdict; ``policy_id`` is its sha256 in hex."""

    policy_id: str
    name: str
    version: str
    document: bytes
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyActivation:
    """From ``at`` on this policy decided under ``name``, until the next activation of that name."""

    name: str
    policy_id: str
    at: datetime
    actor: str


class PolicyRecords(Protocol):
    """Which policies there were, whole, and when each was in force (§4.1.1 ``credit_policies``)."""

    async def activate(self, policy: Policy, actor: str) -> bool:
        """Keep the policy under its content id, and the activation with its audit entry, in one transaction.
        False: it is in force under its name already, nothing was written."""
        ...

    async def find(self, policy_id: str) -> StoredPolicy | None: ...

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        """Newest first: the first one is in force."""
        ...
