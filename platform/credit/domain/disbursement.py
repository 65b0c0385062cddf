"""Paying out an approved credit: what is paid, when it may be, and how it stands. Money is integer cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from credit.domain.canonical import canonical_json
from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction
from credit.domain.decision import Decision, Outcome
from credit.domain.errors import DisbursementRefused


class Refusal(StrEnum):
    """Why nothing is paid out."""

    NOT_APPROVED = "NOT_APPROVED"
    CUSTOMER_UNKNOWN = "CUSTOMER_UNKNOWN"
    CUSTOMER_NOT_ACTIVE = "CUSTOMER_NOT_ACTIVE"
    LIMIT_UNKNOWN = "LIMIT_UNKNOWN"  # missing data never pays
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"  # a store failed before the money moved: ask again later


class Progress(StrEnum):
    PENDING = "PENDING"
    PAID = "PAID"
    REFUSED = "REFUSED"  # everything begun was taken back
    STUCK = "STUCK"  # a person looks into it; it is neither lost nor paid twice


@dataclass(frozen=True, slots=True)
class Order:
    """What an approved decision promises, to be paid once. ``attempt`` counts from 1."""

    decision_id: str
    attempt: int
    customer_id: str
    amount_cents: int
    term_months: int
    monthly_rate_bps: int
    installment_cents: int
    client_id: str

    @property
    def transaction_id(self) -> str:
        """The same for every attempt: a decision is paid once, whatever happens."""
        return f"D-{self.decision_id}"

    def transaction(self, at: datetime) -> Transaction:
        return Transaction(
            self.transaction_id, self.customer_id, self.amount_cents, "DISBURSEMENT", "SETTLED", at
        )


@dataclass(frozen=True, slots=True)
class Disbursement:
    """How it stands. ``refusal`` is set when it is REFUSED."""

    order: Order
    progress: Progress
    refusal: Refusal | None
    started_at: datetime


def order_of(decision: Decision, attempt: int) -> Order:
    """Raises DisbursementRefused: the decision promises nothing."""
    verdict, application = decision.verdict, decision.application
    rate, installment = verdict.monthly_rate_bps, verdict.installment_cents
    if verdict.outcome is not Outcome.APPROVE or decision.degraded or rate is None or installment is None:
        raise DisbursementRefused(Refusal.NOT_APPROVED)
    return Order(
        decision_id=decision.decision_id,
        attempt=attempt,
        customer_id=application.customer_id,
        amount_cents=application.amount_cents,
        term_months=application.term_months,
        monthly_rate_bps=rate,
        installment_cents=installment,
        client_id=decision.client_id,
    )


def order_bytes(order: Order) -> bytes:
    return canonical_json(asdict(order))


def order_from_document(document: Mapping[str, object]) -> Order:
    return Order(**document)  # type: ignore[arg-type]


def free_limit(profile: CustomerProfile | None, paid_since_cents: int) -> int:
    """What may still be paid out to a customer. ``paid_since_cents``: disbursements that the profile, as of
    its ``updated_at``, does not know of yet.

    Raises:
        DisbursementRefused: nobody, not active, or with a limit that is not known.
    """
    if profile is None:
        raise DisbursementRefused(Refusal.CUSTOMER_UNKNOWN)
    if profile.status is not CustomerStatus.ACTIVE:
        raise DisbursementRefused(Refusal.CUSTOMER_NOT_ACTIVE)
    if profile.credit_limit_cents is None or profile.credit_used_cents is None:
        raise DisbursementRefused(Refusal.LIMIT_UNKNOWN)
    return profile.credit_limit_cents - profile.credit_used_cents - paid_since_cents
