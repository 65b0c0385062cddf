"""Repair by the source of truth: what the relational store says is written to the projection.

It is right about every field that is projected; what only a projection holds is the sagas', and not compared.

Every write is conditional on the version. Where the projection holds a wrong or foreign record of the same
or a newer version, it is deleted first and the source read *after* that: a change committed before the read
is in what we write, one committed later is still to be projected. Nothing newer is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credit.domain.canonical import canonical_json
from credit.ports.projections import Cache
from credit.ports.records import AuditTrail
from dataplatform.consistency.report import Difference, PairReport
from dataplatform.consistency.sides import ComparisonSource, Divergence, Entry, ProjectionSide
from dataplatform.errors import RepairRefused

ACTOR = "consistency"


@dataclass(frozen=True, slots=True)
class RepairReport:
    """``written``: the source's record was put in place. ``removed``: the source has none. ``settled``:
    the projection had caught up by itself."""

    pair: str
    written: int
    removed: int
    settled: int


class ConsistencyRepair:
    """``cap`` records at most; more is a blast radius nobody asked for."""

    def __init__(
        self,
        source: ComparisonSource,
        side: ProjectionSide,
        cache: Cache,
        audit: AuditTrail,
        cap: int = 100,
    ) -> None:
        self._source, self._side, self._cache, self._audit, self._cap = source, side, cache, audit, cap

    async def repair(self, report: PairReport) -> RepairReport:
        """Repair every difference of a comparison; the audit trail says which.

        Raises:
            RepairRefused: more than the cap; nothing was touched.
            StoreUnavailable: a store failed midway; what was repaired is repaired, run it again.
        """
        if report.divergent > self._cap or report.unnamed:
            raise RepairRefused(report.pair, report.divergent, self._cap)
        repaired = [await self._repair(difference) for difference in report.differences]
        outcomes = [outcome for outcome, _ in repaired]
        done = RepairReport(
            report.pair, outcomes.count("written"), outcomes.count("removed"), outcomes.count("settled")
        )
        if outcomes:
            body = {
                "pair": report.pair,
                "records": [
                    [d.divergence.value, d.source.kind, d.source.key, list(fields)]
                    for d, (_, fields) in zip(report.differences, repaired, strict=True)
                ],
                "removed": done.removed,
                "written": done.written,
            }
            await self._audit.append(ACTOR, "consistency.repaired", report.pair, canonical_json(body))
        return done

    async def _repair(self, difference: Difference) -> tuple[str, Sequence[str]]:
        """What was done, and the fields that were not what the source says."""
        place = (difference.customer_id, difference.data_type)
        found = await self._side.get(*place)
        if difference.divergence in (Divergence.MISMATCH, Divergence.ORPHAN):
            await self._side.delete(*place)
        projection = (await self._source.states([difference.source]))[0].projection
        expected = None if projection is None else self._side.expected(projection)
        if projection is None or expected is None or expected.place != place:
            return "removed", ()
        written = await self._side.write(projection)
        if projection.stale_key is not None:
            await self._cache.delete(projection.stale_key)
        return "written" if written else "settled", differing_fields(expected, found)


def differing_fields(expected: Entry, found: Entry | None) -> Sequence[str]:
    """Names of the fields whose value is not the expected one: the relational store is right about each of
    them. Empty when there is no record at all."""
    if found is None:
        return ()
    beside = [name for name in ("version", "digest", "expires_at") if _differ(expected, found, name)]
    names = sorted({*expected.content, *found.content})
    return [*beside, *(name for name in names if expected.content.get(name) != found.content.get(name))]


def _differ(expected: Entry, found: Entry, name: str) -> bool:
    return bool(getattr(expected, name) != getattr(found, name))
