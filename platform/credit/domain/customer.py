"""Customers and their transactions. Money is integer cents; a missing fact is ``None``, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CustomerStatus(StrEnum):
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """What is known of a customer when a decision is made (§4.1, ``CreditData`` of §9.1.1).

    ``cpf_index`` is the keyed blind index (hex); ``cpf_sealed`` the encrypted number. Neither is the CPF.
    ``version`` grows by one with each accepted change and orders projections.
    """

    customer_id: str
    cpf_index: str
    cpf_sealed: bytes
    status: CustomerStatus
    version: int
    created_at: datetime
    updated_at: datetime
    monthly_income_cents: int | None = None
    monthly_debt_payment_cents: int | None = None
    existing_debts_cents: int | None = None
    credit_score: int | None = None  # 0..1000, higher is better
    employment_years: int | None = None
    home_ownership: str | None = None  # OWN | MORTGAGE | RENT
    credit_history_years: int | None = None
    delinquencies_24m: int | None = None
    accounts_past_due: int | None = None
    inquiries_12m: int | None = None
    public_bankruptcies: int | None = None
    tax_liens: int | None = None
    credit_limit_cents: int | None = None
    credit_used_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One credit transaction of a customer."""

    transaction_id: str
    customer_id: str
    amount_cents: int
    kind: str  # PURCHASE | PAYMENT | DISBURSEMENT
    status: str  # SETTLED | PENDING | REVERSED
    created_at: datetime
    version: int = 1
