"""``/v1/alerts/heartbeats``: which sources are heard from, and which are quiet."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import READ, Authenticator, Principal
from alarms.http.guard import guarded, json_answer
from alarms.intake.heartbeats import Heartbeats


class HeartbeatApi:
    def __init__(self, heartbeats: Heartbeats, authenticator: Authenticator) -> None:
        self._heartbeats = heartbeats
        self._authenticator = authenticator

    def routes(self) -> list[Route]:
        return [Route("/v1/alerts/heartbeats", guarded(self._authenticator, self.list_, READ))]

    async def list_(self, _: Request, __: Principal) -> Response:
        return json_answer(await asyncio.to_thread(self._heartbeats.statuses))
