"""A column mapping: where each field of ours comes from in somebody else's table, and how a cell is read.

What cannot be read is a named problem, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from credit.domain.cpf import normalise_cpf, synthetic_cpf
from credit.domain.errors import InvalidCpf, InvalidValue
from credit.domain.money import exact_number, round_half_up
from credit.usecases.tables import SourceRow


class CellReading(StrEnum):
    """How a cell becomes a value."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"  # currency units to cents
    MONEY_PER_YEAR = "money_per_year"  # currency units a year to cents a month, rounded half up
    PERCENT_OF = "percent_of"  # per cent of another field of ours, rounded half up
    CHOICE = "choice"  # by the table ``values``
    LADDER = "ladder"  # the place in ``order``: first + place x step
    YEARS_SINCE = "years_since"  # the year in ``until`` less the year in this column
    CPF = "cpf"
    ROW_NUMBER = "row_number"  # a prefix and the row's number; no column
    SYNTHETIC_CPF = "synthetic_cpf"  # made from the seed and the row's number; no column


class Treatment(StrEnum):
    """What a missing or implausible value does."""

    UNKNOWN = "unknown"  # the fact is not known; the row is used and the blank reported
    UNUSABLE = "unusable"  # the row is not used, and reported


@dataclass(frozen=True, slots=True)
class When:
    """A way of reading applies to rows whose ``column`` holds ``equals``."""

    column: str
    equals: str


@dataclass(frozen=True, slots=True)
class FieldSource:
    """One way to get one field. ``at_least`` and ``at_most`` bound the number as written in the table."""

    reading: CellReading
    column: str = ""
    when: When | None = None
    missing: Treatment = Treatment.UNKNOWN
    outside: Treatment = Treatment.UNUSABLE
    at_least: Fraction | None = None
    at_most: Fraction | None = None
    above: Fraction | None = None
    of: str = ""
    until: str = ""
    values: Mapping[str, str] | None = None
    order: tuple[str, ...] = ()
    first: int = 0
    step: int = 0
    prefix: str = ""
    digits: int = 1
    seed: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column this way reads."""
        named = (self.column, self.until, self.when.column if self.when else "")
        return tuple(column for column in named if column)


FieldValue = str | int | None
# A year alone, an ISO date, or a month and a year as in Mar-2018 and 03/2018.
_YEAR = re.compile(
    r"(?P<alone>[0-9]{4})|(?P<iso>[0-9]{4})-[0-9]{2}(-[0-9]{2})?|[A-Za-z0-9]{2,9}[-/ ](?P<last>[0-9]{4})"
)
_LONG_NUMBER = re.compile(r"[0-9]{3}\D?[0-9]{3}\D?[0-9]{3}")


class CellProblem(Exception):
    """A cell gives no value: ``reason`` says why."""

    def __init__(self, column: str, reason: str) -> None:
        self.column, self.reason = column, reason
        super().__init__(reason)


class Blank(CellProblem):
    """The value is not known."""


class Unusable(CellProblem):
    """The row cannot be used."""


def read_field(
    way: FieldSource, row: SourceRow, nulls: frozenset[str], fields: Mapping[str, FieldValue]
) -> FieldValue:
    """The field's value. ``fields`` holds those read before, for shares of them.

    Raises:
        Blank: not known, and the mapping lets it be.
        Unusable: not known or not readable, and the mapping does not.
    """
    if way.reading is CellReading.ROW_NUMBER:
        return f"{way.prefix}{row.number:0{way.digits}d}"
    if way.reading is CellReading.SYNTHETIC_CPF:
        return synthetic_cpf(way.seed, row.number - 1)
    cell = _cell(row, way.column, nulls)
    if cell is None:
        raise _problem(way.missing, way.column, "is empty")
    match way.reading:
        case CellReading.TEXT:
            return cell
        case CellReading.CPF:
            return _cpf(way.column, cell)
        case CellReading.CHOICE:
            return _chosen(way, cell)
        case CellReading.LADDER:
            return _rung(way, cell)
        case CellReading.YEARS_SINCE:
            return _years(way, cell, row, nulls)
        case _:
            return _number(way, cell, fields)


def _cell(row: SourceRow, column: str, nulls: frozenset[str]) -> str | None:
    value = row.cells.get(column)
    if value is None:
        return None
    stripped = value.strip()
    return None if stripped == "" or stripped in nulls else stripped


def _problem(treatment: Treatment, column: str, reason: str) -> Blank | Unusable:
    return Blank(column, reason) if treatment is Treatment.UNKNOWN else Unusable(column, reason)


def shown(cell: str) -> str:
    """A cell fit for a report: cut short, and hidden when it may hold a personal number."""
    return "a value not shown" if _LONG_NUMBER.search(cell) else repr(cell[:40])


def _cpf(column: str, cell: str) -> str:
    try:
        return normalise_cpf(cell)
    except InvalidCpf as error:
        raise Unusable(column, str(error)) from None


def _chosen(way: FieldSource, cell: str) -> str:
    known = way.values or {}
    if cell not in known:
        raise Unusable(way.column, f"{shown(cell)} has no translation in the mapping")
    return known[cell]


def _rung(way: FieldSource, cell: str) -> int:
    if cell not in way.order:
        raise Unusable(way.column, f"{shown(cell)} is not listed in the mapping's `order`")
    return way.first + way.step * way.order.index(cell)


def _year(column: str, cell: str) -> int:
    match = _YEAR.fullmatch(cell)
    if match is None:
        raise Unusable(column, f"{shown(cell)} has no year")
    return int(match["alone"] or match["iso"] or match["last"])


def _years(way: FieldSource, cell: str, row: SourceRow, nulls: frozenset[str]) -> int:
    until = _cell(row, way.until, nulls)
    if until is None:
        raise _problem(way.missing, way.until, "is empty")
    return _within(way, Fraction(_year(way.until, until) - _year(way.column, cell))).numerator


def _number(way: FieldSource, cell: str, fields: Mapping[str, FieldValue]) -> int:
    try:
        value = _within(way, exact_number(cell, way.column))
    except InvalidValue:
        raise Unusable(way.column, f"{shown(cell)} is not a decimal number") from None
    match way.reading:
        case CellReading.MONEY:
            return _whole(way, value * 100, "holds a fraction of a cent")
        case CellReading.MONEY_PER_YEAR:
            return round_half_up(value * 100 / 12)
        case CellReading.PERCENT_OF:
            return _share(way, value, fields)
        case _:
            return _whole(way, value, "is not a whole number")


def _share(way: FieldSource, value: Fraction, fields: Mapping[str, FieldValue]) -> int:
    base = fields.get(way.of)
    if not isinstance(base, int):
        raise _problem(way.missing, way.column, f"is a share of {way.of}, which is not known")
    return round_half_up(value * base / 100)


def _whole(way: FieldSource, value: Fraction, problem: str) -> int:
    if value.denominator != 1:
        raise Unusable(way.column, problem)
    return value.numerator


def _within(way: FieldSource, value: Fraction) -> Fraction:
    if way.at_least is not None and value < way.at_least:
        raise _problem(way.outside, way.column, f"is below {_plain(way.at_least)}")
    if way.above is not None and value <= way.above:
        raise _problem(way.outside, way.column, f"is not above {_plain(way.above)}")
    if way.at_most is not None and value > way.at_most:
        raise _problem(way.outside, way.column, f"is above {_plain(way.at_most)}")
    return value


def _plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
