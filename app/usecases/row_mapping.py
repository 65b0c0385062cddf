"""A column mapping: where each field of ours comes from in somebody else's table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RowMapping:
    """A mapping file, checked. ``name`` and ``version`` are what it calls itself."""

    name: str
    version: str
    source_file: str


def load_mapping(path: Path) -> RowMapping:
    """Read a mapping file.

    Raises:
        MappingError: the first thing wrong, with file, line, field and mend.
    """
    raise NotImplementedError
