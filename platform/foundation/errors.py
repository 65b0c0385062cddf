"""Errors of the foundation, and how those of files are gathered so that a person fixes them in one go.

MiranteError                    base of every error of the product that may reach a person
+-- ClockSpecError              a clock setting that cannot be read
+-- DefinitionError             a file says something wrong (file, line, field, problem, fix)
    +-- UnreadableFile          it is not there, or may not be read: it says nothing
    +-- DefinitionErrors        several of them at once
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from foundation.exit_status import ExitStatus

T = TypeVar("T")
WHOLE_FILE = "the file"  # the field of a problem that no single value has
MOST_ERRORS = 500  # a person fixes no more at once, and a hostile file could have one in every byte


class MiranteError(Exception):
    """An error that may reach a person: its message says what is wrong, where, and how to fix it.

    ``exit_status`` is what a command answers that ends by it. One that no family sets is a defect of ours.
    """

    exit_status: ExitStatus = ExitStatus.DEFECT


def shortened(text: str, most: int = 60) -> str:
    """What somebody wrote, as a sentence can repeat it."""
    return text if len(text) <= most else f"{text[:most]}..."


class ClockSpecError(MiranteError, ValueError):
    """A clock setting that cannot be read."""

    exit_status = ExitStatus.USAGE

    def __init__(self, spec: str, problem: str = "cannot be read") -> None:
        self.spec, self.problem = spec, problem
        super().__init__(
            f"clock setting {shortened(spec)!r} {problem}: expected 'system' or 'scaled:FACTOR@ISO-INSTANT', "
            "for example 'scaled:60@2026-01-01T00:00:00+00:00'"
        )


class DefinitionError(MiranteError):
    """One thing wrong in one place of one file. ``line`` counts from 1; ``None``: of the file as a whole."""

    exit_status = ExitStatus.NO

    def __init__(self, file: str, field: str, problem: str, fix: str, line: int | None = None) -> None:
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
        self.fix = fix
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {field}: {problem}. {fix}")


class UnreadableFile(DefinitionError):
    """A file or folder that is not there or may not be read: the machine is in the way, not what it says."""

    exit_status = ExitStatus.ENVIRONMENT


class DefinitionErrors(DefinitionError):
    """Every error found, in file order, so that a person fixes them in one go. Its fields are the first's."""

    def __init__(self, errors: Sequence[DefinitionError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.file, first.field, first.problem, first.fix, first.line)
        self.args = ("\n".join(str(error) for error in self.errors),)
        if all(isinstance(error, UnreadableFile) for error in self.errors):
            self.exit_status = ExitStatus.ENVIRONMENT


class Effect(StrEnum):
    """What becomes of something that a file says, or leaves open, when it is read."""

    CHANGED = "changed"  # says it differently, or means something slightly else
    ADDED = "added"  # the source had nothing of the kind
    LOST = "lost"  # cannot be kept
    ASSUMED = "assumed"  # the source left it open


@dataclass(frozen=True, slots=True)
class Notice:
    """Something understood in one of several possible ways, or left unused: loaded, and said aloud."""

    file: str
    line: int | None
    field: str
    reason: str
    fix: str = ""
    effect: Effect = Effect.ASSUMED


class Problems:
    """Of one file, or of all that are read together.

    ``incomplete``: one of them could not be read at all, so that what the others name may be in it.
    ``is_part``: they are somebody's who may keep what they name elsewhere.
    """

    def __init__(self, *, is_part: bool = False) -> None:
        self.is_part = is_part
        self.incomplete = False
        self.errors: list[DefinitionError] = []
        self.notices: list[Notice] = []

    def refuse(self, file: str, line: int | None, field: str, problem: str, fix: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(DefinitionError(file, field or WHOLE_FILE, problem, fix, line))

    def unreadable(self, file: str, problem: str, fix: str) -> None:
        self.errors.append(UnreadableFile(file, WHOLE_FILE, problem, fix))

    def notice(
        self,
        file: str,
        line: int | None,
        field: str,
        reason: str,
        fix: str = "",
        effect: Effect = Effect.ASSUMED,
    ) -> None:
        self.notices.append(Notice(file, line, field, reason, fix, effect))

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
            raise self.all()

    def all(self) -> DefinitionErrors:
        once = {str(error): error for error in self.errors}
        return DefinitionErrors(sorted(once.values(), key=lambda e: (e.file, e.line or 0, e.field)))
