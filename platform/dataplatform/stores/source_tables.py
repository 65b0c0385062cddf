"""The tables that hold the truth: how a row of each is read and projected, in every relational store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit.domain.canonical import decision_from_bytes
from dataplatform.consistency.sides import SourceKey, SourceState
from dataplatform.ingestion.projections import (
    Projection,
    project_customer,
    project_decision,
    project_transaction,
)
from dataplatform.stores.rows import (
    CUSTOMER_COLUMNS,
    TRANSACTION_COLUMNS,
    customer_from_row,
    transaction_from_row,
)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """``key`` is its column with the record's key; ``columns`` are what ``project`` takes, in this order."""

    kind: str
    table: str
    key: str
    columns: str
    project: Callable[[Sequence[Any]], Projection]

    def state(self, row: Sequence[Any]) -> SourceState:
        """Of a row that is: key, whether its outbox is pending, then ``columns``."""
        return SourceState(SourceKey(self.kind, row[0]), self.project(row[2:]), bool(row[1]))


SOURCE_TABLES: Mapping[str, SourceTable] = {
    table.kind: table
    for table in (
        SourceTable(
            "customer",
            "customers",
            "customer_id",
            ", ".join(CUSTOMER_COLUMNS),
            lambda row: project_customer(customer_from_row(row)),
        ),
        SourceTable(
            "transaction",
            "transactions",
            "transaction_id",
            ", ".join(TRANSACTION_COLUMNS),
            lambda row: project_transaction(transaction_from_row(row)),
        ),
        SourceTable(
            "decision",
            "credit_decisions",
            "decision_id",
            "body",
            lambda row: project_decision(decision_from_bytes(row[0])),
        ),
    )
}


def placed(tops: Mapping[str, int], number: int) -> tuple[str, int]:
    """The kind, and the row number from 1, that a number over all tables stands for. ``tops``: each one's
    highest row number."""
    for kind, top in tops.items():
        if number < top:
            return kind, number + 1
        number -= top
    raise ValueError(f"{number} more than there are rows")
