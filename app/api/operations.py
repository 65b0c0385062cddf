"""``/healthz``, ``/readyz`` and ``/metrics``: what machines that run this one ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from app.api.dependencies import ApiDependencies, ReadinessCheck
from app.api.exchange import json_answer
from app.api.routes import Operation, Routes
from app.api.scopes import Scope
from credit.domain.errors import StoreUnavailable

CHECK_SECONDS = 1.0
EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"

State = Literal["ok", "unavailable", "slow"]


class Health(msgspec.Struct, kw_only=True):
    """The process runs."""

    status: Literal["ok"]


class Readiness(msgspec.Struct, kw_only=True):
    """Whether this role can do its work. It knows nothing of other roles."""

    status: Annotated[Literal["ready", "not ready"], Meta(description="When not ready, the status is 503.")]
    checks: Annotated[dict[str, State], Meta(description="The stores that this role uses.")]
    counting: Annotated[
        bool,
        Meta(
            description="False when the count journal cannot be written, so service levels are not reliable."
        ),
    ]


def add_operation_routes(routes: Routes, deps: ApiDependencies) -> None:
    async def healthz(request: Request) -> Response:
        return json_answer(Health(status="ok"))

    async def readyz(request: Request) -> Response:
        states = await asyncio.gather(*(_state(check) for check in deps.readiness.values()))
        ready = all(state == "ok" for state in states)
        document = Readiness(
            status="ready" if ready else "not ready",
            checks=dict(zip(deps.readiness, states, strict=True)),
            counting=deps.telemetry.counting,
        )
        return json_answer(document, 200 if ready else 503)

    async def metrics(request: Request) -> Response:
        return Response(deps.exposition(), media_type=EXPOSITION_TYPE)

    routes.add(_HEALTH, healthz)
    routes.add(_READINESS, readyz)
    routes.add(replace(_METRICS, scope=Scope.METRICS_READ) if deps.metrics_need_a_key else _METRICS, metrics)


async def _state(check: ReadinessCheck) -> State:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except StoreUnavailable:
        return "unavailable"
    except TimeoutError:
        return "slow"
    return "ok"


_HEALTH = Operation(
    route="GET /healthz",
    name="health",
    summary="Is the process alive?",
    tag="operations",
    answers={200: ("It is.", Health)},
)
_READINESS = Operation(
    route="GET /readyz",
    name="readiness",
    summary="Can the process do its work?",
    tag="operations",
    answers={200: ("It can.", Readiness), 503: ("One of its stores does not answer.", Readiness)},
)
_METRICS = Operation(
    route="GET /metrics",
    name="metrics",
    summary="Prometheus metrics",
    tag="operations",
    answers={200: ("Prometheus text format.", str)},
)
