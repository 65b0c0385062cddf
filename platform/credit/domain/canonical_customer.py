"""Canonical form of customers and transactions, and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from credit.domain.canonical_form import (
    dump,
    instant_from,
    instant_text,
    integer,
    mapping,
    optional_integer,
    optional_text,
    text,
)
from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction

Scalar = str | int | bool | None
_NUMBERS = (
    "monthly_income_cents",
    "monthly_debt_payment_cents",
    "existing_debts_cents",
    "credit_score",
    "employment_years",
    "credit_history_years",
    "delinquencies_24m",
    "accounts_past_due",
    "inquiries_12m",
    "public_bankruptcies",
    "tax_liens",
    "credit_limit_cents",
    "credit_used_cents",
)


def profile_attributes(profile: CustomerProfile) -> dict[str, Scalar]:
    """A profile as flat scalars, as a hot item or a wide row holds it."""
    attributes: dict[str, Scalar] = {name: getattr(profile, name) for name in _NUMBERS}
    attributes["home_ownership"] = profile.home_ownership
    attributes["customer_id"] = profile.customer_id
    attributes["cpf_index"] = profile.cpf_index
    attributes["cpf_sealed"] = base64.b64encode(profile.cpf_sealed).decode()
    attributes["status"] = profile.status.value
    attributes["version"] = profile.version
    attributes["created_at"] = instant_text(profile.created_at)
    attributes["updated_at"] = instant_text(profile.updated_at)
    return attributes


def profile_from_attributes(attributes: Mapping[str, object]) -> CustomerProfile:
    """Reads ``profile_attributes`` back. Raises KeyError, TypeError or ValueError on anything else."""
    numbers = {name: optional_integer(attributes[name]) for name in _NUMBERS}
    return CustomerProfile(
        customer_id=text(attributes["customer_id"]),
        cpf_index=text(attributes["cpf_index"]),
        cpf_sealed=base64.b64decode(text(attributes["cpf_sealed"]), validate=True),
        status=CustomerStatus(text(attributes["status"])),
        version=integer(attributes["version"]),
        created_at=instant_from(text(attributes["created_at"])),
        updated_at=instant_from(text(attributes["updated_at"])),
        home_ownership=optional_text(attributes["home_ownership"]),
        **numbers,
    )


def profile_bytes(profile: CustomerProfile) -> bytes:
    return dump(profile_attributes(profile))


def profile_from_bytes(content: bytes) -> CustomerProfile:
    return profile_from_attributes(mapping(json.loads(content)))


def transaction_attributes(transaction: Transaction) -> dict[str, Scalar]:
    return {
        "transaction_id": transaction.transaction_id,
        "customer_id": transaction.customer_id,
        "amount_cents": transaction.amount_cents,
        "kind": transaction.kind,
        "status": transaction.status,
        "created_at": instant_text(transaction.created_at),
        "version": transaction.version,
    }


def transaction_from_attributes(attributes: Mapping[str, object]) -> Transaction:
    return Transaction(
        transaction_id=text(attributes["transaction_id"]),
        customer_id=text(attributes["customer_id"]),
        amount_cents=integer(attributes["amount_cents"]),
        kind=text(attributes["kind"]),
        status=text(attributes["status"]),
        created_at=instant_from(text(attributes["created_at"])),
        version=integer(attributes["version"]),
    )


def transaction_bytes(transaction: Transaction) -> bytes:
    return dump(transaction_attributes(transaction))


def transaction_from_bytes(content: bytes) -> Transaction:
    return transaction_from_attributes(mapping(json.loads(content)))
