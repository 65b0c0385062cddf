"""Errors of the SLO engine.

SloError
+-- LedgerError             the ledger or a count journal (JournalError) cannot be read or written
|   +-- UnitMismatch        events, slices and ratio-minutes were about to be mixed
+-- SourceError             a source of counts (Prometheus, CloudWatch) failed or is malformed
|   +-- TooMuch             it has more to say than is read at once; less may be asked
|   +-- Uncountable         what it holds is no count of events
|   +-- UnsupportedQuery    a query that this source cannot count exactly as it is written
+-- UnknownSlo              an id that no definition has
"""

from __future__ import annotations

from collections.abc import Sequence

from foundation.count_journal import JournalError
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class SloError(MiranteError):
    """Base of everything the SLO engine raises on purpose."""

    exit_status = ExitStatus.USAGE


class LedgerError(SloError, JournalError):
    exit_status = ExitStatus.ENVIRONMENT


class UnitMismatch(LedgerError):
    def __init__(self, series: str, expected: str, got: str) -> None:
        super().__init__(f"series {series} counts {expected}; a row in {got} would mix units")


class SourceError(SloError):
    exit_status = ExitStatus.ENVIRONMENT


class TooMuch(SourceError):
    """Ask for a shorter time."""


class Uncountable(SourceError):
    """A sentence's end: what was asked for is its subject."""


class UnsupportedQuery(SourceError):
    def __init__(self, query: str, reason: str) -> None:
        self.query = query
        self.reason = reason
        super().__init__(f"query {query!r} cannot be counted: {reason}")


class UnknownSlo(SloError):
    def __init__(self, slo_id: str, known: Sequence[str]) -> None:
        self.slo_id = slo_id
        self.known = tuple(known)
        super().__init__(f"there is no SLO {slo_id!r}. Defined: {', '.join(known) or 'none'}")
