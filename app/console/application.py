"""The console as an ASGI application; every path begins with ``/console``."""

from __future__ import annotations

from starlette.types import ASGIApp

from app.console.ports import ConsoleDependencies


def create_console(deps: ConsoleDependencies) -> ASGIApp:
    """Server-rendered pages over ``deps``. Serve it as it is, or mount it last at the root of a larger app."""
    raise NotImplementedError
