"""``/healthz``, ``/readyz`` and ``/metrics``: what machines that run this one ask."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from app.api.access import Gate
from app.api.answers import json_answer
from app.api.decisions import GUARDED
from app.api.dependencies import ApiDependencies, ReadinessCheck
from app.api.documented import operation
from app.api.keys import Scope
from credit.domain.errors import StoreUnavailable

CHECK_SECONDS = 1.0
EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"

State = Literal["ok", "unavailable", "slow"]


class Health(msgspec.Struct, kw_only=True):
    """The process runs."""

    status: Literal["ok"]


class Readiness(msgspec.Struct, kw_only=True):
    """Whether this role can do its work. It knows nothing of other roles."""

    status: Annotated[Literal["ready", "not ready"], Meta(description="not ready comes with status 503.")]
    checks: Annotated[dict[str, State], Meta(description="This role's own stores.")]
    counting: Annotated[
        bool,
        Meta(
            description="False: the count journal cannot be written, so service levels are not vouched for."
        ),
    ]


def install_operation_routes(app: FastAPI, deps: ApiDependencies, gate: Gate) -> None:
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
        if deps.metrics_need_a_key:
            gate.admit(request, Scope.METRICS_READ)
        return Response(deps.exposition(), media_type=EXPOSITION_TYPE)

    app.get(
        "/healthz",
        summary="Is the process alive?",
        tags=["operations"],
        response_class=Response,
        operation_id="health",
        **operation(scope=None, answers={200: ("It is.", Health)}, problems=()),
    )(healthz)
    app.get(
        "/readyz",
        summary="Can it do its work?",
        tags=["operations"],
        response_class=Response,
        operation_id="readiness",
        **operation(
            scope=None,
            answers={200: ("It can.", Readiness), 503: ("One of its own stores does not answer.", Readiness)},
            problems=(),
        ),
    )(readyz)
    needed = operation(scope=Scope.METRICS_READ, answers={}, problems=GUARDED)
    open_to_all = operation(scope=None, answers={}, problems=())
    documented = needed if deps.metrics_need_a_key else open_to_all
    documented["responses"][200] = {
        "description": "Prometheus text format.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    app.get(
        "/metrics",
        summary="Prometheus metrics",
        tags=["operations"],
        response_class=Response,
        operation_id="metrics",
        **documented,
    )(metrics)


async def _state(check: ReadinessCheck) -> State:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except StoreUnavailable:
        return "unavailable"
    except TimeoutError:
        return "slow"
    return "ok"
