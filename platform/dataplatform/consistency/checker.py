"""Compares the source of truth with one projection, under live writes, without false alarms (§4.3.2, §8.3).

A difference counts only if the record was settled and unchanged around the look at the projection: state
(record and outbox in one snapshot), projection, state again. If a change waited or came in between, it is in
flight and no verdict is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TypeVar

from credit.metrics import CONSISTENCY_COMPARED, CONSISTENCY_DIVERGENT
from dataplatform.consistency.full_pass import Walks, full_pass
from dataplatform.consistency.judge import Judge, Suspect
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.report import Difference, PairReport
from dataplatform.consistency.sides import (
    ComparisonSource,
    Divergence,
    Entry,
    Place,
    ProjectionSide,
    classify,
    source_key,
)
from foundation.clock import Clock
from foundation.metrics import Telemetry

S = TypeVar("S")
T = TypeVar("T")

_TOGETHER = 64  # looks at a time
_PAGE = 1_000


@dataclass(slots=True)
class _Tally:
    seen: set[Place] = field(default_factory=set)
    random_compared: int = 0
    expired: int = 0
    by_digest: int = 0
    suspects: list[Suspect] = field(default_factory=list)


class ConsistencyChecker:
    """One pair of stores. Remembers where its sweep of the projection stopped."""

    def __init__(
        self,
        source: ComparisonSource,
        side: ProjectionSide,
        telemetry: Telemetry,
        clock: Clock,
        random: Random,
        plan: CheckPlan | None = None,
    ) -> None:
        self._source, self._side = source, side
        self._telemetry, self._clock, self._random = telemetry, clock, random
        self._plan = plan or CheckPlan()
        self._judge = Judge(source, side, clock)
        self._swept_to: Place | None = None
        self._sweep_began: datetime | None = None
        self._covered_since: datetime | None = None

    @property
    def pair(self) -> str:
        return f"relational-{self._side.name}"

    async def check(self, progress: Callable[[int], None] | None = None) -> PairReport:
        """Compare, settle, look again, count. ``progress`` hears of records as they are read.

        Raises:
            StoreUnavailable: one of the two does not answer; nothing was counted.
        """
        progress = progress or (lambda _: None)
        tally = _Tally()
        swept, swept_all = await self._sweep()
        progress(len(swept))
        await self._compare_sample(tally, swept)
        progress(tally.random_compared)
        await self._compare_swept(tally, swept)
        await self._compare_everything(tally, progress)
        if tally.suspects:
            await self._clock.sleep(self._plan.settle_seconds)
        verdicts = await in_groups(self._judge.verdict, tally.suspects)
        report = self._report(tally, verdicts, await self._source.population(), swept_all=swept_all)
        self._count(report)
        return report

    async def _sweep(self) -> tuple[dict[Place, Entry], bool]:
        """The next stretch of the projection; True when it went from the first record to the last."""
        swept: dict[Place, Entry] = {}
        from_start, left = self._swept_to is None, self._plan.sample
        if from_start:
            self._sweep_began = self._clock.now()
        while left > 0:
            page = await self._side.page(min(_PAGE, left), self._swept_to)
            if not page:
                self._swept_to = None
                return swept, from_start
            swept.update((entry.place, entry) for entry in page)
            self._swept_to = page[-1].place
            left -= len(page)
        return swept, False

    async def _compare_sample(self, tally: _Tally, swept: Mapping[Place, Entry]) -> None:
        states = await self._source.sample(self._plan.sample, self._random)
        pairs = [(state, entry) for state in states if (entry := self._judge.expected(state)) is not None]
        tally.expired = len(states) - len(pairs)
        tally.random_compared = len(pairs)
        elsewhere = [entry.place for _, entry in pairs if entry.place not in swept]
        read = dict(zip(elsewhere, await in_groups(self._found, elsewhere), strict=True))
        for state, entry in pairs:
            tally.seen.add(entry.place)
            actual = swept.get(entry.place) or read.get(entry.place)
            if classify(entry, actual) is not None:
                tally.suspects.append(Suspect(state.key, entry.place, drawn_at_random=True))

    async def _compare_swept(self, tally: _Tally, swept: Mapping[Place, Entry]) -> None:
        rest = [entry for place, entry in swept.items() if place not in tally.seen]
        states = await self._source.states([source_key(e.data_type, e.customer_id) for e in rest])
        for entry, state in zip(rest, states, strict=True):
            tally.seen.add(entry.place)
            if classify(self._judge.expected_at(state, entry.place), entry) is not None:
                tally.suspects.append(Suspect(state.key, entry.place))

    async def _compare_everything(self, tally: _Tally, progress: Callable[[int], None]) -> None:
        every, now = self._plan.full_every_seconds, self._clock.now()
        if every is None or (
            self._covered_since is not None and (now - self._covered_since).total_seconds() < every
        ):
            return
        done = await full_pass(Walks(self._source, self._side, progress), now, self._plan.buckets)
        tally.by_digest, self._covered_since = done.compared, now
        for suspect in done.suspects:
            if suspect.place not in tally.seen:
                tally.seen.add(suspect.place)
                tally.suspects.append(suspect)

    async def _found(self, place: Place) -> Entry | None:
        return await self._side.get(*place)

    def _report(
        self, tally: _Tally, verdicts: Sequence[Divergence | None], population: int, *, swept_all: bool
    ) -> PairReport:
        judged = list(zip(tally.suspects, verdicts, strict=True))
        flying = [s for s, verdict in judged if verdict is Divergence.IN_FLIGHT]
        differing = [(s, v) for s, v in judged if v is not None and v is not Divergence.IN_FLIGHT]
        judged_places = max(len(tally.seen), tally.by_digest)
        compared = judged_places - len(flying)
        complete = swept_all and tally.random_compared + tally.expired >= population
        if complete and self._sweep_began is not None:
            self._covered_since = max(self._covered_since or self._sweep_began, self._sweep_began)
        return PairReport(
            pair=self.pair,
            checked_at=self._clock.now(),
            compared=compared,
            random_compared=tally.random_compared - sum(s.drawn_at_random for s in flying),
            random_divergent=sum(s.drawn_at_random for s, _ in differing),
            in_flight=len(flying),
            coverage_ratio=_coverage(
                compared, judged_places, population, complete=complete or tally.by_digest > 0
            ),
            confidence=self._plan.confidence,
            differences=tuple(Difference(verdict, s.source, *s.place) for s, verdict in differing),
            deep_complete=complete and not flying,
            covered_since=self._covered_since,
        )

    def _count(self, report: PairReport) -> None:
        self._telemetry.count(CONSISTENCY_COMPARED, report.compared, pair=report.pair)
        for divergence, number in report.divergent_by_class.items():
            self._telemetry.count(CONSISTENCY_DIVERGENT, number, **{"pair": report.pair, "class": divergence})


async def in_groups(look: Callable[[S], Awaitable[T]], items: Sequence[S]) -> list[T]:
    """A bounded number at a time, answers in order."""
    found: list[T] = []
    for start in range(0, len(items), _TOGETHER):
        found.extend(await asyncio.gather(*(look(item) for item in items[start : start + _TOGETHER])))
    return found


def _coverage(compared: int, judged: int, population: int, *, complete: bool) -> float:
    """Compared over all known records; 1 only if both sides were walked whole and nothing was in flight."""
    if complete:
        return compared / judged if judged else 1.0
    return min(compared / max(population, judged), 1.0) if judged else 0.0
