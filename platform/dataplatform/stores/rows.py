"""Customers and transactions as rows: the same columns, in the same order, in every relational store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction
from foundation.instants import from_micros, to_micros

CUSTOMER_COLUMNS = tuple(field.name for field in fields(CustomerProfile))
TRANSACTION_COLUMNS = tuple(field.name for field in fields(Transaction))


def customer_values(profile: CustomerProfile) -> dict[str, object]:
    """By column, in the order of ``CUSTOMER_COLUMNS``."""
    values: dict[str, object] = {name: getattr(profile, name) for name in CUSTOMER_COLUMNS}
    values["status"] = profile.status.value
    values["created_at"] = to_micros(profile.created_at)
    values["updated_at"] = to_micros(profile.updated_at)
    return values


def customer_from_row(row: Sequence[Any]) -> CustomerProfile:
    values = dict(zip(CUSTOMER_COLUMNS, row, strict=True))
    values["status"] = CustomerStatus(values["status"])
    values["created_at"] = from_micros(values["created_at"])
    values["updated_at"] = from_micros(values["updated_at"])
    return CustomerProfile(**values)


def transaction_values(transaction: Transaction) -> dict[str, object]:
    """By column, in the order of ``TRANSACTION_COLUMNS``."""
    values: dict[str, object] = {name: getattr(transaction, name) for name in TRANSACTION_COLUMNS}
    values["created_at"] = to_micros(transaction.created_at)
    return values


def transaction_from_row(row: Sequence[Any]) -> Transaction:
    values = dict(zip(TRANSACTION_COLUMNS, row, strict=True))
    values["created_at"] = from_micros(values["created_at"])
    return Transaction(**values)
