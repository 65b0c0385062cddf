"""One raw stream record into a customer or a transaction, or a named reason why it never can be.

    {"kind": "customer", "data": {"customer_id": "C-1", "cpf": "...", "monthly_income_cents": 500000, ...}}
    {"kind": "transaction", "data": {"transaction_id": "T-1", "customer_id": "C-1", "amount_cents": 1000,
                                     "kind": "PURCHASE", "status": "SETTLED", "created_at": "..."}}

A field that is absent or null is not known. ``version`` defaults to 1, ``status`` to ACTIVE (transactions:
SETTLED), instants to now.
"""

from __future__ import annotations

from collections.abc import Mapping

from credit.domain.canonical import canonical_json
from credit.domain.cpf import normalise_cpf
from credit.domain.customer import CustomerProfile, CustomerStatus, Transaction
from credit.domain.errors import InvalidCpf, RejectedRecord
from credit.domain.facts import HOME_OWNERSHIP
from credit.ports.secrets import Sealer
from credit.usecases.record_fields import MAX_CENTS, MAX_COUNT, RecordFields, decode_object
from credit.usecases.reject_reason import RejectReason
from foundation.clock import Clock

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


def transaction_record(data: Mapping[str, str | int | None]) -> bytes:
    return canonical_json({"kind": "transaction", "data": dict(data)})


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
