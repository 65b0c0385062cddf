"""A file of JSON lines as stream records: each line is judged before it goes anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.api.fields import rejection_fault
from credit.domain.errors import RejectedRecord
from credit.usecases.ingest import IngestRecord

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could never be processed; its content, perhaps somebody's data, is not quoted."""

    file: str
    line: int
    field: str
    problem: str
    mend: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {field}{self.problem}. {self.mend}"


@dataclass(frozen=True, slots=True)
class GoodLine:
    line: int
    document: Mapping[str, object]


def judged_lines(lines: Iterable[bytes], file: str, ingest: IngestRecord) -> Iterator[GoodLine | BadLine]:
    """Blank lines are skipped, and counted as lines."""
    for number, line in enumerate(lines, start=1):
        content = (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).strip()
        if content:
            yield _judged(content, file, number, ingest)


def _judged(content: bytes, file: str, number: int, ingest: IngestRecord) -> GoodLine | BadLine:
    try:
        ingest.parse(content)
    except RejectedRecord as rejected:
        fault = rejection_fault(0, rejected)
        return BadLine(file, number, rejected.field, fault.problem.en, fault.mend.en)
    return GoodLine(number, json.loads(content))
