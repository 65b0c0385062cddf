"""Recorded decisions read through the cache: single ones, which never change, and a customer's newest."""

from __future__ import annotations

from collections.abc import Sequence

from credit.domain.canonical import decision_bytes, decision_from_bytes
from credit.domain.decision import Decision
from credit.ports.cache_rules import DECISIONS, HISTORIES
from credit.ports.records import DecisionRecords, IdempotencyKey, Recorded
from credit.usecases.cached_reads import CachedReads, Kind, Loaded

NEWEST = 51  # a page of the history and one more, which tells whether there is another page
_SOURCE = "relational"


class CachedDecisions:
    """``DecisionRecords``: what it records it records below; what it reads may come from the cache."""

    def __init__(self, decisions: DecisionRecords, cached: CachedReads) -> None:
        self._decisions, self._cached = decisions, cached

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> Recorded:
        """A decision that was recorded is at once in its customer's history."""
        recorded = await self._decisions.record(decision, key)
        if not recorded.replayed:
            await self._cached.forget(HISTORIES, decision.application.customer_id)
        return recorded

    async def find(self, decision_id: str) -> Decision | None:
        async def load() -> Loaded[Decision]:
            return Loaded(await self._decisions.find(decision_id), _SOURCE)

        return (await self._cached.read(_ONE, decision_id, load)).value

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        return await self._decisions.find_by_key(key)

    async def count(self) -> int:
        return await self._decisions.count()

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        """The first page, which is what people look at, comes from the cache; later ones do not."""
        if before is not None or limit > NEWEST:
            return await self._decisions.of_customer(customer_id, limit, before)

        async def load() -> Loaded[Sequence[Decision]]:
            return Loaded(await self._decisions.of_customer(customer_id, NEWEST), _SOURCE)

        return ((await self._cached.read(_NEWEST, customer_id, load)).value or ())[:limit]


def _one(decision_id: str, content: bytes) -> Decision:
    decision = decision_from_bytes(content)
    if decision.decision_id != decision_id:
        raise ValueError("the entry is another decision")
    return decision


def _listed(decisions: Sequence[Decision]) -> bytes:
    return b"\n".join(decision_bytes(decision) for decision in decisions)  # canonical JSON has no line breaks


def _list(customer_id: str, content: bytes) -> Sequence[Decision]:
    decisions = [decision_from_bytes(line) for line in content.split(b"\n")]
    if any(decision.application.customer_id != customer_id for decision in decisions):
        raise ValueError("the entry is another customer's")
    return decisions


_ONE = Kind(DECISIONS, decision_bytes, _one)
_NEWEST: Kind[Sequence[Decision]] = Kind(HISTORIES, _listed, _list, keeps=lambda found: len(found) > 0)
