from __future__ import annotations

from pathlib import Path

import pytest

from credit.domain.errors import MappingError
from credit.usecases.row_mapping import OPENINTRO_LOANS, load_mapping, parse_mapping
from tests.support.tiny_mapping import MAPPING

WRONG = [
    ("id:", "column: id", "colum: id", 6, "'column' is missing"),
    ("reading", "read: text", "read: txt", 6, "did you mean 'text'"),
    (
        "reading of a kind that does not fit",
        "{read: text, column: id}",
        "{read: integer, column: id}",
        6,
        "not known",
    ),
    ("required", "  customer_id: {read: text, column: id}\n", "", 6, "'customer_id' is missing"),
    ("field of ours", "tax_liens:", "tax_leans:", 18, "did you mean 'tax_liens'"),
    ("choice", "rent: RENT", "rent: RENTED", 16, "did you mean 'RENT'"),
    ("share of nothing", "of: monthly_income_cents", "of: existing_debts_cents", 6, "which has no source"),
    ("ladder that ends below zero", "step: -100", "step: -500", 15, "would end at -100"),
    ("ladder that repeats", "[A, B, C]", "[A, B, A]", 15, "names a step twice"),
    ("required and unknown", "column: amount}", "column: amount, missing: unknown}", 20, "cannot be unknown"),
    ("treatment", "outside: unknown}", "outside: maybe}", 8, "'maybe' is not known"),
    ("bound", "above: 0,", "above: zero,", 8, "not a decimal number"),
    ("version", 'version: "1"\n', "", 1, "'version' is missing"),
    ("delimiter", "null_values", 'delimiter: ";;"\nnull_values', 4, "one character"),
]


@pytest.mark.parametrize(
    ("before", "after", "line", "problem"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_a_wrong_mapping_says_where_and_how_to_mend_it(
    before: str, after: str, line: int, problem: str
) -> None:
    assert before in MAPPING
    with pytest.raises(MappingError) as caught:
        parse_mapping(MAPPING.replace(before, after, 1).encode(), "m.yaml")
    assert problem in caught.value.problem
    assert (caught.value.file, caught.value.line) == ("m.yaml", line)
    assert caught.value.mend


def test_what_follows_a_way_that_always_applies_is_refused() -> None:
    two = "\n    - {read: integer, column: liens}\n    - {read: integer, column: other}"
    text = MAPPING.replace(" {read: integer, column: liens}", two)
    with pytest.raises(MappingError, match="always applies"):
        parse_mapping(text.encode(), "m.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "absent.yaml")


def test_the_shipped_mapping_names_every_column_it_needs() -> None:
    mapping = load_mapping(OPENINTRO_LOANS)
    assert {"annual_income_joint", "issue_month", "application_type", "sub_grade"} <= mapping.columns
    assert mapping.name == "openintro-loans"
