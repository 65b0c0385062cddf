"""Rows of a CSV file that a person gives: one reader, so that every command says the same of a broken one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from foundation.errors import WHOLE_FILE, DefinitionError
from foundation.paths import open_file


def csv_rows(
    path: Path, encoding: str = "utf-8-sig", delimiter: str = ","
) -> Iterator[tuple[list[str], int]]:
    """The cells of each row, header and blank ones included, and the line that the row ends on.

    Raises:
        DefinitionError: it is no file, its encoding is unknown or another, or its quotes are broken.
    """
    file = str(path)
    with open_file(path) as source:
        try:
            text = io.TextIOWrapper(source, encoding, newline="")
        except LookupError:
            problem = f"has the unknown encoding {encoding!r}"
            raise DefinitionError(file, WHOLE_FILE, problem, "Use utf-8 or latin-1") from None
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if any("\0" in cell for cell in cells):
                    raise csv.Error("it has a NUL byte")
                yield cells, reader.line_num
        except UnicodeDecodeError:
            raise _not_text(path, encoding, delimiter) from None
        except csv.Error as error:
            raise DefinitionError(file, WHOLE_FILE, *_fault(error), reader.line_num) from None


def _fault(error: csv.Error) -> tuple[str, str]:
    if "field limit" in str(error):
        problem = f"has a cell of more than {csv.field_size_limit():,} characters"
        return problem, "Close its quotes, or shorten it"
    return f"is not CSV ({error})", "Save the file as CSV: quotes closed, no binary content"


def _not_text(path: Path, encoding: str, delimiter: str) -> DefinitionError:
    """Names the first line that does not decode, and the column it is in."""
    codec = encoding.removesuffix("-sig")
    problem = f"is not {codec.upper()}"
    fix = f"Save the file as {codec.upper()}; a mapping may also name its encoding"
    header: list[str] = []
    with open_file(path) as source:
        for number, line in enumerate(source, start=1):
            try:
                written = line.decode(codec)
            except UnicodeDecodeError as error:
                before = line[: error.start].decode(codec, "replace")
                place = len(next(csv.reader([before], delimiter=delimiter), [""])) - 1
                field = f"column {header[place]!r}" if 0 <= place < len(header) else WHOLE_FILE
                return DefinitionError(str(path), field, problem, fix, number)
            if number == 1:
                header = next(csv.reader([written.removeprefix("\ufeff")], delimiter=delimiter), [])
    return DefinitionError(str(path), WHOLE_FILE, problem, fix)
