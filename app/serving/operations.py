"""What every process answers about itself: alive, ready, measured."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from app.serving.loops import Loop
from exporters.server import metrics_app


def with_operations(
    registry: CollectorRegistry, loops: Sequence[Loop], routes: Sequence[BaseRoute], rest: ASGIApp | None
) -> ASGIApp:
    """``/healthz``, ``/readyz`` and ``/metrics`` before ``routes``; everything else goes to ``rest``."""

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        stalled = [loop.name for loop in loops if loop.stalled]
        body = {"status": "not ready" if stalled else "ready", "stalled": stalled}
        return JSONResponse(body, status_code=503 if stalled else 200)

    own = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics_app(registry)),
        *routes,
    ]
    return Starlette(routes=[*own, Mount("/", rest)] if rest is not None else own)
