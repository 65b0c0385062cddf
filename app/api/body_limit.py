"""A bound on what a client may send, enforced while it is received, whatever Content-Length says."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.answers import send_problem
from app.api.problem_types import BODY_TOO_LARGE
from app.api.problems import ApiProblem


class BodyLimit:
    """Pure ASGI. ``limits`` in bytes by exact path; ``default`` for every other path."""

    def __init__(self, app: ASGIApp, default: int, limits: Mapping[str, int]) -> None:
        self._app = app
        self._default = default
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], self._default)
        if _declared(scope) > limit:
            await send_problem(_too_large(limit), scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receive_bounded, send)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _too_large(limit: int) -> ApiProblem:
    # The rest of the body is not read, so the connection cannot be used again.
    return ApiProblem(
        BODY_TOO_LARGE, detail=BODY_TOO_LARGE.detail.filled(limit=limit), headers={"Connection": "close"}
    )
