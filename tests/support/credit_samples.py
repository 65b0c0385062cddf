"""Customers, transactions and decisions to store in tests. Everything follows from the arguments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction
from credit.domain.decision import (
    Application,
    Decision,
    FactValue,
    Outcome,
    Reason,
    RuleTrace,
    Truth,
    Verdict,
    decision_id,
)
from credit.ports.projections import HotItem, WideRow
from credit.ports.records import IdempotencyKey

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_profile(number: int = 1, version: int = 1, **changes: object) -> CustomerProfile:
    profile = CustomerProfile(
        customer_id=f"C-{number:05d}",
        cpf_index=f"{number:064x}",
        cpf_sealed=bytes([1, number % 256, 255, 0]),
        status=CustomerStatus.ACTIVE,
        version=version,
        created_at=NOON,
        updated_at=NOON + timedelta(seconds=version),
        monthly_income_cents=500_000 + version,
        credit_score=700,
        home_ownership="RENT",
        tax_liens=0,
    )
    return replace(profile, **changes)  # type: ignore[arg-type]


def a_transaction(number: int = 1, customer: int = 1, **changes: object) -> Transaction:
    transaction = Transaction(
        transaction_id=f"T-{number:05d}",
        customer_id=f"C-{customer:05d}",
        amount_cents=1_000 * number,
        kind="PURCHASE",
        status="SETTLED",
        created_at=NOON + timedelta(minutes=number),
    )
    return replace(transaction, **changes)  # type: ignore[arg-type]


def a_decision(number: int = 1, customer: int = 1, **changes: object) -> Decision:
    at = NOON + timedelta(seconds=number)
    facts: dict[str, FactValue] = {
        "monthly_income_cents": 500_000,
        "debt_to_income": Fraction(1, 3),
        "credit_score": None,
    }
    decision = Decision(
        decision_id=decision_id(at, number.to_bytes(10)),
        application=Application(f"C-{customer:05d}", 1_000_000 + number, 36, "CAR"),
        verdict=Verdict(
            outcome=Outcome.APPROVE,
            reasons=(Reason("WITHIN_LIMITS", 1),),
            trace=(RuleTrace("income", Truth.UNKNOWN, "REFER", facts),),
            policy_id="a" * 64,
            policy_name="standard",
            policy_version="1",
            monthly_rate_bps=250,
            installment_cents=38_500,
        ),
        facts=facts,
        as_of=NOON,
        decided_at=at,
        degraded=False,
        profile_source="hot",
        client_id="portal",
        trace_id=f"{number:032x}",
    )
    return replace(decision, **changes)  # type: ignore[arg-type]


def a_key(number: int = 1, body: str = "b", client: str = "portal") -> IdempotencyKey:
    return IdempotencyKey(client, f"key-{number}", body * 64)


def a_hot_item(customer: int = 1, data_type: str = "PROFILE", version: int = 1, **changes: object) -> HotItem:
    item = HotItem(
        customer_id=f"C-{customer:05d}",
        data_type=data_type,
        version=version,
        last_updated=NOON + timedelta(minutes=version),
        digest=f"{version:032x}",
        attributes={"name": "value", "number": version, "flag": True, "raw": b"\x00\xff", "none": None},
        status="ACTIVE",
        created_at=NOON + timedelta(minutes=customer),
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_wide_row(
    customer: int = 1, data_type: str = "CUSTOMER_PROFILE", version: int = 1, **changes: object
) -> WideRow:
    row = WideRow(
        customer_id=f"C-{customer:05d}",
        data_type=data_type,
        version=version,
        digest=f"{version:032x}",
        columns={"name": "value", "number": version, "flag": False, "raw": b"\x00\xff", "none": None},
    )
    return replace(row, **changes)  # type: ignore[arg-type]
