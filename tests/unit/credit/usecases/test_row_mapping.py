from __future__ import annotations

from pathlib import Path

import pytest

from credit.usecases.row_mapping import load_mapping, parse_mapping
from credit.usecases.shipped_mappings import OPENINTRO_LOANS
from foundation.errors import DefinitionErrors
from tests.support.tiny_mapping import MAPPING

WRONG = [
    ("id:", "column: id", "colum: id", 6, "customer.customer_id.column", "is required but missing"),
    ("reading", "read: text", "read: txt", 6, "read", "Did you mean `text`?"),
    (
        "reading of a kind that does not fit",
        "{read: text, column: id}",
        "{read: integer, column: id}",
        6,
        "read",
        "'integer' is not one of text, row_number",
    ),
    (
        "required",
        "  customer_id: {read: text, column: id}\n",
        "",
        5,
        "customer.customer_id",
        "is required but missing",
    ),
    ("field of ours", "tax_liens:", "tax_leans:", 18, "tax_leans", "Did you mean `tax_liens`?"),
    ("choice", "rent: RENT", "rent: RENTED", 16, "rent", "Did you mean `RENT`?"),
    (
        "share of nothing",
        "of: monthly_income_cents",
        "of: existing_debts_cents",
        5,
        "customer",
        "which has no source",
    ),
    ("ladder that ends below zero", "step: -100", "step: -500", 15, "step", "would end at -100"),
    ("ladder that repeats", "[A, B, C]", "[A, B, A]", 15, "order", "names a step twice"),
    (
        "required and unknown",
        "column: amount}",
        "column: amount, missing: unknown}",
        20,
        "missing",
        "cannot be unknown",
    ),
    ("treatment", "outside: unknown}", "outside: maybe}", 8, "outside", "'maybe' is not one of"),
    ("bound", "above: 0,", "above: zero,", 8, "above", "'zero' is not a number"),
    ("version", 'version: "1"\n', "", 1, "version", "is required but missing"),
    ("delimiter", "null_values", 'delimiter: ";;"\nnull_values', 4, "delimiter", "one character"),
]


@pytest.mark.parametrize(
    ("before", "after", "line", "field", "told"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_a_wrong_mapping_says_where_and_how_to_fix_it(
    before: str, after: str, line: int, field: str, told: str
) -> None:
    assert before in MAPPING
    with pytest.raises(DefinitionErrors) as caught:
        parse_mapping(MAPPING.replace(before, after, 1).encode(), "m.yaml")
    wrong = [(e.file, e.line) for e in caught.value.errors if e.field.endswith(field) and told in str(e)]
    assert wrong == [("m.yaml", line)], [str(error) for error in caught.value.errors]
    assert all(error.fix for error in caught.value.errors)


def test_what_follows_a_way_that_always_applies_is_refused() -> None:
    two = "\n    - {read: integer, column: liens}\n    - {read: integer, column: other}"
    text = MAPPING.replace(" {read: integer, column: liens}", two)
    with pytest.raises(DefinitionErrors, match="always applies"):
        parse_mapping(text.encode(), "m.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionErrors, match="cannot be read"):
        load_mapping(tmp_path / "absent.yaml")


def test_the_shipped_mapping_names_every_column_it_needs() -> None:
    mapping = load_mapping(OPENINTRO_LOANS)
    assert {"annual_income_joint", "issue_month", "application_type", "sub_grade"} <= mapping.columns
    assert mapping.name == "openintro-loans"
