"""The real loans, converted by their mapping; every row that could not be used is kept with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.demo.errors import LoansNotInstalled
from app.demo.sender import Request
from credit.domain.errors import TableError
from credit.usecases.convert import ConversionReport, ConvertedRow, convert
from credit.usecases.row_mapping import load_mapping
from credit.usecases.shipped_mappings import OPENINTRO_LOANS
from credit.usecases.tables import SourceRow, read_real_loans


@dataclass(frozen=True, slots=True)
class Loans:
    """``source`` are the raw rows by number, for the oracle, which reads nothing that we converted."""

    converted: tuple[ConvertedRow, ...]
    report: ConversionReport
    source: Mapping[int, SourceRow]


def load_loans(limit: int | None = None) -> Loans:
    """The first ``limit`` loans (``None``: all 10,000).

    Raises:
        LoansNotInstalled: the package with the loans is not installed.
    """
    try:
        table = read_real_loans()
    except TableError as error:
        raise LoansNotInstalled(str(error)) from error
    rows = [row for row in table if limit is None or row.number <= limit]
    report = ConversionReport(rows=0, usable=0, unusable=[], blanked=[])
    converted = tuple(convert(rows, load_mapping(OPENINTRO_LOANS), report))
    return Loans(converted, report, {row.number: row for row in rows})


def application_body(row: ConvertedRow) -> Mapping[str, object]:
    """The loan as a client would ask for it."""
    application = row.application
    return {
        "customer_id": application.customer_id,
        "amount_cents": application.amount_cents,
        "term_months": application.term_months,
        "purpose": application.purpose,
        "reference": application.reference,
    }


def requests(loans: Loans, run: str, first: int = 0) -> Iterator[Request]:
    """One request a loan; ``run`` and the row make the Idempotency-Key."""
    for row in loans.converted[first:]:
        yield Request(row.row, f"{run}-{row.row:05d}", application_body(row))
