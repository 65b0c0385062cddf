"""Severe alerts that fired for a while, and that no page told anybody of while they did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from alarms.model.severity import Severity
from alarms.reports.episodes import Episode
from alarms.reports.page import ToldPage
from alarms.reports.page_changes import PageReason

SEVERE = (Severity.P1, Severity.P2)


@dataclass(frozen=True, slots=True)
class MissedAlert:
    """``before_too``: nobody heard of it under the policy that was in force, either."""

    title: str
    began: datetime
    ended: datetime
    severity_before: Severity
    severity_after: Severity
    reason: PageReason
    before_too: bool


class ExplainsMissed(Protocol):
    def missed(self, episode: Episode, later: ToldPage | None) -> PageReason: ...


def unheard(
    before: Iterable[Episode],
    after: Iterable[Episode],
    pages_before: Iterable[ToldPage],
    pages_after: Iterable[ToldPage],
    least: timedelta,
    reasons: ExplainsMissed,
) -> list[MissedAlert]:
    """Those that fired for longer than ``least`` and were P1 or P2 in either run, by when they began."""
    of_before, of_after = _by_incident(pages_before), _by_incident(pages_after)
    known = {(one.story, one.began): one for one in before}
    found = []
    for episode in after:
        twin = known.get((episode.story, episode.began), episode)
        ended = episode.ended or episode.began
        if ended - episode.began <= least or not {episode.severity, twin.severity} & set(SEVERE):
            continue
        if not _was_told(episode, ended, of_after):
            found.append(
                MissedAlert(
                    title=episode.title,
                    began=episode.began,
                    ended=ended,
                    severity_before=twin.severity,
                    severity_after=episode.severity,
                    reason=reasons.missed(episode, _later(episode, ended, of_after)),
                    before_too=not _was_told(twin, ended, of_before),
                )
            )
    return found


def _by_incident(pages: Iterable[ToldPage]) -> Mapping[str, Sequence[ToldPage]]:
    found: dict[str, list[ToldPage]] = defaultdict(list)
    for page in pages:
        found[page.incident].append(page)
    return found


def _was_told(episode: Episode, ended: datetime, pages: Mapping[str, Sequence[ToldPage]]) -> bool:
    """By a page of an incident that it belonged to then; one from before it joined tells of it where all of
    the incident is one thing, or where the same alert was in it already."""
    return any(
        page.cycle == stay.cycle and page.at <= ended and (page.at >= stay.at or stay.one_thing or stay.known)
        for stay in episode.stays
        for page in pages.get(stay.incident, ())
    )


def _later(episode: Episode, ended: datetime, pages: Mapping[str, Sequence[ToldPage]]) -> ToldPage | None:
    later = [
        page
        for stay in episode.stays
        for page in pages.get(stay.incident, ())
        if page.cycle == stay.cycle and page.at > ended
    ]
    return min(later, key=lambda page: page.at, default=None)
