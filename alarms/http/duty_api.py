"""``/v1/alerts/duty``: who has the duty, and who stands in for whom."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import READ, WRITE, Authenticator, Principal
from alarms.http.guard import Handler, guarded, json_answer, read_body
from alarms.model.errors import InvalidRequest
from alarms.router.desk import DutyDesk


class OverrideBody(msgspec.Struct, forbid_unknown_fields=True):
    team: str
    person: str
    starts_at: datetime
    ends_at: datetime
    why: str = ""


class SwapBody(msgspec.Struct, forbid_unknown_fields=True):
    team: str
    one: str
    other: str
    why: str = ""
    first: datetime | None = None
    second: datetime | None = None


class DutyApi:
    def __init__(self, desk: DutyDesk, authenticator: Authenticator) -> None:
        self._desk = desk
        self._authenticator = authenticator

    def routes(self) -> list[Route]:
        def route(path: str, handler: Handler, scope: str, method: str = "GET") -> Route:
            answer = guarded(self._authenticator, handler, scope)
            return Route(f"/v1/alerts/duty{path}", answer, methods=[method])

        return [
            route("", self.show, READ),
            route("/overrides", self.override, WRITE, "POST"),
            route("/overrides/{override}/end", self.end, WRITE, "POST"),
            route("/swaps", self.swap, WRITE, "POST"),
        ]

    async def show(self, request: Request, _: Principal) -> Response:
        """``?since=...&until=...``."""
        since = msgspec.convert(request.query_params.get("since"), datetime)
        until = msgspec.convert(request.query_params.get("until"), datetime)
        _zoned(since=since, until=until)
        return json_answer(await asyncio.to_thread(self._desk.duty, since, until))

    async def override(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, OverrideBody)
        _zoned(starts_at=body.starts_at, ends_at=body.ends_at)
        return json_answer(
            await asyncio.to_thread(
                self._desk.override_duty,
                body.team,
                body.person,
                body.starts_at,
                body.ends_at,
                who.name,
                body.why,
            )
        )

    async def swap(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, SwapBody)
        _zoned(first=body.first, second=body.second)
        made = await asyncio.to_thread(
            self._desk.swap_duty,
            body.team,
            body.one,
            body.other,
            who.name,
            body.why,
            first=body.first,
            second=body.second,
        )
        return json_answer(made)

    async def end(self, request: Request, who: Principal) -> Response:
        await asyncio.to_thread(self._desk.end_override, request.path_params["override"], who.name)
        return json_answer({"ended": request.path_params["override"]})


def _zoned(**instants: datetime | None) -> None:
    """Raises InvalidRequest: one says no time zone."""
    for name, instant in instants.items():
        if instant is not None and instant.tzinfo is None:
            fix = "Give every timestamp one, for example 2026-03-02T15:00:00Z"
            raise InvalidRequest(name, "it has no time zone", fix)
