"""How the SQL stores talk to their database: one text for all of them, values by name (``:name``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from alarms.stores.sql_rows import Row, Values

NOTHING: Values = {}


class SqlReader(Protocol):
    def rows(self, query: str, values: Values = NOTHING) -> Sequence[Row]: ...


class SqlSession(SqlReader, Protocol):
    """One open transaction. Sees its own writes."""

    def change(self, statement: str, values: Values = NOTHING) -> int:
        """How many rows it was about, changed by it or not."""
        ...

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        """The statement once for each."""
        ...
