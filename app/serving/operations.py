"""What every process answers about itself: alive, ready, measured."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from app.serving.loops import Loop
from exporters.server import metrics_app


class ReadinessJudge(Protocol):
    def problems(self) -> Sequence[str]:
        """What cannot be done just now; may block."""
        ...

    def remarks(self) -> Sequence[str]:
        """What is wrong and stops nothing."""
        ...


def with_operations(
    registry: CollectorRegistry,
    loops: Sequence[Loop],
    routes: Sequence[BaseRoute],
    rest: ASGIApp | None,
    judges: Sequence[ReadinessJudge] = (),
) -> ASGIApp:
    """``/healthz``, ``/readyz`` and ``/metrics`` before ``routes``; everything else goes to ``rest``.

    ``judges`` say what a role cannot do, beside the loops that stand still.
    """

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        stalled = [loop.name for loop in loops if loop.stalled]
        problems = [found for judge in judges for found in await asyncio.to_thread(judge.problems)]
        body: dict[str, object] = {
            "status": "not ready" if stalled or problems else "ready",
            "stalled": stalled,
        }
        if judges:
            body |= {"problems": problems, "remarks": [said for judge in judges for said in judge.remarks()]}
        return JSONResponse(body, status_code=503 if stalled or problems else 200)

    own = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics_app(registry)),
        *routes,
    ]
    return Starlette(routes=[*own, Mount("/", rest)] if rest is not None else own)
