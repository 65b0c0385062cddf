"""How the relational ports talk to their database: one text for every engine, values by name (``:name``).

The text is what MySQL 8 and MariaDB share, over MySQL's names of tables and columns. An engine says in one
place how its own SQL differs; beside that, engines differ in connections, in locks and in what failures mean.
``IN :names`` takes a sequence, which must not be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from credit.domain.errors import StoreUnavailable

T = TypeVar("T")
Row = Sequence[Any]
Values = Mapping[str, object]

NOTHING: Values = {}


class Contended(StoreUnavailable):
    """Other transactions were in the way. This one was rolled back whole and may be tried again."""


class Duplicate(Contended):
    """A unique index has the row's key already; the statement changed nothing, the transaction goes on."""

    def __init__(self, store: str) -> None:
        super().__init__(store, "another call wrote the same record at the same time; try again")


class RelationalSession(Protocol):
    """One open transaction. Sees its own writes."""

    def rows(self, statement: str, values: Values = NOTHING) -> Sequence[Row]: ...

    def change(self, statement: str, values: Values = NOTHING) -> int:
        """How many rows it was about, changed by it or not. Raises Duplicate."""
        ...

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        """The statement once for each, in as few round trips as it goes. Raises Duplicate: what came before
        the duplicate may be written."""
        ...

    def lock_outbox(self) -> None:
        """Nobody else claims until the transaction ends: two at once could split a key's rows between them,
        and its order would be lost."""
        ...

    def lock_trail(self) -> tuple[int, str]:
        """The audit trail's newest number and digest. Nobody else appends until the transaction ends."""
        ...

    def move_trail(self, sequence: int, digest: str) -> None:
        """What ``lock_trail`` answers from now on."""
        ...


class RelationalDatabase(Protocol):
    """Work that meets others (``Contended``) is done again, so it may run more than once."""

    async def write(self, work: Callable[[RelationalSession], T]) -> T:
        """One transaction, durable when it returns. Raises StoreUnavailable."""
        ...

    async def read(self, work: Callable[[RelationalSession], T]) -> T:
        """Committed rows, perhaps of a moment ago, but with what this task wrote. Raises StoreUnavailable."""
        ...

    async def read_newest(self, work: Callable[[RelationalSession], T]) -> T:
        """What anybody has committed. Raises StoreUnavailable."""
        ...

    async def find(self, work: Callable[[RelationalSession], T | None]) -> T | None:
        """``read``, and ``read_newest`` for what it lacks."""
        ...

    @property
    def saturation(self) -> float:
        """Use over limit, 0 to 1."""
        ...

    async def close(self) -> None:
        """Refuse new calls, finish what was accepted."""
        ...


def first(session: RelationalSession, statement: str, values: Values = NOTHING) -> Row | None:
    found = session.rows(statement, values)
    return found[0] if found else None


def integer(session: RelationalSession, statement: str, values: Values = NOTHING) -> int:
    """The one integer that the statement answers."""
    return int(session.rows(statement, values)[0][0])
