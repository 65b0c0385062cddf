"""What console, command line and HTTP ask of the router; ``alarms.router.router.Router`` answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alarms.model.access_token import AccessToken, NewToken, TokenScope
from alarms.model.decision import IncidentExplanation
from alarms.model.duty import DutyOverride, TeamDuty
from alarms.model.incident import Incident, Transition
from alarms.model.notification import Delivery
from alarms.model.receipt import Quarantined
from alarms.model.silence import Matcher, Silence
from alarms.model.source import SourceReport
from alarms.router.covered import Covered
from alarms.router.quality import RuleQuality


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Some incidents, how many more there are, and what to ask for those with ("": there are none)."""

    alerts: Sequence[Incident]
    left: int = 0
    next: str = ""


class IncidentReader(Protocol):
    """Ids may be shortened to any ending that names one incident only."""

    def open_incidents(self) -> Sequence[Incident]:
        """Most severe first, then oldest."""
        ...

    def open_page(self, limit: int, cursor: str = "") -> IncidentPage:
        """Open ones, most severe first, then oldest; ``cursor`` is what the page before gave.

        Raises ``InvalidRequest``: it is not a cursor.
        """
        ...

    def newest_page(self, limit: int, cursor: str = "") -> IncidentPage:
        """Newest first, resolved ones included; as ``open_page``."""
        ...

    def incidents(self, *, since: datetime | None = None, limit: int = 100) -> Sequence[Incident]:
        """Newest first, resolved ones included."""
        ...

    def incident(self, incident_id: str) -> Incident:
        """Raises ``UnknownIncident``."""
        ...

    def timeline(self, incident_id: str) -> Sequence[Transition]: ...

    def explain(self, incident_id: str) -> IncidentExplanation: ...

    def notifications(self, incident_id: str | None = None, *, limit: int = 100) -> Sequence[Delivery]: ...


class IncidentActions(Protocol):
    """All raise ``UnknownIncident`` or ``NotAllowed``. ``by`` is who did it, for the timeline."""

    def acknowledge(self, incident_id: str, by: str, note: str = "") -> Incident:
        """Stops the acknowledgement clock, never the resolution clock. Twice is once."""
        ...

    def resolve(self, incident_id: str, by: str, note: str = "") -> Incident:
        """Twice is once. An alert that begins again or gets worse opens it at once, one that only goes on
        firing after the policy's ``reopen_within``."""
        ...

    def reassign(self, incident_id: str, to: str, by: str, note: str = "") -> Incident:
        """``to`` is a team or ``team:person``; they are told, and have the whole time to acknowledge."""
        ...

    def snooze(self, incident_id: str, until: datetime, by: str, note: str = "") -> Incident:
        """Clocks that would run out before ``until`` run out then."""
        ...

    def note(self, incident_id: str, by: str, text: str) -> Incident: ...

    def silence(
        self,
        matchers: Sequence[Matcher],
        starts_at: datetime,
        ends_at: datetime,
        by: str,
        comment: str,
        *,
        everything: bool = False,
    ) -> Silence:
        """Raises ``InvalidRequest``, too where it asks for no value and ``everything`` does not say so."""
        ...

    def covered(self, silence_id: str) -> Covered:
        """What it covers of what fires now. Raises ``NotAllowed``: there is no such silence."""
        ...

    def silences(self) -> Sequence[Silence]:
        """Those that have not ended, and of each recurring maintenance the one in force or the next."""
        ...

    def expire_silence(self, silence_id: str, by: str) -> None:
        """End it now; what it held back is paged. Raises ``NotAllowed``: there is no such active silence."""
        ...


class DutyDesk(Protocol):
    """All raise ``InvalidRequest``: it cannot be meant so. ``by`` is who said it."""

    def duty(self, since: datetime, until: datetime) -> Sequence[TeamDuty]:
        """Who has it from when to when, for each team of the policy; at most a year."""
        ...

    def override_duty(
        self, team: str, person: str, starts_at: datetime, ends_at: datetime, by: str, why: str = ""
    ) -> DutyOverride:
        """``person`` has it then, whoever's turn it is; for pages from then on."""
        ...

    def swap_duty(
        self,
        team: str,
        one: str,
        other: str,
        by: str,
        why: str = "",
        *,
        first: datetime | None = None,
        second: datetime | None = None,
    ) -> Sequence[DutyOverride]:
        """Two overrides: each takes the other's shift, that at ``first`` or ``second``, else the next."""
        ...

    def end_override(self, override_id: str, by: str) -> None:
        """Raises ``NotAllowed``: there is none, or it is over."""
        ...


class Reports(Protocol):
    def quality(self, since: datetime) -> Sequence[RuleQuality]:
        """How good each alert rule has been, the noisiest first."""
        ...

    def sources(self) -> Sequence[SourceReport]:
        """What came of asking each watched source what fires, the last time; by name."""
        ...

    def quarantined(self, limit: int = 100) -> Sequence[Quarantined]:
        """What authenticated senders sent and nobody could read, newest first."""
        ...

    def quarantined_one(self, receipt_id: str) -> Quarantined:
        """With all of its payload. Raises ``UnknownReceipt``."""
        ...

    def requeue(self, receipt_id: str, by: str, payload: str | None = None) -> None:
        """Have it worked off once more, as it came or as ``payload``, until which was read it stays there.

        Raises:
            MalformedPayload: it cannot be read so; nothing is changed.
            NotAllowed: it has a correction already.
            UnknownReceipt: there is none.
        """
        ...


class TokenDesk(Protocol):
    """Tokens of senders and tools. What is told of one has no digest."""

    def create(self, name: str, scope: TokenScope, hooks: Sequence[str], by: str) -> NewToken:
        """Raises ``InvalidRequest``."""
        ...

    def listed(self) -> Sequence[AccessToken]:
        """By name, then by age; revoked ones, too."""
        ...

    def revoke(self, which: str, by: str) -> Sequence[AccessToken]:
        """All of that name, or the one of that id; twice is once. Raises ``UnknownToken``."""
        ...


class Desk(IncidentReader, IncidentActions, DutyDesk, Reports, Protocol):
    """Everything a person does."""

    @property
    def tokens(self) -> TokenDesk: ...
