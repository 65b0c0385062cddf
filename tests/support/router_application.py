"""The ASGI application of the router."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.desk_api import DeskApi
from alarms.http.hooks import Hooks
from alarms.http.problems import problem


def create_application(
    hooks: Hooks | None, desk: DeskApi, more: Sequence[Route] = (), before: Sequence[Route] = ()
) -> Starlette:
    """``more`` are routes of whoever serves it beside others, ``before`` those that take precedence."""
    routes = [*before, *(hooks.routes() if hooks is not None else ()), *desk.routes(), *more]
    handlers = {404: _not_found, 405: _not_possible}
    return Starlette(routes=routes, exception_handlers=handlers)


async def _not_found(_: Request, __: Exception) -> Response:
    return problem(404, "there is nothing at this address")


async def _not_possible(_: Request, __: Exception) -> Response:
    return problem(405, "this address does not take that method")
