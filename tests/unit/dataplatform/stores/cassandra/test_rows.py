"""Rows keep every attribute exactly, fill the document's columns, and show what somebody changed by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.ports.projections import ItemValue, WideRow
from dataplatform.ingestion.projections import content_digest, project_customer
from dataplatform.stores.cassandra.rows import ORDER, from_values, to_values
from foundation.instants import from_micros
from tests.support.credit_samples import NOON, a_profile, a_wide_row

NAMES = st.sampled_from(
    ["amount_cents", "credit_score", "status", "created_at", "monthly_income_cents", "kind", "transaction_id"]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.text(),
    st.binary(),
    st.just("2026-01-02T03:04:05Z"),
)


def as_the_driver_gives(values: dict[str, object]) -> dict[str, Any]:
    """Instants come back without a zone."""
    return {name: v.replace(tzinfo=None) if isinstance(v, datetime) else v for name, v in values.items()}


@given(
    columns=st.dictionaries(NAMES, VALUES),
    expires_at=st.none() | st.integers(1, 2**52).map(from_micros),
)
def test_any_row_is_read_back_unchanged(columns: dict[str, ItemValue], expires_at: datetime | None) -> None:
    row = a_wide_row(columns=columns, expires_at=expires_at)
    assert from_values(as_the_driver_gives(to_values(row))) == row


def test_a_profile_fills_the_documents_columns() -> None:
    profile = a_profile()
    values = to_values(project_customer(profile).wide)
    assert tuple(values) == ORDER
    assert profile.monthly_income_cents is not None
    assert values["monthly_income"] == Decimal(profile.monthly_income_cents) / 100
    assert values["status"] == profile.status.value
    assert values["credit_score"] == profile.credit_score
    assert values["created_at"] == profile.created_at.replace(microsecond=0)
    assert values["transaction_id"] is None


def stored(row: WideRow, **by_hand: object) -> WideRow:
    return from_values(as_the_driver_gives({**to_values(row), **by_hand}))


ATTRIBUTES: dict[str, ItemValue] = {"amount_cents": 1234, "status": "POSTED", "created_at": NOON.isoformat()}


@pytest.mark.parametrize(
    "by_hand",
    [
        {"amount": Decimal("12.35")},
        {"amount": Decimal("12.341")},
        {"amount": None},
        {"status": "PENDING"},
        {"credit_score": 700},
        {"created_at": NOON + timedelta(milliseconds=1)},
        {"content": None},
    ],
    ids=lambda by_hand: "-".join(f"{name}={value}" for name, value in by_hand.items()),
)
def test_what_was_changed_by_hand_no_longer_has_its_digest(by_hand: dict[str, object]) -> None:
    row = a_wide_row(columns=ATTRIBUTES, digest=content_digest(ATTRIBUTES))
    assert content_digest(stored(row).columns) == row.digest
    assert content_digest(stored(row, **by_hand).columns) != row.digest


def test_a_lifetime_changed_by_hand_is_the_one_that_counts() -> None:
    row = a_wide_row(expires_at=NOON + timedelta(microseconds=1234))
    assert stored(row).expires_at == row.expires_at
    assert stored(row, ttl=NOON + timedelta(days=1)).expires_at == NOON + timedelta(days=1)
    assert stored(row, ttl=None).expires_at is None
