"""Repair by the source of truth: what the relational store says is written to the projection.

Every write is conditional on the version. Where the projection holds a wrong or foreign record of the same
or a newer version, it is deleted first and the source read *after* that: a change committed before the read
is in what we write, one committed later is still to be projected. Nothing newer is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.canonical import canonical_json
from app.ports.projections import Cache
from app.ports.records import AuditTrail
from dataplatform.consistency.report import Difference, PairReport
from dataplatform.consistency.sides import ComparisonSource, Divergence, ProjectionSide
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
        """Mend every difference of a comparison; the audit trail says which.

        Raises:
            RepairRefused: more than the cap; nothing was touched.
            StoreUnavailable: a store failed midway; what was mended is mended, run it again.
        """
        if report.divergent > self._cap or report.unnamed:
            raise RepairRefused(report.pair, report.divergent, self._cap)
        outcomes = [await self._mend(difference) for difference in report.differences]
        done = RepairReport(
            report.pair, outcomes.count("written"), outcomes.count("removed"), outcomes.count("settled")
        )
        if outcomes:
            body = {
                "pair": report.pair,
                "records": [[d.divergence.value, d.source.kind, d.source.key] for d in report.differences],
                "removed": done.removed,
                "written": done.written,
            }
            await self._audit.append(ACTOR, "consistency.repaired", report.pair, canonical_json(body))
        return done

    async def _mend(self, difference: Difference) -> str:
        place = (difference.customer_id, difference.data_type)
        if difference.divergence in (Divergence.MISMATCH, Divergence.ORPHAN):
            await self._side.delete(*place)
        projection = (await self._source.states([difference.source]))[0].projection
        if projection is None or self._side.expected(projection).place != place:
            return "removed"
        written = await self._side.write(projection)
        if projection.stale_key is not None:
            await self._cache.delete(projection.stale_key)
        return "written" if written else "settled"
