"""Acknowledging by the link of a message: no sign-in, once, by whom the message was for.

What spends a link is the acknowledgement itself: the history holds, for as long as the incident is kept, that
one followed the page that the link came with. So there is no second list of used links that could be lost or
lag behind, both happen in one transaction, and of two taps at once one is the second. An acknowledgement by
other ways spends it too; what makes the incident ask again (a raise, a new owner) comes with a new link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alarms.model.errors import NotAuthentic
from alarms.model.incident import Incident, Transition, TransitionKind
from alarms.notify.links import AcknowledgeLink, LinkSigner, mark_of
from alarms.router.router import Router
from alarms.stores.protocol import ReadSide, RouterStore
from foundation.clock import Clock


class LinkState(StrEnum):
    """What becomes of a tap."""

    READY = "ready"
    USED = "used"
    RESOLVED = "resolved"
    OTHER_CYCLE = "other-cycle"
    EXPIRED = "expired"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Tap:
    """``incident`` is None where the link entitles to see nothing. ``by`` and ``at``: who acknowledged or
    resolved it, or would now, and until when."""

    state: LinkState
    incident: Incident | None = None
    by: str = ""
    at: datetime | None = None


BROKEN = Tap(LinkState.BROKEN)


class OneTap:
    def __init__(self, router: Router, store: RouterStore, signer: LinkSigner, clock: Clock) -> None:
        self._router = router
        self._store = store
        self._signer = signer
        self._clock = clock

    def look(self, token: str) -> Tap:
        """What a tap would do; changes nothing. Raises ``AlarmsError``."""
        try:
            link = self._signer.read(token)
        except NotAuthentic:
            return BROKEN
        return self._judged(self._store, link)

    def acknowledge(self, token: str) -> Tap:
        """READY: it is acknowledged now. Raises ``AlarmsError``; nothing has changed then."""
        try:
            link = self._signer.read(token)
        except NotAuthentic:
            return BROKEN
        with self._store.transaction() as tx:
            tap = self._judged(tx, link)
            if tap.state is LinkState.READY:
                self._router.acknowledge_in(tx, link.incident_id, f"{tap.by} (link)")
            return tap

    def _judged(self, reads: ReadSide, link: AcknowledgeLink) -> Tap:
        if link.expires_at <= self._clock.now():
            return Tap(LinkState.EXPIRED, at=link.expires_at)
        incident = reads.incident(link.incident_id)
        target = None if incident is None else _target(reads, link)
        if incident is None or target is None:
            return BROKEN
        if link.cycle != incident.cycle:
            return Tap(LinkState.OTHER_CYCLE, incident)
        if not incident.is_open:
            return Tap(LinkState.RESOLVED, incident, incident.resolved_by or "", incident.resolved_at)
        spent = _spent(reads, link)
        if spent is not None:
            return Tap(LinkState.USED, incident, spent.actor, spent.at)
        return Tap(LinkState.READY, incident, self._name(target), link.expires_at)

    def _name(self, target: str) -> str:
        team, _, person = target.partition(":")
        return self._router.routing.schedules.people.name_of(person) if person else team


def _target(reads: ReadSide, link: AcknowledgeLink) -> str | None:
    """Of those who were told, the one whose link it is."""
    told = {delivery.notification.target for delivery in reads.deliveries(link.incident_id)}
    return next((target for target in sorted(told) if mark_of(target) == link.mark), None)


def _spent(reads: ReadSide, link: AcknowledgeLink) -> Transition | None:
    """The first acknowledgement since the page that the link came with."""
    history = reads.transitions(link.incident_id)
    since = (entry for entry in history if entry.number > link.number)
    return next((entry for entry in since if entry.kind is TransitionKind.ACKNOWLEDGED), None)
