"""What an application may hold. Everything outside it is refused by name, with the fix."""

from __future__ import annotations

import re
from enum import StrEnum

from credit.domain.cpf import looks_like_cpf
from credit.domain.decision import Application
from credit.domain.errors import InvalidValue

MIN_AMOUNT_CENTS = 10_000  # 100.00
MAX_AMOUNT_CENTS = 100_000_000  # 1,000,000.00
MIN_TERM_MONTHS = 3
MAX_TERM_MONTHS = 120

# No "#": it separates the parts of store keys.
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class Purpose(StrEnum):
    """What the money is for."""

    CAR = "CAR"
    CREDIT_CARD = "CREDIT_CARD"
    DEBT_CONSOLIDATION = "DEBT_CONSOLIDATION"
    EDUCATION = "EDUCATION"
    HOME_IMPROVEMENT = "HOME_IMPROVEMENT"
    HOUSE = "HOUSE"
    MAJOR_PURCHASE = "MAJOR_PURCHASE"
    MEDICAL = "MEDICAL"
    MOVING = "MOVING"
    OTHER = "OTHER"
    RENEWABLE_ENERGY = "RENEWABLE_ENERGY"
    SMALL_BUSINESS = "SMALL_BUSINESS"
    VACATION = "VACATION"


_PURPOSES = frozenset(purpose.value for purpose in Purpose)


def is_identifier(text: str) -> bool:
    """Whether a text may name a customer, transaction or application. What may be a CPF may not: ids are
    stored, logged and shown in clear."""
    return _IDENTIFIER.fullmatch(text) is not None and not looks_like_cpf(text)


def require_identifier(field: str, value: object) -> None:
    if not isinstance(value, str) or not is_identifier(value):
        raise InvalidValue(
            field,
            "not an identifier",
            "Use 1 to 64 letters, digits, '.', '_', ':' or '-', beginning with a letter or digit, not a CPF",
        )


def _require_integer(field: str, value: object, low: int, high: int, unit: str) -> None:
    fix = f"Send a whole number of {unit} from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(field, "not a whole number", fix)
    if value < low:
        raise InvalidValue(field, f"{'negative' if value < 0 else 'too small'}", fix)
    if value > high:
        raise InvalidValue(field, "too large", fix)


def validate_application(application: Application) -> Application:
    """The application itself when every field holds what it may.

    Raises:
        InvalidValue: the first field that does not, with the problem and the fix.
    """
    require_identifier("customer_id", application.customer_id)
    validate_terms(application.amount_cents, application.term_months, application.purpose)
    if application.reference is not None:
        require_identifier("reference", application.reference)
    return application


def validate_terms(amount_cents: object, term_months: object, purpose: object) -> None:
    """The same for what is asked for, before it is known who asks.

    Raises:
        InvalidValue: the first field outside its limits.
    """
    _require_integer("amount_cents", amount_cents, MIN_AMOUNT_CENTS, MAX_AMOUNT_CENTS, "cents")
    _require_integer("term_months", term_months, MIN_TERM_MONTHS, MAX_TERM_MONTHS, "months")
    if purpose not in _PURPOSES:
        raise InvalidValue("purpose", "not a known purpose", f"Use one of {', '.join(sorted(_PURPOSES))}")
