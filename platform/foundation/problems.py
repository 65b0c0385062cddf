"""Everything wrong in the files being read, gathered so that a person mends it in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from foundation.errors import DefinitionError, DefinitionErrors

T = TypeVar("T")
WHOLE_FILE = "the file"  # the field of a problem that no single value has
MOST_ERRORS = 500  # a person mends no more at once, and a hostile file could have one in every byte


@dataclass(frozen=True, slots=True)
class Notice:
    """Something understood in one of several possible ways, or left unused: loaded, and said aloud."""

    file: str
    line: int | None
    field: str
    reason: str
    mend: str = ""


class Problems:
    """Of one file, or of all that are read together."""

    def __init__(self) -> None:
        self.errors: list[DefinitionError] = []
        self.notices: list[Notice] = []

    def refuse(self, file: str, line: int | None, field: str, problem: str, mend: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(DefinitionError(file, field or WHOLE_FILE, problem, mend, line))

    def notice(self, file: str, line: int | None, field: str, reason: str, mend: str = "") -> None:
        self.notices.append(Notice(file, line, field, reason, mend))

    def attempt(self, read: Callable[[], T]) -> T | None:
        """What ``read`` answers; ``None``, and its errors among these, where it raises some."""
        try:
            return read()
        except DefinitionErrors as several:
            self.errors += several.errors
        except DefinitionError as one:
            self.errors.append(one)
        return None

    def raise_if_any(self) -> None:
        """
        Raises:
            DefinitionErrors: something was refused; each once, in file order, then by line.
        """
        if self.errors:
            once = {str(error): error for error in self.errors}
            raise DefinitionErrors(sorted(once.values(), key=lambda e: (e.file, e.line or 0, e.field)))
