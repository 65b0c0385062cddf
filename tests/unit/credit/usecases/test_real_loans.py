"""The shipped policy and mapping on real loans, beside an opinion that shares no code with them."""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.demo.oracle import opinion
from credit.domain.compiled_policy import CompiledPolicy
from credit.domain.policy_file import parse_policy
from credit.usecases.convert import ConversionReport, ConvertedRow, convert
from credit.usecases.decide_batch import BatchSummary, decide_batch
from credit.usecases.load_policies import SHIPPED, load_policies, load_reasons
from credit.usecases.row_mapping import load_mapping
from credit.usecases.shipped_mappings import OPENINTRO_LOANS
from credit.usecases.tables import SourceRow, read_csv, read_real_loans

AS_OF = datetime(2018, 4, 1, tzinfo=UTC)
SAMPLE = 10_000 if os.environ.get("MIRANTE_PROOF") == "full" else 2_000


@pytest.fixture(scope="module")
def loans() -> list[SourceRow]:
    return list(read_real_loans())[:SAMPLE]


@pytest.fixture(scope="module")
def converted(loans: list[SourceRow]) -> list[ConvertedRow]:
    return list(convert(loans, load_mapping(OPENINTRO_LOANS), ConversionReport()))


@pytest.mark.proof
def test_an_independent_opinion_agrees_on_every_loan(
    loans: list[SourceRow], converted: list[ConvertedRow]
) -> None:
    decisions = list(decide_batch(converted, load_policies().get(), AS_OF, BatchSummary()))
    assert len(decisions) == len(loans) == SAMPLE
    for loan, decision in zip(loans, decisions, strict=True):
        verdict = decision.verdict
        ours = (
            verdict.outcome.value,
            tuple(reason.code for reason in verdict.reasons),
            verdict.monthly_rate_bps,
            verdict.installment_cents,
        )
        theirs = opinion(loan.cells)
        assert ours == (theirs.outcome, theirs.reasons, theirs.rate_bps, theirs.installment_cents), (
            loan.number
        )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("payments_to_income, above: 0.45", "payments_to_income, above: 0.452"),
        ("credit_score, below: 550", "credit_score, at_most: 550"),
        ("rank: 130", "rank: 145"),
        ("monthly_rate_bps: 199", "monthly_rate_bps: 198"),
    ],
)
def test_the_independent_opinion_notices_a_slightly_different_policy(
    loans: list[SourceRow], converted: list[ConvertedRow], before: str, after: str
) -> None:
    shipped = (SHIPPED / "personal-credit.yaml").read_text(encoding="utf-8")
    assert before in shipped
    changed = parse_policy(shipped.replace(before, after).encode(), "changed.yaml", load_reasons())
    decisions = decide_batch(converted, CompiledPolicy(changed), AS_OF, BatchSummary())
    told = [
        (d.verdict.outcome.value, tuple(r.code for r in d.verdict.reasons), d.verdict.installment_cents)
        for d in decisions
    ]
    opinions = [opinion(loan.cells) for loan in loans]
    assert told != [(o.outcome, o.reasons, o.installment_cents) for o in opinions]


def test_the_same_loans_give_the_same_digest_twice_and_another_order_another(
    converted: list[ConvertedRow],
) -> None:
    def digest(rows: list[ConvertedRow], as_of: datetime) -> str:
        summary = BatchSummary()
        assert (
            len(list(decide_batch(rows, load_policies().get(), as_of, summary)))
            == summary.decided
            == len(rows)
        )
        return summary.digest

    first = digest(converted, AS_OF)
    assert digest(converted, datetime(2026, 1, 1, tzinfo=UTC)) == first
    assert digest(converted[::-1], AS_OF) != first


def test_the_mix_is_believable(converted: list[ConvertedRow]) -> None:
    summary = BatchSummary()
    decided = list(decide_batch(converted, load_policies().get(), AS_OF, summary))
    assert sum(summary.outcomes.values()) == summary.decided == len(decided)
    assert 0.55 <= summary.outcomes["APPROVE"] / summary.decided <= 0.75
    assert min(summary.outcomes["DECLINE"], summary.outcomes["REFER"]) / summary.decided >= 0.10
    assert len(summary.reasons) >= 10
    told = Counter(reason.code for decision in decided for reason in decision.verdict.reasons)
    assert summary.reasons == told


def test_the_loans_as_a_csv_file_give_the_same_as_the_package(
    loans: list[SourceRow], converted: list[ConvertedRow], tmp_path: Path
) -> None:
    path = tmp_path / "loans.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(loans[0].cells))
        writer.writeheader()
        writer.writerows([{name: cell or "" for name, cell in loan.cells.items()} for loan in loans[:300]])
    report = ConversionReport()
    assert list(convert(read_csv(path), load_mapping(OPENINTRO_LOANS), report)) == converted[:300]
    assert (report.rows, report.usable) == (300, 300)


def test_no_loan_is_lost_in_the_conversion(loans: list[SourceRow]) -> None:
    report = ConversionReport()
    rows = list(convert(loans, load_mapping(OPENINTRO_LOANS), report))
    assert report.rows == len(loans) == len(rows) + len(report.unusable)
    blanked = {(value.field, value.column, value.reason) for value in report.blanked}
    assert ("employment_years", "emp_length", "is empty") in blanked
    assert len({row.customer["cpf"] for row in rows}) == len(rows)
