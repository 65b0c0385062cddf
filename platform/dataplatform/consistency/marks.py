"""What a record of the source looks like from afar: where its projections are, its version, its digest.

Read from the columns beside a row, without the row's content, so that a comparison of everything is cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credit.ports.projections import CUSTOMER_PROFILE, PROFILE
from dataplatform.ingestion.projections import decision_types, transaction_expiry, transaction_types
from foundation.instants import from_micros

Cursor = tuple[str, int]  # kind, row number
KINDS = ("customer", "transaction", "decision")  # in the order of a walk


@dataclass(frozen=True, slots=True)
class Mark:
    """``digest`` None: the row was written before rows had digests. ``types``: hot, wide."""

    cursor: Cursor
    key: str
    customer_id: str
    types: tuple[str, str]
    version: int
    digest: str | None
    expires_at: datetime | None

    @property
    def kind(self) -> str:
        return self.cursor[0]


@dataclass(frozen=True, slots=True)
class MarkedTable:
    """How marks are read from a relational table: ``columns`` come after its row number, in this order."""

    table: str
    columns: str
    mark: Callable[[Sequence[Any]], Mark]


def marked_tables(decided_at: str) -> Mapping[str, MarkedTable]:
    """By kind. ``decided_at`` is the store's name for that column."""
    return {
        "customer": MarkedTable("customers", "customer_id, version, digest", _customer),
        "transaction": MarkedTable(
            "transactions", "transaction_id, customer_id, created_at, status, version, digest", _transaction
        ),
        "decision": MarkedTable(
            "credit_decisions", f"decision_id, customer_id, {decided_at}, digest", _decision
        ),
    }


def walk_from(after: Cursor | None) -> Sequence[Cursor]:
    """Where to read on, kind by kind: row numbers above these."""
    kind, number = after or (KINDS[0], 0)
    rest = KINDS[KINDS.index(kind) + 1 :]
    return [(kind, number), *((name, 0) for name in rest)]


def _customer(row: Sequence[Any]) -> Mark:
    number, customer_id, version, digest = row
    types = (PROFILE, CUSTOMER_PROFILE)
    return Mark(("customer", number), customer_id, customer_id, types, version, digest, None)


def _transaction(row: Sequence[Any]) -> Mark:
    number, key, customer_id, created, status, version, digest = row
    at = from_micros(created)
    types = transaction_types(key, at)
    return Mark(
        ("transaction", number), key, customer_id, types, version, digest, transaction_expiry(status, at)
    )


def _decision(row: Sequence[Any]) -> Mark:
    number, key, customer_id, decided, digest = row
    return Mark(
        ("decision", number), key, customer_id, decision_types(key, from_micros(decided)), 1, digest, None
    )
