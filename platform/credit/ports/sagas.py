"""The durable log of sagas (§4.3.1): what was intended, what is done, who may go on.

It lives in the relational store, so that a pivot can look at its own fence in the transaction it commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from credit.domain.disbursement import Order


class SagaState(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"  # every step is done
    UNDONE = "UNDONE"  # every step that may have been done is compensated
    STUCK = "STUCK"  # parked after too many failures: a person looks


class Phase(StrEnum):
    FORWARD = "FORWARD"
    BACKWARD = "BACKWARD"  # compensating; there is no way back to FORWARD


class StepState(StrEnum):
    INTENDED = "INTENDED"  # on file before the effect: from here on it may have happened
    DONE = "DONE"
    REFUSED = "REFUSED"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class Saga:
    """One saga as the log has it. ``fence`` grows with each claim; ``attempts`` counts failures since the
    last step that went well; ``content`` is canonical JSON. ``reason``: why it is compensated; ``trouble``:
    its newest failure."""

    saga_id: str
    kind: str
    content: bytes
    state: SagaState
    phase: Phase
    reason: str | None
    trouble: str | None
    fence: int
    attempts: int
    started_at: datetime
    steps: Mapping[str, StepState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SagaTally:
    """How many of a kind are in a state, and when the oldest of them began."""

    kind: str
    state: SagaState
    count: int
    oldest: datetime


class SagaLog(Protocol):
    """Every write of a holder carries its fence.

    A write whose fence is no longer the newest raises ``LeaseLost`` and changes nothing: somebody else has
    the saga now.
    """

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        """Put it on file, open and held by nobody; a saga of this id that is there already is returned as it
        is.

        Raises:
            IdempotencyConflict: it is there with another content.
        """
        ...

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        """Take open sagas that nobody holds (or whose lease ran out), oldest first, each with a new fence."""
        ...

    async def claim_one(self, saga_id: str, holder: str, lease_seconds: float) -> Saga | None:
        """Take this one; None when it has ended, is stuck, rests or is held."""
        ...

    async def note(
        self, saga: Saga, step: str, state: StepState, lease_seconds: float, reason: str | None = None
    ) -> None:
        """Put a step's state on file and lengthen the lease. A step done or undone ends the count of
        failures; a step refused turns the saga BACKWARD."""
        ...

    async def turn_back(self, saga: Saga, reason: str) -> None:
        """From now on it is compensated."""
        ...

    async def end(self, saga: Saga, state: SagaState, trouble: str | None = None) -> None:
        """DONE, UNDONE or STUCK; nobody holds it any more."""
        ...

    async def postpone(self, saga: Saga, seconds: float, attempts: int, trouble: str) -> None:
        """Let go of it for a while; ``attempts`` failures are on its count now."""
        ...

    async def retry(self, saga_id: str) -> bool:
        """A stuck saga is open again, in the phase it was in, its failures forgotten. False: not stuck."""
        ...

    async def find(self, saga_id: str) -> Saga | None: ...

    async def list(self, state: SagaState, limit: int) -> Sequence[Saga]:
        """Oldest first."""
        ...

    async def tally(self) -> Sequence[SagaTally]:
        """Open and stuck sagas by kind."""
        ...


class DisbursementRecords(Protocol):
    """The pivot of a disbursement: the money moves in one relational transaction, once."""

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
