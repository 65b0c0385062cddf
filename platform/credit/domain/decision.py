"""Applications, decisions with their ids, and the trace that explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

FactValue = int | str | bool | Fraction | None


class Outcome(StrEnum):
    """What the applicant is told."""

    APPROVE = "APPROVE"
    DECLINE = "DECLINE"
    REFER = "REFER"


class Truth(StrEnum):
    """Kleene's strong three-valued logic: a rule over missing data is UNKNOWN, never false."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Application:
    """A request for credit by a known customer. ``amount_cents`` in centavos, ``term_months`` in months."""

    customer_id: str
    amount_cents: int
    term_months: int
    purpose: str
    reference: str | None = None  # the client's own id of the application


@dataclass(frozen=True, slots=True)
class Reason:
    """A ranked reason; texts in both languages are looked up by ``code``."""

    code: str
    rank: int


class RuleTrace(NamedTuple):
    """How one rule came out. ``inputs`` are the facts it read, missing ones ``None``.

    A tuple, because a decision makes one for each rule: a frozen dataclass doubled the cost of a verdict.
    """

    rule: str
    result: Truth
    effect: str  # the rule's declared effect when TRUE: DECLINE | REFER | ...
    inputs: Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The pure result of a policy on facts: no id, no time, reproducible byte for byte."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    trace: tuple[RuleTrace, ...]
    policy_id: str
    policy_name: str
    policy_version: str
    monthly_rate_bps: int | None = None
    installment_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A recorded decision. ``degraded`` says that a default stood in for data that could not be read."""

    decision_id: str  # UUIDv7-like: sortable by time
    application: Application
    verdict: Verdict
    facts: Mapping[str, FactValue]
    as_of: datetime
    decided_at: datetime
    degraded: bool
    profile_source: str  # cache | hot | relational | none
    client_id: str
    trace_id: str = ""


def decision_id(at: datetime, random_bytes: bytes) -> str:
    """A UUIDv7 (RFC 9562) from an instant, in milliseconds, and ten random bytes: ids sort by time."""
    if len(random_bytes) != 10:
        raise ValueError("a decision id takes exactly ten random bytes")
    milliseconds = int(at.timestamp() * 1000) & (2**48 - 1)
    tail = int.from_bytes(random_bytes)
    high, low = tail >> 68, tail & (2**62 - 1)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | (high & 0xFFF) << 64 | 2 << 62 | low))
