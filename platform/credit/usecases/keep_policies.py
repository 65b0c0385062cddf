"""Keep every policy in force, so that what decided can be read back for as long as its decisions."""

from __future__ import annotations

from credit.domain.compiled_policy import PolicyBook
from credit.ports.records import PolicyRecords


async def keep_policies(book: PolicyBook, records: PolicyRecords, actor: str) -> list[str]:
    """Activate every policy of the book; the names of those that were not in force before.

    Raises:
        StoreUnavailable: do it again later; what was activated already stays.
    """
    return [name for name in book.names() if await records.activate(book.get(name).spec, actor)]
