"""The desk of a router that runs elsewhere, asked over HTTP: the other end of ``alarms.http.desk_api``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from alarms.http.guard import ON_BEHALF_OF
from alarms.intake.heartbeats import BeatStatus
from alarms.model.access_token import AccessToken, NewToken, TokenScope
from alarms.model.decision import IncidentExplanation
from alarms.model.duty import DutyOverride, TeamDuty
from alarms.model.errors import RouterRefused, RouterUnreachable
from alarms.model.incident import Incident, Transition
from alarms.model.notification import Delivery
from alarms.model.receipt import Quarantined
from alarms.model.silence import Matcher, Silence
from alarms.model.source import SourceReport
from alarms.router.covered import Covered
from alarms.router.desk import IncidentPage, TokenDesk
from alarms.router.quality import RuleQuality
from foundation.answers import AnswerReader, AnswerRefused, WholeAnswer

TIMEOUT_SECONDS = 30.0
NOT_OURS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what foreign answers raise
PAGE = 500  # incidents asked for at once
Kind = TypeVar("Kind")


class _Shown(msgspec.Struct):
    incident: Incident
    timeline: list[Transition]
    notifications: list[Delivery]


class HttpDesk:
    """An ``alarms.router.desk.Desk``. Every method raises ``RouterUnreachable`` or ``RouterRefused``, too."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._transport = transport

    def open_incidents(self) -> Sequence[Incident]:
        page = self.open_page(PAGE)
        found = list(page.alerts)
        while page.next:
            page = self.open_page(PAGE, page.next)
            found += page.alerts
        return found

    def open_page(self, limit: int, cursor: str = "") -> IncidentPage:
        return self.get(f"?limit={limit}&cursor={quote(cursor, safe='')}", IncidentPage)

    def newest_page(self, limit: int, cursor: str = "") -> IncidentPage:
        return self.get(f"?state=all&limit={limit}&cursor={quote(cursor, safe='')}", IncidentPage)

    def incidents(self, *, since: datetime | None = None, limit: int = 100) -> Sequence[Incident]:
        found: list[Incident] = []
        page = self.newest_page(min(limit, PAGE))
        while True:
            found += [one for one in page.alerts if since is None or one.opened_at >= since]
            reached = since is not None and bool(page.alerts) and page.alerts[-1].opened_at < since
            if len(found) >= limit or reached or not page.next:
                return found[:limit]
            page = self.newest_page(PAGE, page.next)

    def incident(self, incident_id: str) -> Incident:
        return self._shown(incident_id).incident

    def timeline(self, incident_id: str) -> Sequence[Transition]:
        return self._shown(incident_id).timeline

    def notifications(self, incident_id: str | None = None, *, limit: int = 100) -> Sequence[Delivery]:
        if incident_id is None:
            return self.get(f"/notifications?limit={limit}", list[Delivery])
        return self._shown(incident_id).notifications[:limit]

    def explain(self, incident_id: str) -> IncidentExplanation:
        return self.get(f"/{quote(incident_id, safe='')}/explain", IncidentExplanation)

    def acknowledge(self, incident_id: str, by: str, note: str = "") -> Incident:
        return self._act(incident_id, "acknowledge", by, {"note": note})

    def resolve(self, incident_id: str, by: str, note: str = "") -> Incident:
        return self._act(incident_id, "resolve", by, {"note": note})

    def reassign(self, incident_id: str, to: str, by: str, note: str = "") -> Incident:
        return self._act(incident_id, "reassign", by, {"to": to, "note": note})

    def snooze(self, incident_id: str, until: datetime, by: str, note: str = "") -> Incident:
        return self._act(incident_id, "snooze", by, {"until": until, "note": note})

    def note(self, incident_id: str, by: str, text: str) -> Incident:
        return self._act(incident_id, "notes", by, {"text": text})

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
        document: dict[str, object] = {
            "matchers": matchers,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "comment": comment,
            "everything": everything,
        }
        return self.post("/silences", by, document, Silence)

    def covered(self, silence_id: str) -> Covered:
        return self.get(f"/silences/{quote(silence_id, safe='')}/covered", Covered)

    def silences(self) -> Sequence[Silence]:
        return self.get("/silences", list[Silence])

    def expire_silence(self, silence_id: str, by: str) -> None:
        self.post(f"/silences/{quote(silence_id, safe='')}/expire", by, {}, dict[str, str])

    def duty(self, since: datetime, until: datetime) -> Sequence[TeamDuty]:
        asked = f"since={quote(since.isoformat())}&until={quote(until.isoformat())}"
        return self.get(f"/duty?{asked}", list[TeamDuty])

    def override_duty(
        self, team: str, person: str, starts_at: datetime, ends_at: datetime, by: str, why: str = ""
    ) -> DutyOverride:
        document = {"team": team, "person": person, "starts_at": starts_at, "ends_at": ends_at, "why": why}
        return self.post("/duty/overrides", by, document, DutyOverride)

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
        document = {"team": team, "one": one, "other": other, "why": why, "first": first, "second": second}
        return self.post("/duty/swaps", by, document, list[DutyOverride])

    def end_override(self, override_id: str, by: str) -> None:
        self.post(f"/duty/overrides/{quote(override_id, safe='')}/end", by, {}, dict[str, str])

    def reload(self, by: str) -> datetime:
        """Have the alarm files read anew; since when they apply. Raises ``RouterRefused``: one is broken."""
        return self.post("/reload", by, {}, dict[str, datetime])["read_at"]

    def quality(self, since: datetime) -> Sequence[RuleQuality]:
        return self.get(f"/quality?since={quote(since.isoformat())}", list[RuleQuality])

    def sources(self) -> Sequence[SourceReport]:
        return self.get("/sources", list[SourceReport])

    def quarantined(self, limit: int = 100) -> Sequence[Quarantined]:
        return self.get("/quarantine", dict[str, list[Quarantined]])["quarantined"][:limit]

    def quarantined_one(self, receipt_id: str) -> Quarantined:
        return self.get(f"/quarantine/{quote(receipt_id, safe='')}", Quarantined)

    def requeue(self, receipt_id: str, by: str, payload: str | None = None) -> None:
        path = f"/quarantine/{quote(receipt_id, safe='')}/requeue"
        self.post(path, by, {"payload": payload}, dict[str, str])

    def heartbeats(self) -> Sequence[BeatStatus]:
        return self.get("/heartbeats", list[BeatStatus])

    @property
    def tokens(self) -> TokenDesk:
        return _Tokens(self)

    def _shown(self, incident_id: str) -> _Shown:
        return self.get(f"/{quote(incident_id, safe='')}", _Shown)

    def _act(self, incident_id: str, action: str, by: str, document: Mapping[str, Any]) -> Incident:
        return self.post(f"/{quote(incident_id, safe='')}/{action}", by, document, Incident)

    def get(self, path: str, kind: type[Kind]) -> Kind:
        return self._answer("GET", path, self._headers, b"", kind)

    def post(self, path: str, by: str, document: Mapping[str, Any], kind: type[Kind]) -> Kind:
        headers = {**self._headers, ON_BEHALF_OF: quote(by), "content-type": "application/json"}
        return self._answer("POST", path, headers, msgspec.json.encode(document), kind)

    def _answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, kind: type[Kind]
    ) -> Kind:
        address = f"{self._url}/v1/alerts{path}"
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS, transport=self._transport) as client:
                answer = AnswerReader(client).ask(method, address, headers=headers, content=body)
        except AnswerRefused as error:
            raise RouterUnreachable(self._url, str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RouterUnreachable(self._url, f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise RouterRefused(self._url, answer.status, _detail(answer))
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except NOT_OURS as error:
            raise RouterUnreachable(
                self._url, f"the server there is not a Mirante router ({error})"
            ) from error


class _Tokens:
    def __init__(self, desk: HttpDesk) -> None:
        self._desk = desk

    def create(self, name: str, scope: TokenScope, hooks: Sequence[str], by: str) -> NewToken:
        document = {"name": name, "scope": scope, "hooks": list(hooks)}
        return self._desk.post("/tokens", by, document, NewToken)

    def listed(self) -> Sequence[AccessToken]:
        return self._desk.get("/tokens", list[AccessToken])

    def revoke(self, which: str, by: str) -> Sequence[AccessToken]:
        return self._desk.post(f"/tokens/{quote(which, safe='')}/revoke", by, {}, list[AccessToken])


def _detail(answer: WholeAnswer) -> str:
    """The problem document's own words, if it is one."""
    try:
        return str(msgspec.json.decode(answer.content, type=dict[str, Any])["detail"])
    except (*NOT_OURS, KeyError):
        return "without saying why"
