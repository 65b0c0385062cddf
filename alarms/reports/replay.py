"""The recorded alerts and what people did about them, through two policies side by side.

The first is the policy that was in force, the second the changed one; neither tells anybody. What people did
to a real incident happens in both, at its time, to the incidents that hold the same alerts, unless nobody had
been told of them by then. What is said of the difference says little if the first of the two does not do what
the router really did, so that is compared as well.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from alarms.model.errors import NothingRecorded
from alarms.model.incident import TransitionKind
from alarms.model.receipt import Receipt, ReceiptState
from alarms.policy.policy import RoutingPolicy
from alarms.policy.schedule import Schedules
from alarms.reports.episodes import Episode, Episodes
from alarms.reports.history import Attached, Deed, History, PolicyChange, Quiet, StoodIn, read_history
from alarms.reports.page import ToldPage
from alarms.reports.page_changes import PageChange, Related, backwards, compare, with_their_namesakes
from alarms.reports.reasons import Reasons
from alarms.reports.reproduction import Reproduction, reproduction
from alarms.reports.unheard import MissedAlert, unheard
from alarms.reports.world import HeardAlert, RulesOf, World
from alarms.router.topology import Topology
from alarms.stores.record import Record

WARM_UP = timedelta(days=1)  # before what is asked about, so that what was open then is open here
SHOWN_EVERY = 500  # receipts between two looks at how far it is
Event = Receipt | Attached | Deed | PolicyChange | Quiet | StoodIn
Timed = TypeVar("Timed", Attached, Deed, PolicyChange, Quiet, StoodIn)
Progress = Callable[[int, datetime], None]


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What to ask: the changed policy and its schedules, the ones of now, and how payloads read."""

    changed: RoutingPolicy
    changed_schedules: Schedules
    current: RoutingPolicy
    current_schedules: Schedules
    topology: Topology
    rules_of: RulesOf
    since: datetime
    until: datetime
    missed_after: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Replay:
    """``since`` is what was asked, ``record_begins`` from when on the record is complete: what is said here
    is about the time from the later of the two."""

    since: datetime
    until: datetime
    record_begins: datetime
    receipts: int
    quarantined: int  # payloads that nobody could read when they came
    alerts: int
    policies: Sequence[str]  # ids of those that were in force
    before: Sequence[ToldPage]
    after: Sequence[ToldPage]
    changes: Sequence[PageChange]
    missed: Sequence[MissedAlert]
    left_out: Sequence[str]  # of what people did, and why
    reproduction: Reproduction
    unreadable: int  # rows of the record
    without_policy: int = 0

    @property
    def is_complete(self) -> bool:
        return self.record_begins <= self.since

    def of(self, kind: str) -> list[PageChange]:
        return [change for change in self.changes if change.kind == kind]

    @property
    def newly_missed(self) -> list[MissedAlert]:
        return [missed for missed in self.missed if not missed.before_too]


@dataclass(slots=True)
class _Run:
    old: World
    new: World
    history: History
    old_to_new: Related = field(default_factory=lambda: defaultdict(set))
    new_to_old: Related = field(default_factory=lambda: defaultdict(set))
    real_to_old: Related = field(default_factory=lambda: defaultdict(set))
    real_of: dict[str, str] = field(default_factory=dict)  # by member: its real incident just now
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by real incident
    episodes_old: Episodes = field(default_factory=Episodes)
    episodes_new: Episodes = field(default_factory=Episodes)
    left_out: list[str] = field(default_factory=list)
    told_at: dict[tuple[str, int], datetime] = field(default_factory=dict)  # by real incident and cycle
    receipts: int = 0
    quarantined: int = 0
    alerts: int = 0

    def happen(self, at: datetime, event: Event) -> None:
        self.old.advance(at)
        self.new.advance(at)
        match event:
            case Receipt():
                self._take(event)
            case Attached():
                self._attach(event)
            case Deed():
                self._do(event)
            case PolicyChange():
                self.old.change_policy(event.policy)
            case Quiet():
                self.old.silence(event.silence)
                self.new.silence(event.silence)
            case StoodIn():
                self.old.override_duty(event.override)
                self.new.override_duty(event.override)

    def _take(self, receipt: Receipt) -> None:
        self.receipts += 1
        self.quarantined += receipt.state is ReceiptState.QUARANTINED
        before, after = self.old.take(receipt), self.new.take(receipt)
        self.alerts += len(before)
        for one, other in zip(before, after, strict=False):
            self._heard(one, other)

    def _heard(self, one: HeardAlert, other: HeardAlert) -> None:
        self.episodes_old.heard(one)
        self.episodes_new.heard(other)
        if one.incident is not None and other.incident is not None:
            self.old_to_new[one.incident].add(other.incident)
            self.new_to_old[other.incident].add(one.incident)

    def _attach(self, event: Attached) -> None:
        before = self.real_of.get(event.member)
        if before is not None:
            self.members[before].discard(event.member)
        self.real_of[event.member] = event.incident
        self.members[event.incident].add(event.member)
        if (simulated := self.old.incident_of(event.member)) is not None:
            self.real_to_old[event.incident].add(simulated)

    def _do(self, deed: Deed) -> None:
        held = self.members[deed.incident]
        olds = {found for member in held if (found := self.old.incident_of(member)) is not None}
        if not olds:
            self._leave_out(deed, "none of its alerts is on record")
            return
        news = {new for old in olds for new in self.old_to_new[old]}
        news |= {found for member in held if (found := self.new.incident_of(member)) is not None}
        for old in sorted(olds):
            self._do_in(self.old, "", deed, old)
        for new in sorted(filter(self.new.is_open, news)):
            others = [old for old in self.new_to_old[new] if self.old.is_open(old)]
            if deed.kind is TransitionKind.RESOLVED and others:
                self._leave_out(deed, "under the new policy its incident holds other alerts, too")
            else:
                self._do_in(self.new, "under the new policy ", deed, new)

    def _do_in(self, world: World, where: str, deed: Deed, incident: str) -> None:
        told = self.told_at.get((deed.incident, deed.cycle))
        if told is not None and told <= deed.at and not world.was_told(incident):
            self._leave_out(deed, f"{where}nobody had been told by then")
        elif why := world.do(deed, incident):
            self._leave_out(deed, f"{where}{why}")

    def _leave_out(self, deed: Deed, why: str) -> None:
        incident = self.history.incidents[deed.incident]
        self.left_out.append(f"{deed.at:%Y-%m-%d %H:%M} {deed.kind} by {deed.by} ({incident.title}): {why}")


def replay(record: Record, plan: ReplayPlan, progress: Progress = lambda _, __: None) -> Replay:
    """Everything in ``[since, until)``, or as much of it as is on record.

    Raises:
        NothingRecorded: nothing is.
        StoreBusy: the record cannot be read now.
    """
    record_begins = record.begins()
    if record_begins is None:
        raise NothingRecorded()
    begins = max(record_begins, plan.since - WARM_UP)
    since = max(plan.since, record_begins)
    history = read_history(record, begins, since, plan.until, plan.current)
    first = history.policies[0].policy
    old = World(begins, first, plan.current_schedules, plan.topology, plan.rules_of)
    new = World(begins, plan.changed, plan.changed_schedules, plan.topology, plan.rules_of)
    run = _Run(old, new, history)
    for page in history.pages:
        run.told_at.setdefault((page.incident, page.cycle), page.at)
    done = 0
    for at, event in _events(record, history, begins, plan.until):
        run.happen(max(at, begins), event)
        if isinstance(event, Receipt):
            done += 1
            if done % SHOWN_EVERY == 0:
                progress(done, at)
    old.advance(plan.until)
    new.advance(plan.until)
    result = _result(run, plan, since, record_begins, record.unreadable)
    old.close()
    new.close()
    return result


def _result(run: _Run, plan: ReplayPlan, since: datetime, record_begins: datetime, unreadable: int) -> Replay:
    before = [page for page in run.old.pages(since) if page.at < plan.until]
    after = [page for page in run.new.pages(since) if page.at < plan.until]
    related = with_their_namesakes(run.old_to_new, run.old.incidents(), run.new.incidents())
    real = with_their_namesakes(run.real_to_old, list(run.history.incidents.values()), run.old.incidents())
    reasons = Reasons(run.old.store, run.new.store, related, backwards(related))
    return Replay(
        since=plan.since,
        until=plan.until,
        record_begins=record_begins,
        receipts=run.receipts,
        quarantined=run.quarantined,
        alerts=run.alerts,
        policies=list(dict.fromkeys(change.policy.id for change in run.history.policies)),
        before=before,
        after=after,
        changes=compare(before, after, related, reasons),
        missed=unheard(
            _in(run.episodes_old.all(), since, plan.until),
            _in(run.episodes_new.all(), since, plan.until),
            run.old.pages(since - WARM_UP),
            run.new.pages(since - WARM_UP),
            plan.missed_after,
            reasons,
        ),
        left_out=run.left_out,
        reproduction=reproduction(run.history, before, real, record_begins),
        unreadable=unreadable,
        without_policy=run.history.without_policy,
    )


def _in(episodes: Iterable[Episode], since: datetime, until: datetime) -> list[Episode]:
    """Those that went on then, with an end: what still fires has fired until now."""
    return [one.until(until) for one in episodes if (one.ended or until) >= since]


def _events(
    record: Record, history: History, begins: datetime, until: datetime
) -> Iterator[tuple[datetime, Event]]:
    """In time order; at one instant policies and silences first, then alerts, then what became of them."""
    each: list[Iterator[tuple[datetime, int, int, Event]]] = [
        _placed(history.policies[1:], 0),
        _placed(history.silences, 1),
        _placed(history.overrides, 2),
        _receipts(record, begins, until, 3),
        _placed(history.attached, 4),
        _placed(history.deeds, 5),
    ]
    for at, _, _, event in heapq.merge(*each):
        yield at, event


def _placed(events: Sequence[Timed], place: int) -> Iterator[tuple[datetime, int, int, Event]]:
    for number, event in enumerate(events):
        yield event.at, place, number, event


def _receipts(
    record: Record, begins: datetime, until: datetime, place: int
) -> Iterator[tuple[datetime, int, int, Event]]:
    """Without the parts of others that were put aside by themselves: they are read again with the whole."""
    for number, receipt in enumerate(record.receipts(begins, until)):
        part_of, _, part = receipt.id.rpartition(".")
        if not (part_of and part.isdigit() and receipt.state is ReceiptState.QUARANTINED):
            yield receipt.received_at, place, number, receipt
