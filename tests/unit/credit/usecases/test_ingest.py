from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.cpf import synthetic_cpf
from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction
from credit.domain.errors import RejectedRecord, RejectReason
from credit.usecases.ingest import MAX_RECORD_BYTES, IngestRecord, customer_record
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.credit_world import TestSealer

CPF = synthetic_cpf(3, 3)
CUSTOMER: dict[str, Any] = {
    "customer_id": "C-1",
    "cpf": CPF,
    "monthly_income_cents": 500_000,
    "credit_score": None,
    "home_ownership": "RENT",
    "tax_liens": 0,
}
TRANSACTION: dict[str, Any] = {
    "transaction_id": "T-1",
    "customer_id": "C-1",
    "amount_cents": 1_000,
    "kind": "PURCHASE",
    "status": "SETTLED",
    "created_at": "2026-03-01T10:00:00-03:00",
}


@pytest.fixture
def ingest() -> IngestRecord:
    return IngestRecord(TestSealer(), ManualClock(NOON))


def test_a_customer_record_becomes_a_profile_with_its_cpf_sealed(ingest: IngestRecord) -> None:
    profile = ingest.parse(customer_record(CUSTOMER))
    assert isinstance(profile, CustomerProfile)
    assert profile.cpf_index == TestSealer().blind_index(CPF)
    assert TestSealer().open(profile.cpf_sealed, "C-1") == CPF.encode()
    assert CPF not in repr(profile)
    assert (profile.status, profile.version) == (CustomerStatus.ACTIVE, 1)
    assert (profile.created_at, profile.updated_at) == (NOON, NOON)
    assert (profile.monthly_income_cents, profile.credit_score, profile.tax_liens) == (500_000, None, 0)


def test_what_the_record_says_of_version_status_and_times_is_kept(ingest: IngestRecord) -> None:
    said = {**CUSTOMER, "version": 7, "status": "BLOCKED", "updated_at": "2026-01-01T00:00:00+00:00"}
    profile = ingest.parse(customer_record(said))
    assert isinstance(profile, CustomerProfile)
    assert (profile.version, profile.status) == (7, CustomerStatus.BLOCKED)
    assert profile.created_at == profile.updated_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_transaction_record_becomes_a_transaction_in_utc(ingest: IngestRecord) -> None:
    assert ingest.parse(record_of("transaction", TRANSACTION)) == Transaction(
        "T-1", "C-1", 1_000, "PURCHASE", "SETTLED", datetime(2026, 3, 1, 13, tzinfo=UTC)
    )


def wrong(base: dict[str, Any], **changes: Any) -> bytes:
    kind = "customer" if base is CUSTOMER else "transaction"
    return record_of(kind, {**base, **changes})


def record_of(kind: str, data: dict[str, Any]) -> bytes:
    return json.dumps({"kind": kind, "data": data}).encode()


def without(name: str) -> bytes:
    return json.dumps({"kind": "customer", "data": {k: v for k, v in CUSTOMER.items() if k != name}}).encode()


R = RejectReason
POISON: list[tuple[str, bytes, RejectReason, str]] = [
    ("broken utf-8", b'{"kind": "customer\xff"}', R.NOT_UTF8, ""),
    ("a byte order mark of utf-16", "{}".encode("utf-16"), R.NOT_UTF8, ""),
    ("not json", b"kind=customer", R.NOT_JSON, ""),
    ("cut off", customer_record(CUSTOMER)[:-5], R.NOT_JSON, ""),
    ("empty", b"", R.NOT_JSON, ""),
    ("nested without end", b"[" * 60_000, R.NOT_JSON, ""),
    ("a list", b"[]", R.NOT_AN_OBJECT, ""),
    ("a text", b'"customer"', R.NOT_AN_OBJECT, ""),
    ("too large", b" " * (MAX_RECORD_BYTES + 1), R.TOO_LARGE, ""),
    ("no kind", b"{}", R.MISSING_FIELD, "kind"),
    ("another kind", b'{"kind": "loan", "data": {}}', R.UNKNOWN_KIND, "kind"),
    ("a number as kind", b'{"kind": 1, "data": {}}', R.WRONG_TYPE, "kind"),
    ("no data", b'{"kind": "customer"}', R.MISSING_FIELD, "data"),
    ("data as a list", b'{"kind": "customer", "data": []}', R.WRONG_TYPE, "data"),
    ("a field beside data", b'{"kind": "customer", "data": {}, "x": 1}', R.UNKNOWN_FIELD, "x"),
    ("a field twice", b'{"kind": "customer", "kind": "customer", "data": {}}', R.DUPLICATE_FIELD, "kind"),
    ("an unknown field", wrong(CUSTOMER, shoe_size=42), R.UNKNOWN_FIELD, "data.shoe_size"),
    ("no id", without("customer_id"), R.MISSING_FIELD, "data.customer_id"),
    ("no cpf", without("cpf"), R.MISSING_FIELD, "data.cpf"),
    ("a cpf as a number", wrong(CUSTOMER, cpf=int(CPF)), R.WRONG_TYPE, "data.cpf"),
    ("an invalid cpf", wrong(CUSTOMER, cpf="123.456.789-00"), R.INVALID_CPF, "data.cpf"),
    ("a cpf as an id", wrong(CUSTOMER, customer_id=CPF), R.INVALID_IDENTIFIER, "data.customer_id"),
    ("an id that breaks keys", wrong(CUSTOMER, customer_id="a#b"), R.INVALID_IDENTIFIER, "data.customer_id"),
    ("a lone surrogate", wrong(CUSTOMER, customer_id="\ud800"), R.INVALID_IDENTIFIER, "data.customer_id"),
    (
        "an income as text",
        wrong(CUSTOMER, monthly_income_cents="5"),
        R.WRONG_TYPE,
        "data.monthly_income_cents",
    ),
    ("a count as a boolean", wrong(CUSTOMER, tax_liens=True), R.WRONG_TYPE, "data.tax_liens"),
    ("a fraction", wrong(CUSTOMER, monthly_income_cents=5.5), R.WRONG_TYPE, "a number with a fraction"),
    (
        "not a number",
        b'{"kind": "customer", "data": {"tax_liens": NaN}}',
        R.WRONG_TYPE,
        "a number with a fraction",
    ),
    ("a negative income", wrong(CUSTOMER, monthly_income_cents=-1), R.NEGATIVE, "data.monthly_income_cents"),
    (
        "a huge income",
        wrong(CUSTOMER, monthly_income_cents=10**18),
        R.OUT_OF_RANGE,
        "data.monthly_income_cents",
    ),
    ("a score above the scale", wrong(CUSTOMER, credit_score=1001), R.OUT_OF_RANGE, "data.credit_score"),
    ("a version of zero", wrong(CUSTOMER, version=0), R.OUT_OF_RANGE, "data.version"),
    ("an unknown home", wrong(CUSTOMER, home_ownership="BOAT"), R.UNKNOWN_VALUE, "data.home_ownership"),
    ("an unknown status", wrong(CUSTOMER, status="GONE"), R.UNKNOWN_VALUE, "data.status"),
    ("a time without zone", wrong(CUSTOMER, created_at="2026-01-01"), R.INVALID_TIME, "data.created_at"),
    ("a time that is none", wrong(CUSTOMER, created_at="soon"), R.INVALID_TIME, "data.created_at"),
    (
        "a time out of range",
        wrong(CUSTOMER, created_at="0001-01-01T00:00:00+14:00"),
        R.INVALID_TIME,
        "data.created_at",
    ),
    ("a negative amount", wrong(TRANSACTION, amount_cents=-1), R.NEGATIVE, "data.amount_cents"),
    ("no amount", wrong(TRANSACTION, amount_cents=None), R.MISSING_FIELD, "data.amount_cents"),
    ("an unknown transaction kind", wrong(TRANSACTION, kind="GIFT"), R.UNKNOWN_VALUE, "data.kind"),
    ("no transaction kind", wrong(TRANSACTION, kind=None), R.MISSING_FIELD, "data.kind"),
    ("an unknown transaction status", wrong(TRANSACTION, status="LOST"), R.UNKNOWN_VALUE, "data.status"),
    ("a cpf as a field name", wrong(TRANSACTION, **{CPF: 1}), R.UNKNOWN_FIELD, "data.(unprintable name)"),
]


@pytest.mark.parametrize(
    ("data", "reason", "field"), [case[1:] for case in POISON], ids=[case[0] for case in POISON]
)
def test_a_poison_record_is_rejected_by_name(
    ingest: IngestRecord, data: bytes, reason: RejectReason, field: str
) -> None:
    with pytest.raises(RejectedRecord) as caught:
        ingest.parse(data)
    assert (caught.value.reason, caught.value.field) == (reason, field)


@pytest.mark.parametrize("data", [case[1] for case in POISON], ids=[case[0] for case in POISON])
def test_no_rejection_quotes_a_cpf_and_nothing_is_logged(
    ingest: IngestRecord, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(RejectedRecord) as caught:
        ingest.parse(data)
    assert CPF not in f"{caught.value!r} {caught.value}"
    assert not caplog.records


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_arrives_is_a_record_or_a_named_rejection(data: bytes) -> None:
    with pytest.raises(RejectedRecord) as caught:
        IngestRecord(TestSealer(), ManualClock(NOON)).parse(data)
    assert caught.value.reason in set(RejectReason)


@given(st.sampled_from(sorted(CUSTOMER)), JSON)
def test_one_field_of_any_other_shape_never_crashes(name: str, value: object) -> None:
    ingest = IngestRecord(TestSealer(), ManualClock(NOON))
    outcome: object
    try:
        outcome = ingest.parse(wrong(CUSTOMER, **{name: value}))
    except RejectedRecord as rejected:
        outcome = RejectReason(rejected.reason)
    assert isinstance(outcome, CustomerProfile | RejectReason)
