"""Anyone's rows into customers and applications, by a declared mapping; nothing is dropped in silence."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from credit.domain.application import require_identifier, validate_application
from credit.domain.canonical import canonical_json, digest
from credit.domain.decision import Application
from credit.domain.errors import InvalidValue, TableError
from credit.usecases.field_sources import Blank, FieldSource, FieldValue, Unusable, read_field
from credit.usecases.ingest import PROFILE_NUMBERS, customer_record
from credit.usecases.row_mapping import RowMapping
from credit.usecases.tables import SourceRow, Table


@dataclass(frozen=True, slots=True)
class BlankedValue:
    """A value taken as not known, and why (``is empty``, ``is above 100``)."""

    row: int
    field: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnusableRow:
    """A row that gives no application, and why. ``column`` is empty when it is the row as a whole."""

    row: int
    line: int | None
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConvertedRow:
    """``customer`` is the ``data`` of a customer stream record, the CPF in clear: keep it in memory only."""

    row: int
    customer: Mapping[str, str | int | None] = field(repr=False)
    application: Application
    blanked: tuple[BlankedValue, ...]

    @property
    def record(self) -> bytes:
        """The customer as a stream record, ready to put."""
        return customer_record(self.customer)


@dataclass(slots=True)
class ConversionReport:
    """``rows == usable + len(unusable)``, always. Filled while the conversion runs."""

    rows: int = 0
    usable: int = 0
    unusable: list[UnusableRow] = field(default_factory=list)
    blanked: list[BlankedValue] = field(default_factory=list)

    @property
    def unusable_reasons(self) -> Counter[tuple[str, str]]:
        """How many rows by (column, reason)."""
        return Counter((row.column, row.reason) for row in self.unusable)


def convert(
    rows: Iterable[SourceRow], mapping: RowMapping, report: ConversionReport
) -> Iterator[ConvertedRow]:
    """Convert row by row; what cannot be used goes into ``report`` with row, column and reason.

    Raises:
        TableError: the table (or the first of bare rows) lacks a column that the mapping reads.
    """
    if isinstance(rows, Table):
        check_columns(rows.name, rows.columns, mapping)
    seen: dict[str, tuple[int, str]] = {}
    for row in rows:
        if report.rows == 0 and not isinstance(rows, Table):
            check_columns("the rows", tuple(row.cells), mapping)
        report.rows += 1
        try:
            converted = _converted(row, mapping)
            _check_repeated(converted, seen)
        except Unusable as problem:
            report.unusable.append(UnusableRow(row.number, row.line, problem.column, problem.reason))
            continue
        report.usable += 1
        report.blanked.extend(converted.blanked)
        yield converted


def check_columns(table: str, columns: Sequence[str], mapping: RowMapping) -> None:
    """Every column the mapping reads must be there.

    Raises:
        TableError: the first one that is not, with the nearest name that is.
    """
    for column in sorted(mapping.columns - set(columns)):
        near = difflib.get_close_matches(column, columns, n=1)
        guess = f" (did you mean {near[0]!r}?)" if near else ""
        fix = f"Add the column, or name another one in {mapping.source_file}{guess}"
        raise TableError(table, "is not a column of the file", fix, 1, column)


def _converted(row: SourceRow, mapping: RowMapping) -> ConvertedRow:
    if row.problem is not None:
        raise Unusable("", row.problem)
    blanked: list[BlankedValue] = []
    customer = _fields(row, mapping.customer, mapping.null_values, blanked)
    application = _fields(row, mapping.application, mapping.null_values, blanked)
    _check_customer(customer, mapping)
    try:
        asked = validate_application(_application(customer, application))
    except InvalidValue as error:
        raise Unusable(_column(error.field, mapping), f"{error.field}: {error.problem}") from None
    return ConvertedRow(row.number, customer, asked, tuple(blanked))


def _fields(
    row: SourceRow,
    sources: Mapping[str, tuple[FieldSource, ...]],
    nulls: frozenset[str],
    blanked: list[BlankedValue],
) -> dict[str, FieldValue]:
    """Plain fields first, then shares of them."""
    fields: dict[str, FieldValue] = {}
    for name, ways in sorted(sources.items(), key=lambda item: any(way.of for way in item[1])):
        way = _applicable(ways, row)
        if way is None:
            raise Unusable(ways[0].column, f"no way to read {name} applies to this row")
        try:
            fields[name] = read_field(way, row, nulls, fields)
        except Blank as blank:
            fields[name] = None
            blanked.append(BlankedValue(row.number, name, blank.column, blank.reason))
    return fields


def _applicable(ways: tuple[FieldSource, ...], row: SourceRow) -> FieldSource | None:
    for way in ways:
        if way.when is None or (row.cells.get(way.when.column) or "").strip() == way.when.equals:
            return way
    return None


def _application(customer: Mapping[str, FieldValue], asked: Mapping[str, FieldValue]) -> Application:
    """The types are checked by ``validate_application`` right after."""
    return Application(
        customer_id=customer["customer_id"],  # type: ignore[arg-type]
        amount_cents=asked["amount_cents"],  # type: ignore[arg-type]
        term_months=asked["term_months"],  # type: ignore[arg-type]
        purpose=asked["purpose"],  # type: ignore[arg-type]
        reference=asked.get("reference"),  # type: ignore[arg-type]
    )


def _check_customer(customer: Mapping[str, FieldValue], mapping: RowMapping) -> None:
    """The same bounds as ingestion sets, so that a converted customer is never rejected there."""
    require = customer["customer_id"]
    try:
        require_identifier("customer_id", require)
    except InvalidValue as error:
        raise Unusable(_column("customer_id", mapping), f"customer_id: {error.problem}") from None
    for name, high in PROFILE_NUMBERS.items():
        value = customer.get(name)
        if isinstance(value, int) and not 0 <= value <= high:
            raise Unusable(
                _column(name, mapping), f"{name} would be {'negative' if value < 0 else 'too large'}"
            )


def _column(name: str, mapping: RowMapping) -> str:
    ways = mapping.customer.get(name) or mapping.application.get(name) or ()
    return ways[0].column if ways else ""


def _check_repeated(converted: ConvertedRow, seen: dict[str, tuple[int, str]]) -> None:
    """A customer may apply twice, as one and the same person."""
    customer_id = converted.application.customer_id
    content = digest(canonical_json(converted.customer))
    first, before = seen.setdefault(customer_id, (converted.row, content))
    if before != content:
        raise Unusable("", f"row {first} has the same customer_id with different data")
