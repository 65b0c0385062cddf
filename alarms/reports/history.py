"""What really happened besides the alerts: who did what, under which policy, and which pages went out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from alarms.model.duty import DutyOverride
from alarms.model.ids import made_at
from alarms.model.incident import Incident, Transition, TransitionKind
from alarms.model.notification import DeliveryState
from alarms.model.silence import Silence
from alarms.policy.policy import RoutingPolicy, from_canonical
from alarms.reports.page import ToldPage, pages_of
from alarms.stores.record import Record

LOOKS_BACK = timedelta(days=35)  # for incidents that were still open
BY_ITSELF = ("router", "auditor")
DEEDS = (
    TransitionKind.ACKNOWLEDGED,
    TransitionKind.RESOLVED,
    TransitionKind.REASSIGNED,
    TransitionKind.SNOOZED,
)
JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody acknowledged, resolved, reassigned or snoozed a real incident, which was in that cycle."""

    at: datetime
    incident: str
    cycle: int
    kind: TransitionKind
    by: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Attached:
    """From then on the alert belonged to the real incident."""

    at: datetime
    member: str
    incident: str


@dataclass(frozen=True, slots=True)
class PolicyChange:
    at: datetime
    policy: RoutingPolicy


@dataclass(frozen=True, slots=True)
class Quiet:
    """``silence`` was made, or came into force."""

    at: datetime
    silence: Silence


@dataclass(frozen=True, slots=True)
class StoodIn:
    """``override`` was made."""

    at: datetime
    override: DutyOverride


@dataclass(frozen=True, slots=True)
class History:
    """In time order each. ``policies`` begins with the one in force at first; ``without_policy`` counts
    those that incidents name and that cannot be read any more."""

    incidents: Mapping[str, Incident]
    policies: Sequence[PolicyChange]
    attached: Sequence[Attached]
    deeds: Sequence[Deed]
    silences: Sequence[Quiet]
    overrides: Sequence[StoodIn]
    pages: Sequence[ToldPage]
    undelivered: int  # of the pages
    without_policy: int


def read_history(
    record: Record, begins: datetime, since: datetime, until: datetime, otherwise: RoutingPolicy
) -> History:
    """Of ``[begins, until)``, pages from ``since`` on; ``otherwise`` is the policy where none is on file."""
    incidents = record.incidents(begins - LOOKS_BACK)
    policies, missing = _policies(record, incidents, begins, otherwise)
    known = {one.id: one for one in incidents}
    pages, undelivered = _pages(record, {one.id: one.title for one in incidents}, since, until)
    return History(
        incidents=known,
        policies=policies,
        attached=list(_attached(record, incidents, until)),
        deeds=sorted(_deeds(record, known, begins, until), key=lambda deed: deed.at),
        silences=sorted(_silences(record, begins, until), key=lambda quiet: quiet.at),
        overrides=sorted(_overrides(record, begins), key=lambda one: one.at),
        pages=pages,
        undelivered=undelivered,
        without_policy=missing,
    )


def _policies(
    record: Record, incidents: Sequence[Incident], begins: datetime, otherwise: RoutingPolicy
) -> tuple[list[PolicyChange], int]:
    """A policy was in force from just after the last incident that was opened under the one before."""
    found, missing = dict[str, RoutingPolicy](), set[str]()
    changes: list[PolicyChange] = []
    last, last_id = begins - LOOKS_BACK, ""
    for incident in incidents:
        if incident.policy_id != last_id:
            policy = found.get(incident.policy_id) or _kept(record, incident.policy_id)
            if policy is None:
                missing.add(incident.policy_id)
            else:
                found[incident.policy_id] = policy
            changes.append(PolicyChange(last + JUST_AFTER, policy or otherwise))
        last, last_id = incident.opened_at, incident.policy_id
    before = [change for change in changes if change.at <= begins]
    after = [change for change in changes if change.at > begins]
    first = (before or after or [PolicyChange(begins, otherwise)])[-1 if before else 0]
    return [PolicyChange(begins, first.policy), *after], len(missing)


def _kept(record: Record, policy_id: str) -> RoutingPolicy | None:
    text = record.policy(policy_id)
    try:
        return None if text is None else from_canonical(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _attached(record: Record, incidents: Sequence[Incident], until: datetime) -> Iterator[Attached]:
    known = {one.id for one in incidents}
    earliest = [one.id for one in incidents[:20]]
    latest = datetime.min.replace(tzinfo=UTC)
    for verdict in record.verdicts(earliest):
        if verdict.alert and verdict.incident_id in known and verdict.at < until:
            latest = max(latest, verdict.at)  # in their order, whatever became of the clock
            yield Attached(latest, verdict.alert, verdict.incident_id)


def _deeds(
    record: Record, incidents: Mapping[str, Incident], begins: datetime, until: datetime
) -> Iterator[Deed]:
    if not incidents:
        return
    incident, cycle = "", 1
    for entry in record.transitions(min(incidents)):
        if entry.incident_id != incident:
            incident, cycle = entry.incident_id, 1
        cycle += entry.kind is TransitionKind.REOPENED
        if incident in incidents and begins <= entry.at < until and _is_a_deed(entry):
            yield Deed(entry.at, incident, cycle, entry.kind, entry.actor, entry.detail)


def _is_a_deed(entry: Transition) -> bool:
    return entry.kind in DEEDS and entry.actor not in BY_ITSELF


def _silences(record: Record, begins: datetime, until: datetime) -> Iterator[Quiet]:
    for silence in record.silences(ending_after=begins):
        made = made_at(silence.id) or silence.starts_at
        for at in sorted({made, max(made, silence.starts_at)}):
            if at < until and at < silence.ends_at:
                yield Quiet(at, silence)


def _overrides(record: Record, begins: datetime) -> Iterator[StoodIn]:
    for override in record.duty_overrides(ending_after=begins):
        yield StoodIn(made_at(override.id) or override.starts_at, override)


def _pages(
    record: Record, titles: Mapping[str, str], since: datetime, until: datetime
) -> tuple[list[ToldPage], int]:
    told = [(one, state) for one, state in record.told(since) if one.created_at < until]
    dead = [one for one, state in told if state is DeliveryState.DEAD]
    carried = [one for one, state in told if state is not DeliveryState.DEAD]
    pages = list(pages_of((one for one, _ in told), titles))
    lost = len(list(pages_of(dead, titles))) and len(pages) - len(list(pages_of(carried, titles)))
    return sorted(pages, key=lambda page: page.at), lost
