"""Errors of the foundation.

ClockSpecError              a clock setting that cannot be read
DefinitionError             a file that a person edits says something wrong (file, line, field, problem, mend)
+-- DefinitionErrors        several of them at once
"""

from __future__ import annotations

from collections.abc import Sequence


class ClockSpecError(ValueError):
    """A clock setting that cannot be read."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        super().__init__(
            f"clock setting {spec!r} cannot be read: expected 'system' or 'scaled:FACTOR@ISO-INSTANT', "
            "for example 'scaled:60@2026-01-01T00:00:00+00:00'"
        )


class DefinitionError(Exception):
    """One thing wrong in one place of one file. ``line`` counts from 1; ``None``: of the file as a whole."""

    def __init__(self, file: str, field: str, problem: str, mend: str, line: int | None = None) -> None:
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
        self.mend = mend
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {field}: {problem}. {mend}")


class DefinitionErrors(DefinitionError):
    """Every error found, in file order, so that a person mends them in one go. Its fields are the first's."""

    def __init__(self, errors: Sequence[DefinitionError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.file, first.field, first.problem, first.mend, first.line)
        self.args = ("\n".join(str(error) for error in self.errors),)
