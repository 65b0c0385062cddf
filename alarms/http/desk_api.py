"""``/v1/alerts``: what people and their tools ask of the router."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import READ, WRITE, Authenticator, Principal
from alarms.http.duty_api import DutyApi
from alarms.http.guard import Handler, guarded, json_answer, read_body
from alarms.http.problems import problem
from alarms.model.errors import InvalidRequest
from alarms.model.incident import Incident
from alarms.model.silence import Matcher
from alarms.reports.postmortem import postmortem
from alarms.router.desk import Desk

MOST_LISTED = 500


class AcknowledgeBody(msgspec.Struct, forbid_unknown_fields=True):
    note: str = ""


class ReassignBody(msgspec.Struct, forbid_unknown_fields=True):
    to: str
    note: str = ""


class SnoozeBody(msgspec.Struct, forbid_unknown_fields=True):
    until: datetime
    note: str = ""


class NoteBody(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class SilenceBody(msgspec.Struct, forbid_unknown_fields=True):
    matchers: list[Matcher]
    starts_at: datetime
    ends_at: datetime
    comment: str
    everything: bool = False


class RequeueBody(msgspec.Struct, forbid_unknown_fields=True):
    payload: str | None = None


class DeskApi:
    """A timeline names the token's principal; a person who uses a shared one may be named beside it."""

    def __init__(self, desk: Desk, authenticator: Authenticator) -> None:
        self._desk = desk
        self._authenticator = authenticator

    def routes(self) -> list[Route]:
        def route(path: str, handler: Handler, scope: str, method: str = "GET") -> Route:
            return Route(f"/v1/alerts{path}", guarded(self._authenticator, handler, scope), methods=[method])

        return [
            route("", self.list_, READ),
            route("/quarantine", self.quarantine, READ),
            route("/quarantine/{receipt}", self.quarantined, READ),
            route("/quarantine/{receipt}/requeue", self.requeue, WRITE, "POST"),
            route("/notifications", self.notifications, READ),
            route("/quality", self.quality, READ),
            route("/silences", self.silences, READ),
            route("/sources", self.sources, READ),
            route("/silences", self.silence, WRITE, "POST"),
            route("/silences/{silence}/covered", self.covered, READ),
            route("/silences/{silence}/expire", self.expire_silence, WRITE, "POST"),
            *DutyApi(self._desk, self._authenticator).routes(),
            route("/{incident}", self.show, READ),
            route("/{incident}/explain", self.explain, READ),
            route("/{incident}/postmortem", self.postmortem, READ),
            route("/{incident}/acknowledge", self.acknowledge, WRITE, "POST"),
            route("/{incident}/resolve", self.resolve, WRITE, "POST"),
            route("/{incident}/reassign", self.reassign, WRITE, "POST"),
            route("/{incident}/snooze", self.snooze, WRITE, "POST"),
            route("/{incident}/notes", self.note, WRITE, "POST"),
        ]

    async def list_(self, request: Request, _: Principal) -> Response:
        """``?state=open`` (the most severe first) or ``all`` (the newest first), ``limit``, ``cursor``."""
        asked, limit = request.query_params, _limit(request, MOST_LISTED)
        pages = {"open": self._desk.open_page, "all": self._desk.newest_page}
        state = asked.get("state", "open")
        if state not in pages:
            raise InvalidRequest("state", f"{state[:40]!r} is not one", "Give open or all")
        return json_answer(await asyncio.to_thread(pages[state], limit, asked.get("cursor", "")))

    async def show(self, request: Request, _: Principal) -> Response:
        identity = request.path_params["incident"]
        incident = await asyncio.to_thread(self._desk.incident, identity)
        timeline = await asyncio.to_thread(self._desk.timeline, identity)
        deliveries = await asyncio.to_thread(self._desk.notifications, identity)
        return json_answer({"incident": incident, "timeline": timeline, "notifications": deliveries})

    async def explain(self, request: Request, _: Principal) -> Response:
        return json_answer(await asyncio.to_thread(self._desk.explain, request.path_params["incident"]))

    async def postmortem(self, request: Request, _: Principal) -> Response:
        explanation = await asyncio.to_thread(self._desk.explain, request.path_params["incident"])
        return Response(postmortem(explanation), media_type="text/markdown; charset=utf-8")

    async def quarantine(self, request: Request, _: Principal) -> Response:
        return json_answer({"quarantined": await asyncio.to_thread(self._desk.quarantined)})

    async def quarantined(self, request: Request, _: Principal) -> Response:
        return json_answer(
            await asyncio.to_thread(self._desk.quarantined_one, request.path_params["receipt"])
        )

    async def requeue(self, request: Request, who: Principal) -> Response:
        body, identity = await read_body(request, RequeueBody), request.path_params["receipt"]
        await asyncio.to_thread(self._desk.requeue, identity, who.name, body.payload)
        return json_answer({"requeued": identity})

    async def notifications(self, request: Request, _: Principal) -> Response:
        limit = _limit(request, 100)
        return json_answer(await asyncio.to_thread(self._desk.notifications, limit=limit))

    async def quality(self, request: Request, _: Principal) -> Response:
        since = msgspec.convert(request.query_params.get("since"), datetime)
        return _instants(since) or json_answer(await asyncio.to_thread(self._desk.quality, since))

    async def sources(self, _: Request, __: Principal) -> Response:
        return json_answer(await asyncio.to_thread(self._desk.sources))

    async def silences(self, _: Request, __: Principal) -> Response:
        return json_answer(await asyncio.to_thread(self._desk.silences))

    async def silence(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, SilenceBody)
        wrong = _instants(body.starts_at, body.ends_at)
        return wrong or json_answer(await asyncio.to_thread(self._made, body, who.name))

    def _made(self, body: SilenceBody, by: str) -> dict[str, object]:
        times = body.starts_at, body.ends_at
        made = self._desk.silence(body.matchers, *times, by, body.comment, everything=body.everything)
        return {**asdict(made), "covers": self._desk.covered(made.id)}

    async def covered(self, request: Request, _: Principal) -> Response:
        return json_answer(await asyncio.to_thread(self._desk.covered, request.path_params["silence"]))

    async def expire_silence(self, request: Request, who: Principal) -> Response:
        await asyncio.to_thread(self._desk.expire_silence, request.path_params["silence"], who.name)
        return json_answer({"ended": request.path_params["silence"]})

    async def acknowledge(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, AcknowledgeBody)
        return await self._change(self._desk.acknowledge, request, who.name, body.note)

    async def resolve(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, AcknowledgeBody)
        return await self._change(self._desk.resolve, request, who.name, body.note)

    async def reassign(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, ReassignBody)
        return await self._change(self._desk.reassign, request, body.to, who.name, body.note)

    async def snooze(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, SnoozeBody)
        return _instants(body.until) or await self._change(
            self._desk.snooze, request, body.until, who.name, body.note
        )

    async def note(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, NoteBody)
        return await self._change(self._desk.note, request, who.name, body.text)

    async def _change(self, action: Callable[..., Incident], request: Request, *values: object) -> Response:
        return json_answer(await asyncio.to_thread(action, request.path_params["incident"], *values))


def _limit(request: Request, usual: int) -> int:
    """Raises InvalidRequest: more than are listed at once, or none."""
    limit = msgspec.convert(request.query_params.get("limit", f"{usual}"), int, strict=False)
    if not 1 <= limit <= MOST_LISTED:
        raise InvalidRequest("limit", f"{limit} is out of range", f"Give 1 to {MOST_LISTED}")
    return limit


def _instants(*instants: datetime) -> Response | None:
    """What is wrong with them, if anything is."""
    if any(instant.tzinfo is None for instant in instants):
        return problem(400, "give every timestamp a time zone, for example 2026-03-02T15:00:00Z")
    return None
