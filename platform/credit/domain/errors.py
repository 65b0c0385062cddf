"""Errors of the credit domain.

DomainError
+-- InvalidCpf              not an eleven-digit CPF with right check digits (never quotes the number)
+-- InvalidValue            a field outside what it may hold
+-- UnknownPolicy           no policy has that name or id
+-- UnknownCustomer         nobody is on file under that id or CPF (nothing is recorded)
+-- RejectedRecord          a stream record that can never be processed (poison), with a named reason
+-- TableError              a table of rows says something wrong (file, line, column, fix)
+-- StoreUnavailable        a store did not answer; nothing was recorded
+-- IdempotencyConflict     the same key came with another body
+-- VersionConflict         a compare-and-set lost
+-- LeaseLost               somebody else holds the work now; nothing was written
+-- DisbursementRefused     the money may not be paid out (code); nothing was
"""

from __future__ import annotations

from enum import StrEnum

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class DomainError(MiranteError):
    """Base of everything the domain and its ports raise on purpose."""

    exit_status = ExitStatus.USAGE


class InvalidCpf(DomainError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not a valid CPF: {reason}")


class InvalidValue(DomainError):
    def __init__(self, field: str, problem: str, fix: str) -> None:
        self.field = field
        self.problem = problem
        self.fix = fix
        super().__init__(f"{field}: {problem}. {fix}")


class UnknownPolicy(DomainError):
    def __init__(self, policy: str, known: tuple[str, ...]) -> None:
        self.policy, self.known = policy, known
        super().__init__(f"there is no policy {policy!r}. Known: {', '.join(known) or 'none'}")


class UnknownCustomer(DomainError):
    """``by`` names what was asked with, ``customer_id`` or ``cpf``; a CPF is never quoted."""

    def __init__(self, by: str, customer_id: str | None = None) -> None:
        self.by, self.customer_id = by, customer_id
        who = "with this CPF" if customer_id is None else f"called {customer_id!r}"
        super().__init__(f"no customer {who} is on file. Ingest the customer first")


class RejectReason(StrEnum):
    """Why a stream record can never be processed, for the dead letters and their counts."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_FIELD = "duplicate_field"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    NEGATIVE = "negative"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_VALUE = "unknown_value"
    INVALID_IDENTIFIER = "invalid_identifier"
    INVALID_CPF = "invalid_cpf"
    INVALID_TIME = "invalid_time"


class RejectedRecord(DomainError):
    """``reason`` is a ``RejectReason`` value; ``field`` a dotted name inside the record, never its value."""

    def __init__(self, reason: str, field: str) -> None:
        self.reason, self.field = reason, field
        super().__init__(f"record rejected: {reason} at {field or 'the record itself'}")


class TableError(DomainError):
    """``line`` counts physical lines of the file from 1, the header included."""

    exit_status = ExitStatus.NO

    def __init__(
        self, file: str, problem: str, fix: str, line: int | None = None, column: str | None = None
    ) -> None:
        self.file, self.problem, self.fix, self.line, self.column = file, problem, fix, line, column
        place = file if line is None else f"{file}:{line}"
        where = "" if column is None else f"column {column!r}: "
        super().__init__(f"{place}: {where}{problem}. {fix}")


class StoreUnavailable(DomainError):
    """``store`` names the port (relational, hot, wide, cache, stream), never an address."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, store: str, reason: str) -> None:
        self.store, self.reason = store, reason
        super().__init__(f"the {store} store is unavailable: {reason}")


class IdempotencyConflict(DomainError):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"Idempotency-Key {key!r} was used before with a different body")


class VersionConflict(DomainError):
    def __init__(self, item: str, expected: int, found: int | None) -> None:
        self.item, self.expected, self.found = item, expected, found
        super().__init__(f"{item}: expected version {expected}, found {found}")


class LeaseLost(DomainError):
    def __init__(self, item: str, fence: int) -> None:
        self.item, self.fence = item, fence
        super().__init__(f"{item}: another process took it over after fence {fence}")


class DisbursementRefused(DomainError):
    """``code`` is a ``Refusal`` value (``credit.domain.disbursement``)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"the disbursement is refused: {code}")
