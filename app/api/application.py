"""The decision API as an ASGI application."""

from __future__ import annotations

from starlette.types import ASGIApp

from app.api.dependencies import ApiDependencies


def create_api(dependencies: ApiDependencies) -> ASGIApp:
    """The whole API; needs no lifespan, holds no global state."""
    raise NotImplementedError(dependencies.environment)
