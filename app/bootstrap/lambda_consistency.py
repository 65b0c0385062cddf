"""The consistency check as Lambda functions: on a schedule by samples (§8.3.1), and the parts of a full scan.

The embedded stores have one writer, so each invocation opens them and lets go of them; there, a full scan
compares one segment at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from app.bootstrap.cloudwatch import metrics_publisher, published_after
from app.bootstrap.platform import OfflinePlatform, offline_platform
from app.settings import load_settings
from dataplatform.consistency.monitor import Round, repaired
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.segments import report_of
from dataplatform.observability.logs import configure_logs
from dataplatform.profiles import workers

ROLE = "consistency-lambda"
INSTEAD = "It compares and repairs by itself"
Answer = Mapping[str, Any]


def scheduled(event: Mapping[str, Any], context: Any) -> Answer:
    """A check of every pair by samples and digests, with repair; ``{"pairs": [...]}``."""
    return _run(_check)


def list_segments(event: Mapping[str, Any], context: Any) -> Answer:
    """``{"segments": [...]}`` of every pair; ``size`` records each when the event says so."""

    async def work(open_: OfflinePlatform) -> Answer:
        scans = workers.segment_scans(open_.platform, open_.clock)
        return {"segments": [part for scan in scans for part in await scan.segments(event.get("size"))]}

    return _run(work)


def compare_segment(event: Mapping[str, Any], context: Any) -> Answer:
    """One segment; the event is what ``list_segments`` listed."""

    async def work(open_: OfflinePlatform) -> Answer:
        (scan,) = (s for s in workers.segment_scans(open_.platform, open_.clock) if s.pair == event["pair"])
        return await scan.compare(event)

    return _run(work)


def summarise(event: Mapping[str, Any], context: Any) -> Answer:
    """All segments together, kept on file and repaired as a check by hand would be."""

    async def work(open_: OfflinePlatform) -> Answer:
        rounds = []
        for watched in workers.watched_pairs(open_.platform, open_.telemetry, open_.clock, open_.random):
            report = report_of(watched.checker.pair, event["results"], open_.clock, CheckPlan().confidence)
            rounds.append(await repaired(watched, report, open_.platform.check_log, repair=True))
        return {"pairs": [_summary(done) for done in rounds]}

    return _run(work)


async def _check(open_: OfflinePlatform) -> Answer:
    monitor = workers.consistency_monitor(open_.platform, open_.telemetry, open_.clock, open_.random)
    return {"pairs": [_summary(done) for done in await monitor.run_once()]}


def _summary(done: Round) -> Answer:
    report = done.report
    return {
        "pair": report.pair,
        "compared": report.compared,
        "divergent_by_class": dict(report.divergent_by_class),
        "in_flight": report.in_flight,
        "index_ratio": report.index_ratio,
        "repaired": None if done.repaired is None else done.repaired.written + done.repaired.removed,
        "refused": done.refused,
    }


def _run(work: Callable[[OfflinePlatform], Awaitable[Answer]]) -> Answer:
    async def whole() -> Answer:
        async with _opened() as open_:
            return await work(open_)

    return asyncio.run(whole())


@asynccontextmanager
async def _opened() -> AsyncIterator[OfflinePlatform]:
    settings = load_settings()
    configure_logs(role=ROLE, environment=settings.environment, level=settings.log_level)
    async with offline_platform(settings, INSTEAD) as open_:
        with published_after(metrics_publisher(settings, open_.registry, open_.clock)):
            yield open_
