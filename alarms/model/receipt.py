"""A payload as it came in, on file before the sender is told so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from alarms.model.alert import Alert, digest

# What came in before another one is worked off at most this much after it; more is a clock that was put back.
OVERTAKEN_WITHIN = timedelta(minutes=15)
SENDER_LIMIT = 200  # characters


class ReceiptState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    QUARANTINED = "quarantined"


CORRECTION = ".corrected"  # after the id of what it corrects
RECORDED = "alerts"  # kind of what came in another way than as a payload: alerts in our own shape


@dataclass(frozen=True, slots=True)
class Receipt:
    """``kind`` names the parser. ``urgency`` is a guess at a severity rank (1 first), read cheaply.

    ``sender`` is who has proven to send it: a token's name, a topic, a queue ("": kept before that was).
    """

    id: str
    kind: str  # of ``alarms.intake.parsers.PARSERS``, or json/NAME
    received_at: datetime
    payload: bytes
    urgency: int = 3
    state: ReceiptState = ReceiptState.PENDING
    problem: str | None = None
    sender: str = ""

    @property
    def origin(self) -> str:
        """Who sent it, as far as is known."""
        return self.sender or self.kind

    @property
    def corrects(self) -> str:
        """The id of the one in quarantine that this is the correction of ("": of none)."""
        return self.id.removesuffix(CORRECTION) if self.id.endswith(CORRECTION) else ""

    def corrected(self, payload: bytes, at: datetime) -> Receipt:
        """What a person says it should have been: a receipt beside it, first in line."""
        name = f"{self.id}{CORRECTION}"
        return Receipt(name, self.kind, at, payload, urgency=1, sender=self.sender)


def recorded(alerts: Sequence[Alert], at: datetime) -> Receipt:
    """What our own evaluator and the like said, as a receipt that is done with."""
    name = digest(RECORDED, at.isoformat(), *(alert.member for alert in alerts))
    return Receipt(f"own-{name}", RECORDED, at, msgspec.json.encode(alerts), state=ReceiptState.DONE)


BEGINNING = 200  # bytes shown of a payload, which may hold anything


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What it was and why it could not be read. ``payload`` is all of it, where one alone is shown."""

    id: str
    kind: str
    received_at: datetime
    problem: str | None
    bytes: int
    begins: str
    payload: str = ""
    sender: str = ""

    @classmethod
    def of(cls, receipt: Receipt) -> Quarantined:
        begins = receipt.payload[:BEGINNING].decode("utf-8", "replace")
        size = len(receipt.payload)
        problem, sender = receipt.problem, receipt.sender
        return cls(receipt.id, receipt.kind, receipt.received_at, problem, size, begins, sender=sender)

    @classmethod
    def whole(cls, receipt: Receipt) -> Quarantined:
        return replace(cls.of(receipt), payload=receipt.payload.decode("utf-8", "replace"))
