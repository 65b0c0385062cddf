"""What a record of the source looks like from afar: where its projections are, its version, its digest.

Read from the columns beside a row, without the row's content, so that a comparison of everything is cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Cursor = tuple[str, int]  # kind, row number
KINDS = ("customer", "transaction", "decision")  # in the order of a walk


@dataclass(frozen=True, slots=True)
class Mark:
    """``digest`` None: the row was written before rows had digests. ``types``: hot, wide."""

    cursor: Cursor
    key: str
    customer_id: str
    types: tuple[str, str]
    version: int
    digest: str | None
    expires_at: datetime | None

    @property
    def kind(self) -> str:
        return self.cursor[0]


def walk_from(after: Cursor | None) -> Sequence[Cursor]:
    """Where to read on, kind by kind: row numbers above these."""
    kind, number = after or (KINDS[0], 0)
    rest = KINDS[KINDS.index(kind) + 1 :]
    return [(kind, number), *((name, 0) for name in rest)]
