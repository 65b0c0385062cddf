from __future__ import annotations

from dataclasses import replace

import pytest

from credit.domain.application import MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS, is_identifier, validate_application
from credit.domain.decision import Application
from credit.domain.errors import InvalidValue

GOOD = Application("C-1", 1_000_000, 36, "CAR", "ref-1")


def test_a_good_application_passes_unchanged() -> None:
    assert validate_application(GOOD) is GOOD
    for edge in (MIN_AMOUNT_CENTS, MAX_AMOUNT_CENTS):
        validate_application(replace(GOOD, amount_cents=edge))


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("amount_cents", -1, "negative"),
        ("amount_cents", MIN_AMOUNT_CENTS - 1, "too small"),
        ("amount_cents", MAX_AMOUNT_CENTS + 1, "too large"),
        ("amount_cents", 10**30, "too large"),
        ("amount_cents", True, "not a whole number"),
        ("amount_cents", 1000.0, "not a whole number"),
        ("amount_cents", None, "not a whole number"),
        ("term_months", 2, "too small"),
        ("term_months", 121, "too large"),
        ("purpose", "car", "not a known purpose"),
        ("purpose", "", "not a known purpose"),
        ("customer_id", "", "not an identifier"),
        ("customer_id", "a#b", "not an identifier"),
        ("customer_id", "x" * 65, "not an identifier"),
        ("reference", "with space", "not an identifier"),
    ],
)
def test_a_field_outside_its_limits_is_named_with_a_fix(field: str, value: object, problem: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        validate_application(replace(GOOD, **{field: value}))  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert caught.value.fix


def test_what_may_be_a_cpf_is_no_identifier_since_ids_are_shown_in_clear() -> None:
    assert not is_identifier("52998224725")
    assert not is_identifier("529.982.247-25")
    assert is_identifier("529982247251")
    assert is_identifier("C-52998224725")


def test_without_a_reference_an_application_is_still_good() -> None:
    validate_application(replace(GOOD, reference=None))
