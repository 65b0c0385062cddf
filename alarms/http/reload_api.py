"""``/v1/alerts/reload``: have policy, schedules, people, channels and intakes read anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import WRITE, Authenticator, Principal
from alarms.http.guard import guarded, json_answer
from alarms.http.problems import problem
from foundation.errors import MiranteError


class ReloadApi:
    """``read`` answers since when they apply, and raises what is wrong with them."""

    def __init__(self, read: Callable[[], datetime], authenticator: Authenticator) -> None:
        self._read = read
        self._authenticator = authenticator

    def routes(self) -> list[Route]:
        answer = guarded(self._authenticator, self.reload, WRITE)
        return [Route("/v1/alerts/reload", answer, methods=["POST"])]

    async def reload(self, _: Request, __: Principal) -> Response:
        try:
            return json_answer({"read_at": await asyncio.to_thread(self._read)})
        except MiranteError as error:
            return problem(409, str(error))
