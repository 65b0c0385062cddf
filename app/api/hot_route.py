"""A plain route that is known by its template, as FastAPI's are."""

from __future__ import annotations

from starlette.routing import Match, Route
from starlette.types import Scope


class HotRoute(Route):
    """Calls its endpoint with the request and nothing else."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match is not Match.NONE:
            found["route"] = self
        return match, found
