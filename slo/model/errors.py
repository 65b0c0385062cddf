"""Errors of the SLO engine.

SloError
+-- DefinitionError         a definition file says something wrong (file, line, field, mend)
|   +-- DefinitionErrors    several of them at once
+-- LedgerError             the ledger or a count journal (JournalError) cannot be read or written
|   +-- UnitMismatch        events, slices and ratio-minutes were about to be mixed
+-- SourceError             a source of counts (Prometheus, CloudWatch) failed or is malformed
|   +-- UnsupportedQuery    a query that this source cannot count exactly as it is written
+-- UnknownSlo              an id that no definition has
"""

from __future__ import annotations

from collections.abc import Sequence

from foundation.count_journal import JournalError


class SloError(Exception):
    """Base of everything the SLO engine raises on purpose."""


class DefinitionError(SloError):
    """One thing wrong in one place of one file."""

    def __init__(self, file: str, field: str, problem: str, mend: str, line: int | None = None) -> None:
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
        self.mend = mend
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {field}: {problem}. {mend}")


class DefinitionErrors(DefinitionError):
    """Every error found, in file order, so that a person mends them in one go."""

    def __init__(self, errors: Sequence[DefinitionError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.file, first.field, first.problem, first.mend, first.line)
        self.args = ("\n".join(str(error) for error in self.errors),)


class LedgerError(SloError, JournalError):
    pass


class UnitMismatch(LedgerError):
    def __init__(self, series: str, expected: str, got: str) -> None:
        super().__init__(f"series {series} counts {expected}; a row in {got} would mix units")


class SourceError(SloError):
    pass


class UnsupportedQuery(SourceError):
    def __init__(self, query: str, reason: str) -> None:
        self.query = query
        self.reason = reason
        super().__init__(f"query {query!r} cannot be counted: {reason}")


class UnknownSlo(SloError):
    def __init__(self, slo_id: str, known: Sequence[str]) -> None:
        self.slo_id = slo_id
        self.known = tuple(known)
        super().__init__(f"no SLO is called {slo_id!r}. Defined: {', '.join(known) or 'none'}")
