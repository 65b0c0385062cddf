"""One raw stream record into a customer or a transaction, or a named reason why it never can be.

    {"kind": "customer", "data": {"customer_id": "C-1", "cpf": "...", "monthly_income_cents": 500000, ...}}
    {"kind": "transaction", "data": {"transaction_id": "T-1", "customer_id": "C-1", "amount_cents": 1000,
                                     "kind": "PURCHASE", "status": "SETTLED", "created_at": "..."}}

A field that is absent or null is not known. ``version`` defaults to 1, ``status`` to ACTIVE (transactions:
SETTLED), instants to now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from credit.domain.application import is_identifier
from credit.domain.canonical import canonical_json
from credit.domain.cpf import normalise_cpf
from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction
from credit.domain.errors import InvalidCpf, RejectedRecord, RejectReason
from credit.domain.facts import HOME_OWNERSHIP
from credit.ports.secrets import Sealer
from foundation.clock import Clock

MAX_RECORD_BYTES = 64 * 1024
MAX_CENTS = 10**15  # ten trillion: beyond it is a broken sender, and all stores hold it exactly
MAX_COUNT = 10_000
TRANSACTION_KINDS = ("PURCHASE", "PAYMENT", "DISBURSEMENT")
TRANSACTION_STATUSES = ("SETTLED", "PENDING", "REVERSED")
MAX_VERSION = 2**53

# Optional numbers of a customer record: name, highest value.
PROFILE_NUMBERS: Mapping[str, int] = {
    "monthly_income_cents": MAX_CENTS,
    "monthly_debt_payment_cents": MAX_CENTS,
    "existing_debts_cents": MAX_CENTS,
    "credit_score": 1000,
    "employment_years": 100,
    "credit_history_years": 120,
    "delinquencies_24m": MAX_COUNT,
    "accounts_past_due": MAX_COUNT,
    "inquiries_12m": MAX_COUNT,
    "public_bankruptcies": MAX_COUNT,
    "tax_liens": MAX_COUNT,
    "credit_limit_cents": MAX_CENTS,
    "credit_used_cents": MAX_CENTS,
}


def customer_record(data: Mapping[str, str | int | None]) -> bytes:
    """A customer as a raw stream record, the CPF in clear: for the wire only, never for a log or a file."""
    return canonical_json({"kind": "customer", "data": dict(data)})


class IngestRecord:
    """Validates, transforms and enriches (§8.1.3). The CPF is sealed and indexed at once, never logged."""

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def parse(self, data: bytes) -> CustomerProfile | Transaction:
        """The customer or transaction a record says.

        Raises:
            RejectedRecord: it can never be processed; ``reason`` is a ``RejectReason`` value.
        """
        fields = RecordFields(decode_object(data))
        kind = fields.text("kind")
        if kind not in ("customer", "transaction"):
            raise RejectedRecord(RejectReason.UNKNOWN_KIND, "kind")
        section = fields.section("data")
        fields.done()
        return self._customer(section) if kind == "customer" else self._transaction(section)

    def _customer(self, fields: RecordFields) -> CustomerProfile:
        now = self._clock.now()
        customer_id = fields.identifier("customer_id")
        cpf = _cpf(fields)
        numbers = {name: fields.maybe_number(name, 0, high) for name, high in PROFILE_NUMBERS.items()}
        home = fields.maybe_choice("home_ownership", HOME_OWNERSHIP)
        status = fields.choice("status", list(CustomerStatus), CustomerStatus.ACTIVE)
        version = fields.maybe_number("version", 1, MAX_VERSION)
        updated_at = fields.instant("updated_at", now)
        created_at = fields.instant("created_at", updated_at)
        fields.done()
        return CustomerProfile(
            customer_id=customer_id,
            cpf_index=self._sealer.blind_index(cpf),
            cpf_sealed=self._sealer.seal(cpf.encode(), customer_id),
            status=CustomerStatus(status),
            version=1 if version is None else version,
            created_at=created_at,
            updated_at=updated_at,
            home_ownership=home,
            **numbers,
        )

    def _transaction(self, fields: RecordFields) -> Transaction:
        transaction = Transaction(
            transaction_id=fields.identifier("transaction_id"),
            customer_id=fields.identifier("customer_id"),
            amount_cents=fields.number("amount_cents", 0, MAX_CENTS),
            kind=fields.choice("kind", TRANSACTION_KINDS),
            status=fields.choice("status", TRANSACTION_STATUSES, "SETTLED"),
            created_at=fields.instant("created_at", self._clock.now()),
            version=fields.maybe_number("version", 1, MAX_VERSION) or 1,
        )
        fields.done()
        return transaction


def _cpf(fields: RecordFields) -> str:
    try:
        return normalise_cpf(fields.text("cpf"))
    except InvalidCpf:
        raise RejectedRecord(RejectReason.INVALID_CPF, fields.place("cpf")) from None


def decode_object(data: bytes) -> Mapping[str, object]:
    """The JSON object of a record. Floats, NaN and repeated names are refused.

    Raises:
        RejectedRecord: anything else than one object.
    """
    if len(data) > MAX_RECORD_BYTES:
        raise RejectedRecord(RejectReason.TOO_LARGE, "")
    try:
        document = json.loads(
            data.decode("utf-8"),
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError:
        raise RejectedRecord(RejectReason.NOT_UTF8, "") from None
    except (ValueError, RecursionError):
        raise RejectedRecord(RejectReason.NOT_JSON, "") from None
    if not isinstance(document, dict):
        raise RejectedRecord(RejectReason.NOT_AN_OBJECT, "")
    return document


def _refuse_number(text: str) -> object:
    raise RejectedRecord(RejectReason.WRONG_TYPE, "a number with a fraction")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise RejectedRecord(RejectReason.DUPLICATE_FIELD, _printable(name))
        found[name] = value
    return found


def _printable(name: str) -> str:
    """A field name from outside, fit for a log: it may be anything, personal data included."""
    return name if is_identifier(name) and not name.isdigit() else "(unprintable name)"


class RecordFields:
    """Takes each field once; ``done`` refuses those nobody asked for."""

    def __init__(self, document: Mapping[str, object], prefix: str = "") -> None:
        self._left = dict(document)
        self._prefix = prefix

    def place(self, name: str) -> str:
        return f"{self._prefix}{name}"

    def section(self, name: str) -> RecordFields:
        value = self._required(name)
        if not isinstance(value, dict):
            raise self._reject(RejectReason.WRONG_TYPE, name)
        return RecordFields(value, f"{self.place(name)}.")

    def text(self, name: str) -> str:
        return self._text(name, self._required(name))

    def choice(self, name: str, allowed: Sequence[str], missing: str | None = None) -> str:
        found = self.maybe_choice(name, allowed) or missing
        if found is None:
            raise self._reject(RejectReason.MISSING_FIELD, name)
        return found

    def maybe_choice(self, name: str, allowed: Sequence[str]) -> str | None:
        value = self._left.pop(name, None)
        if value is None:
            return None
        if self._text(name, value) not in allowed:
            raise self._reject(RejectReason.UNKNOWN_VALUE, name)
        return str(value)

    def identifier(self, name: str) -> str:
        value = self.text(name)
        if not is_identifier(value):
            raise self._reject(RejectReason.INVALID_IDENTIFIER, name)
        return value

    def number(self, name: str, low: int, high: int) -> int:
        return self._number(name, self._required(name), low, high)

    def maybe_number(self, name: str, low: int, high: int) -> int | None:
        value = self._left.pop(name, None)
        return None if value is None else self._number(name, value, low, high)

    def instant(self, name: str, missing: datetime) -> datetime:
        value = self._left.pop(name, None)
        if value is None:
            return missing
        try:
            at = datetime.fromisoformat(self._text(name, value))
            if at.tzinfo is None:
                raise ValueError("no time zone")
            return at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._reject(RejectReason.INVALID_TIME, name) from None

    def done(self) -> None:
        for name in self._left:
            raise self._reject(RejectReason.UNKNOWN_FIELD, _printable(name))

    def _required(self, name: str) -> object:
        value = self._left.pop(name, None)
        if value is None:
            raise self._reject(RejectReason.MISSING_FIELD, name)
        return value

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._reject(RejectReason.WRONG_TYPE, name)
        return value

    def _number(self, name: str, value: object, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._reject(RejectReason.WRONG_TYPE, name)
        if value < 0 <= low:
            raise self._reject(RejectReason.NEGATIVE, name)
        if not low <= value <= high:
            raise self._reject(RejectReason.OUT_OF_RANGE, name)
        return value

    def _reject(self, reason: RejectReason, name: str) -> RejectedRecord:
        return RejectedRecord(reason, self.place(name))
