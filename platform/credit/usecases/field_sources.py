"""A column mapping: where each field of ours comes from in somebody else's table, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Reading(StrEnum):
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

    reading: Reading
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
    line: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column this way reads."""
        named = (self.column, self.until, self.when.column if self.when else "")
        return tuple(column for column in named if column)


@dataclass(frozen=True, slots=True)
class RowMapping:
    """A mapping file, checked. For each field the ways to get it, the first whose ``when`` fits applies."""

    name: str
    version: str
    description: str
    encoding: str
    delimiter: str
    null_values: frozenset[str]
    customer: Mapping[str, tuple[FieldSource, ...]]
    application: Mapping[str, tuple[FieldSource, ...]]
    source_file: str

    @property
    def columns(self) -> frozenset[str]:
        """Every column the mapping needs."""
        ways = [
            way for fields in (self.customer, self.application) for ways in fields.values() for way in ways
        ]
        return frozenset(column for way in ways for column in way.columns)
