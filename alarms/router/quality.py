"""Which alerts are worth waking people for: how often somebody acted on a rule, and how often it was
noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from alarms.model.incident import Incident, Transition, TransitionKind
from alarms.model.notification import Delivery, DeliveryState, NotifyStep
from alarms.stores.protocol import ReadSide

BY_PEOPLE = (TransitionKind.ACKNOWLEDGED, TransitionKind.REASSIGNED, TransitionKind.NOTED)
PAGES = (NotifyStep.FIRST, NotifyStep.BACKUP, NotifyStep.ESCALATION)
ALL = 100_000


@dataclass(frozen=True, slots=True)
class RuleQuality:
    """One alert rule over a period. Shares are ratios of ``incidents``; times are medians."""

    rule: str
    incidents: int
    actioned: int
    resolved_by_themselves: int
    flaps: int
    held: int
    pages: int
    pages_out_of_hours: int
    time_to_acknowledge: timedelta | None
    time_to_resolve: timedelta | None

    @property
    def actioned_ratio(self) -> float:
        return self.actioned / self.incidents

    @property
    def noise_ratio(self) -> float:
        """Incidents that paged and went away before anybody did anything."""
        return self.resolved_by_themselves / self.incidents


@dataclass(frozen=True, slots=True)
class _Story:
    incident: Incident
    timeline: Sequence[Transition]
    deliveries: Sequence[Delivery]

    def has(self, *kinds: TransitionKind) -> bool:
        return any(entry.kind in kinds for entry in self.timeline)

    def count(self, kind: TransitionKind) -> int:
        return sum(entry.kind is kind for entry in self.timeline)

    @property
    def actioned(self) -> bool:
        by_hand = any(e.kind is TransitionKind.RESOLVED and e.actor != "router" for e in self.timeline)
        return by_hand or self.has(*BY_PEOPLE)

    @property
    def pages(self) -> list[Delivery]:
        return [
            delivery
            for delivery in self.deliveries
            if delivery.state is DeliveryState.SENT and delivery.notification.step in PAGES
        ]

    def first(self, kind: TransitionKind) -> datetime | None:
        return next((entry.at for entry in self.timeline if entry.kind is kind), None)


def alert_quality(reads: ReadSide, since: datetime, most: int = ALL) -> list[RuleQuality]:
    """Rules with incidents opened since then (the newest ``most`` of them), the noisiest first."""
    by_rule: dict[str, list[_Story]] = defaultdict(list)
    for incident in reads.incidents(since=since, limit=most):
        story = _Story(incident, reads.transitions(incident.id), reads.deliveries(incident.id))
        by_rule[incident.name or incident.title].append(story)
    rows = [_row(rule, stories) for rule, stories in by_rule.items()]
    return sorted(rows, key=lambda row: (-row.resolved_by_themselves, -row.pages, row.rule))


def _row(rule: str, stories: list[_Story]) -> RuleQuality:
    pages = [page for story in stories for page in story.pages]
    return RuleQuality(
        rule=rule,
        incidents=len(stories),
        actioned=sum(story.actioned for story in stories),
        resolved_by_themselves=sum(
            not story.actioned and not story.incident.is_open and bool(story.pages) for story in stories
        ),
        flaps=sum(story.count(TransitionKind.REOPENED) for story in stories),
        held=sum(story.has(TransitionKind.HELD) for story in stories),
        pages=len(pages),
        pages_out_of_hours=sum(page.notification.attributes.get("out_of_hours") == "true" for page in pages),
        time_to_acknowledge=_median(
            at - s.incident.opened_at for s in stories if (at := s.first(TransitionKind.ACKNOWLEDGED))
        ),
        time_to_resolve=_median(
            s.incident.resolved_at - s.incident.opened_at
            for s in stories
            if s.incident.resolved_at is not None
        ),
    )


def _median(values: Iterable[timedelta]) -> timedelta | None:
    seconds = [value.total_seconds() for value in values]
    return timedelta(seconds=median(seconds)) if seconds else None
