"""Anyone's rows into customers and applications, by a declared mapping; nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.decision import Application
from app.usecases.row_mapping import RowMapping

SHIPPED_MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """``number`` counts data rows from 1; ``line`` is the line it begins on (None: not a file)."""

    number: int
    line: int | None
    cells: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class BlankedValue:
    """A value taken as missing, and why (``DTI above 100 %``)."""

    row: int
    field: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnusableRow:
    """A row that gives no application, and why."""

    row: int
    line: int | None
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConvertedRow:
    """``customer`` is the ``data`` of a customer stream record, the CPF in clear: keep it in memory only."""

    row: int
    customer: Mapping[str, str | int | None]
    application: Application
    blanked: tuple[BlankedValue, ...]

    @property
    def record(self) -> bytes:
        """The customer as a stream record, ready to put."""
        raise NotImplementedError


@dataclass(slots=True)
class ConversionReport:
    """``rows == usable + len(unusable)``, always."""

    rows: int
    usable: int
    unusable: list[UnusableRow]
    blanked: list[BlankedValue]


def convert(
    rows: Iterable[SourceRow], mapping: RowMapping, report: ConversionReport
) -> Iterator[ConvertedRow]:
    """Convert row by row; what cannot be used goes into ``report``."""
    raise NotImplementedError
