"""``/v1/alerts/tokens``: who may send and ask, made and revoked by the operator."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import TOKENS, Authenticator, Principal
from alarms.http.guard import Handler, guarded, json_answer, read_body
from alarms.model.access_token import TokenScope
from alarms.router.desk import TokenDesk


class NewTokenBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    scope: TokenScope
    hooks: list[str] = []


class TokenApi:
    def __init__(self, tokens: TokenDesk, authenticator: Authenticator) -> None:
        self._tokens = tokens
        self._authenticator = authenticator

    def routes(self) -> list[Route]:
        def route(path: str, handler: Handler, method: str = "GET") -> Route:
            answer = guarded(self._authenticator, handler, TOKENS)
            return Route(f"/v1/alerts/tokens{path}", answer, methods=[method])

        return [
            route("", self.list_),
            route("", self.create, "POST"),
            route("/{which}/revoke", self.revoke, "POST"),
        ]

    async def list_(self, _: Request, __: Principal) -> Response:
        return json_answer(await asyncio.to_thread(self._tokens.listed))

    async def create(self, request: Request, who: Principal) -> Response:
        body = await read_body(request, NewTokenBody)
        made = await asyncio.to_thread(self._tokens.create, body.name, body.scope, body.hooks, who.name)
        return json_answer(made)

    async def revoke(self, request: Request, who: Principal) -> Response:
        which = request.path_params["which"]
        return json_answer(await asyncio.to_thread(self._tokens.revoke, which, who.name))
