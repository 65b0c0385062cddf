"""The layers around the routes are pure ASGI: no task, no queue and no copy between client and route."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import Message

import app.api
from app.api.application import create_routes
from app.api.door import BodyLimit, DecisionAccounting, ProblemFallback, RequestContext
from tests.support.api_world import ApiWorld

LAYERS = (RequestContext, DecisionAccounting, ProblemFallback, BodyLimit)


def layers_of(world: ApiWorld) -> list[object]:
    """From the outermost layer down to the routes."""
    found: list[object] = [world.app]
    while isinstance(found[-1], LAYERS):
        found.append(found[-1]._app)
    return found


async def test_the_layers_stand_in_their_documented_order(world: ApiWorld) -> None:
    assert tuple(type(layer) for layer in layers_of(world)[:-1]) == LAYERS


async def test_every_layer_takes_scope_receive_and_send(world: ApiWorld) -> None:
    for layer in layers_of(world)[:-1]:
        assert not isinstance(layer, BaseHTTPMiddleware)
        assert inspect.iscoroutinefunction(type(layer).__call__)
        assert list(inspect.signature(type(layer).__call__).parameters) == [
            "self",
            "scope",
            "receive",
            "send",
        ]


async def test_fastapi_is_given_no_middleware_of_its_own(world: ApiWorld) -> None:
    assert create_routes(world.deps).user_middleware == []


def test_no_source_names_the_slow_kind() -> None:
    sources = sorted(Path(app.api.__path__[0]).glob("*.py"))
    assert len(sources) > 20
    for source in sources:
        text = source.read_text()
        assert "BaseHTTPMiddleware" not in text, source
        assert "@app.middleware" not in text, source


async def test_a_request_runs_in_the_task_of_the_server(world: ApiWorld) -> None:
    tasks: set[asyncio.Task[object] | None] = set()

    async def receive() -> Message:
        tasks.add(asyncio.current_task())
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        tasks.add(asyncio.current_task())

    before = asyncio.all_tasks()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/decisions",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"authorization", f"Bearer {world.secret}".encode()),
            (b"idempotency-key", b"one"),
            (b"content-type", b"application/json"),
        ],
    }
    await world.app(scope, receive, send)
    assert tasks == {asyncio.current_task()}
    assert asyncio.all_tasks() == before


async def test_what_is_not_http_passes_through(world: ApiWorld) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.shutdown" if sent else "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    await world.app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
