from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.customer import CustomerProfile
from credit.domain.decision import Application
from credit.domain.errors import TableError
from credit.usecases.convert import BlankedValue, ConversionReport, ConvertedRow, UnusableRow, convert
from credit.usecases.ingest import IngestRecord
from credit.usecases.row_mapping import load_mapping, parse_mapping
from credit.usecases.shipped_mappings import OPENINTRO_LOANS
from credit.usecases.tables import SourceRow, Table, read_csv
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.credit_world import TestSealer
from tests.support.tiny_mapping import HEADER, MAPPING, ROW, line, write_csv

TINY = parse_mapping(MAPPING.encode(), "tiny.yaml")


def converted(path: Path) -> tuple[list[ConvertedRow], ConversionReport]:
    report = ConversionReport()
    return list(convert(read_csv(path), TINY, report)), report


def one(tmp_path: Path, **changes: str) -> tuple[list[ConvertedRow], ConversionReport]:
    return converted(write_csv(tmp_path / "t.csv", line(**changes)))


def test_a_row_becomes_a_customer_and_an_application(tmp_path: Path) -> None:
    (row,), report = one(tmp_path)
    assert row.application == Application("A1", 1_000_050, 36, "CAR", "app-001")
    assert row.customer == {
        "customer_id": "A1",
        "cpf": "52998224725",
        "monthly_income_cents": 500_000,
        "monthly_debt_payment_cents": 102_500,
        "credit_score": 800,
        "home_ownership": "OWN",
        "credit_history_years": 17,
        "tax_liens": 0,
    }
    assert (report.rows, report.usable, report.unusable, report.blanked) == (1, 1, [], [])
    assert "52998224725" not in repr(row)


def test_a_converted_customer_passes_ingestion(tmp_path: Path) -> None:
    (row,), _ = one(tmp_path)
    profile = IngestRecord(TestSealer(), ManualClock(NOON)).parse(row.record)
    assert isinstance(profile, CustomerProfile)
    assert (profile.customer_id, profile.credit_score) == ("A1", 800)


@pytest.mark.parametrize(
    ("changes", "field", "column", "reason"),
    [
        ({"income": "0", "dti": "-"}, "monthly_income_cents", "income", "is not above 0"),
        ({"dti": ""}, "monthly_debt_payment_cents", "dti", "is empty"),
        ({"dti": "-"}, "monthly_debt_payment_cents", "dti", "is empty"),
        ({"dti": "469.1"}, "monthly_debt_payment_cents", "dti", "is above 100"),
        ({"grade": ""}, "credit_score", "grade", "is empty"),
        ({"issued": ""}, "credit_history_years", "issued", "is empty"),
    ],
)
def test_dirt_the_mapping_allows_is_not_known_and_reported(
    tmp_path: Path, changes: dict[str, str], field: str, column: str, reason: str
) -> None:
    (row,), report = one(tmp_path, **changes)
    assert row.customer[field] is None
    assert report.blanked[0] == BlankedValue(1, field, column, reason)


def test_a_share_of_an_unknown_income_is_not_known_either(tmp_path: Path) -> None:
    (row,), report = one(tmp_path, income="")
    assert row.customer["monthly_debt_payment_cents"] is None
    assert [value.reason for value in report.blanked] == [
        "is empty",
        "is a share of monthly_income_cents, which is not known",
    ]


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"amount": ""}, "amount", "is empty"),
        ({"amount": "ten"}, "amount", "'ten' is not a decimal number"),
        ({"amount": "10.001"}, "amount", "holds a fraction of a cent"),
        ({"amount": "-500"}, "amount", "amount_cents: negative"),
        ({"amount": "99999999"}, "amount", "amount_cents: too large"),
        ({"term": "36.5"}, "term", "is not a whole number"),
        ({"term": "1"}, "term", "term_months: too small"),
        ({"use": "yacht"}, "use", "'yacht' has no translation in the mapping"),
        ({"grade": "Z"}, "grade", "'Z' is not listed in the mapping's `order`"),
        ({"home": "boat"}, "home", "'boat' has no translation in the mapping"),
        ({"since": "long ago"}, "since", "'long ago' has no year"),
        ({"since": "2020"}, "since", "credit_history_years would be negative"),
        ({"liens": "-1"}, "liens", "tax_liens would be negative"),
        ({"income": "1e5"}, "income", "'1e5' is not a decimal number"),
        ({"income": "9" * 15}, "income", "monthly_income_cents would be too large"),
        ({"id": ""}, "id", "is empty"),
        ({"id": "a b"}, "id", "customer_id: not an identifier"),
        ({"cpf": "111.111.111-11"}, "cpf", "not a valid CPF: the same digit eleven times is nobody's number"),
    ],
)
def test_a_row_that_cannot_be_used_is_reported_with_row_line_column_and_reason(
    tmp_path: Path, changes: dict[str, str], column: str, reason: str
) -> None:
    rows, report = one(tmp_path, **changes)
    assert rows == []
    assert report.unusable == [UnusableRow(1, 2, column, reason)]
    assert (report.rows, report.usable) == (1, 0)


def test_a_misplaced_cpf_is_not_quoted_in_the_report(tmp_path: Path) -> None:
    _, report = one(tmp_path, amount="529.982.247-25")
    assert report.unusable[0].reason == "a value not shown is not a decimal number"


def test_a_row_of_the_wrong_length_is_unusable_as_a_whole(tmp_path: Path) -> None:
    rows, report = converted(write_csv(tmp_path / "t.csv", "A1,too,short", line(), line() + ",extra"))
    assert [row.row for row in rows] == [2]
    assert [(row.row, row.column, row.reason) for row in report.unusable] == [
        (1, "", "has 3 cells where the header has 12"),
        (3, "", "has 13 cells where the header has 12"),
    ]


def test_one_customer_may_apply_twice_but_only_as_the_same_person(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", line(), line(amount="500"), line(income="1"))
    rows, report = converted(path)
    assert [row.row for row in rows] == [1, 2]
    assert report.unusable[0].reason == "row 1 has the same customer_id with different data"


def test_a_missing_column_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", line(), header=HEADER.replace("income", "incomes"))
    with pytest.raises(
        TableError, match=r"t\.csv:1: column 'income': is not a column of the file.*did you mean 'incomes'"
    ):
        converted(path)


def test_bare_rows_are_checked_as_a_table_is() -> None:
    with pytest.raises(TableError, match="the rows:1: column"):
        list(convert([SourceRow(1, None, {"id": "A"})], TINY, ConversionReport()))
    report = ConversionReport()
    assert len(list(convert([SourceRow(1, None, dict(ROW))], TINY, report))) == report.usable == 1


CELLS = st.sampled_from(
    ["", "-", "0", "-1", "12.5", "x", "529.982.247-25", "9" * 20, "own", "A", "2001", "\ud800"]
)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(ROW)), CELLS, max_size=4), max_size=8))
def test_the_counts_of_a_conversion_always_add_up(changes: list[dict[str, str]]) -> None:
    rows = [SourceRow(n, None, ROW | {"id": f"C{n}"} | change) for n, change in enumerate(changes, start=1)]
    report = ConversionReport()
    usable = list(convert(Table("made up", tuple(ROW), iter(rows)), TINY, report))
    assert report.rows == len(rows)
    assert report.rows == report.usable + len(report.unusable)
    assert report.usable == len(usable)
    assert sorted([row.row for row in usable] + [row.row for row in report.unusable]) == list(
        range(1, len(rows) + 1)
    )
    assert sum(report.unusable_reasons.values()) == len(report.unusable)


def test_the_shipped_mapping_reads_joint_applications_by_their_joint_figures() -> None:
    mapping = load_mapping(OPENINTRO_LOANS)
    base = dict.fromkeys(mapping.columns, "0") | {
        "application_type": "joint",
        "annual_income": "0",
        "annual_income_joint": "120000",
        "debt_to_income": "469.09",
        "debt_to_income_joint": "10",
        "sub_grade": "A1",
        "homeownership": "RENT",
        "earliest_credit_line": "2000",
        "issue_month": "Jan-2018",
        "loan_amount": "1000",
        "term": "36.0",
        "loan_purpose": "car",
    }
    worst = base | {"application_type": "individual", "sub_grade": "G5"}
    rows = [SourceRow(n, None, cells) for n, cells in enumerate((base, worst), start=1)]
    joint, single = convert(rows, mapping, ConversionReport())
    assert joint.customer["monthly_income_cents"] == 1_000_000
    assert joint.customer["monthly_debt_payment_cents"] == 100_000
    assert joint.customer["credit_score"] == 950
    assert single.customer["monthly_income_cents"] is None
    assert single.customer["monthly_debt_payment_cents"] is None
    assert single.customer["credit_score"] == 270
    assert joint.customer["cpf"] != single.customer["cpf"]
