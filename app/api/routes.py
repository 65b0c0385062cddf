"""How an operation is added: whom it lets in, and its OpenAPI, from the very types that decode and encode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope as AsgiScope

from app.api.access import Gate, Handler
from app.api.problem_types import FORBIDDEN, INTERNAL_ERROR, RATE_LIMITED, UNAUTHENTICATED, ProblemType
from app.api.problems import PROBLEM_MEDIA_TYPE, ProblemDocument
from app.api.scopes import Scope

REF = "#/components/schemas/{name}"
SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "mk_<id>_<secret>",
        "description": "An API key. Each operation names the scope it needs.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same key."},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What clients may ask. ``route`` is method and path; ``answers`` has text and type (``str``: plain text)
    by status, the least of which is the usual one."""

    route: str
    name: str
    summary: str
    tag: str
    answers: Mapping[int, tuple[str, Any]]
    scope: Scope | None = None
    problems: tuple[ProblemType, ...] = ()
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Any = None
    example: object = None
    description: str | None = None


class Routes:
    """Operations of one application, behind one gate."""

    def __init__(self, app: FastAPI, gate: Gate) -> None:
        self._app, self._gate = app, gate

    def add(self, operation: Operation, handler: Handler, *, hot: bool = False) -> None:
        """``handler`` is called once the gate has let the client in by the operation's scope."""
        method, _, path = operation.route.partition(" ")
        if operation.scope is not None:
            handler = self._gate.before(handler, operation.scope)
        if hot:
            # Served by the first of two routes: FastAPI's handler would look for parameters and dependencies
            # that there are none of, at a quarter of the cost of a decision. OpenAPI describes the second.
            self._app.router.routes.append(HotRoute(path, handler, methods=[method]))
        self._app.add_api_route(
            path,
            handler,
            methods=[method],
            summary=operation.summary,
            description=operation.description,
            tags=[operation.tag],
            status_code=min(operation.answers),
            response_class=Response,
            operation_id=operation.name,
            responses=_responses(operation),
            openapi_extra=_request(operation),
        )


class HotRoute(Route):
    """Calls its endpoint with the request and nothing else; known by its template, as FastAPI's are."""

    def matches(self, scope: AsgiScope) -> tuple[Match, AsgiScope]:
        match, found = super().matches(scope)
        if match is not Match.NONE:
            found["route"] = self
        return match, found


def header(name: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return _parameter("header", name, description, required, schema)


def query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return _parameter("query", name, description, False, schema)


def path(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return _parameter("path", name, description, True, schema)


def _parameter(place: str, name: str, text: str, required: bool, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "in": place,
        "name": name,
        "description": text,
        "required": required,
        "schema": {"type": "string", **schema},
    }


def components(kinds: Iterable[Any]) -> dict[str, Any]:
    """Schemas of these types and of everything they are made of, by name."""
    _, schemas = msgspec.json.schema_components([*kinds, ProblemDocument], ref_template=REF)
    return schemas


def _schema_of(kind: Any) -> dict[str, Any]:
    """A reference to (or the schema of) a type; ``components`` holds what it refers to."""
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema


def _request(operation: Operation) -> dict[str, Any]:
    """Parameters, body and security."""
    found: dict[str, Any] = {"parameters": list(operation.parameters)} if operation.parameters else {}
    if operation.body is not None:
        content: dict[str, Any] = {"schema": _schema_of(operation.body)}
        if operation.example is not None:
            content["example"] = operation.example
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    found["security"] = [{name: []} for name in SECURITY_SCHEMES] if operation.scope else []
    if operation.scope:
        found["x-required-scope"] = operation.scope.value
    return found


def _responses(operation: Operation) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": _content(kind)}
        for status, (text, kind) in operation.answers.items()
    }
    guarded = (UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED) if operation.scope else ()
    for status, kinds in _by_status((*operation.problems, *guarded, INTERNAL_ERROR)).items():
        found[status] = _problem_response(kinds)
    return found


def _content(kind: Any) -> dict[str, Any]:
    media_type = "text/plain" if kind is str else "application/json"
    return {media_type: {"schema": _schema_of(kind)}}


def _by_status(problems: Iterable[ProblemType]) -> dict[int, list[ProblemType]]:
    found: dict[int, list[ProblemType]] = {}
    for problem in problems:
        found.setdefault(problem.status, []).append(problem)
    return found


def _problem_response(kinds: Sequence[ProblemType]) -> dict[str, Any]:
    content = {
        "schema": _schema_of(ProblemDocument),
        "examples": {kind.slug: {"summary": kind.title.en, "value": _example(kind)} for kind in kinds},
    }
    return {
        "description": "; ".join(f"`{kind.slug}`: {kind.title.en}" for kind in kinds),
        "content": {PROBLEM_MEDIA_TYPE: content},
    }


def _example(kind: ProblemType) -> dict[str, Any]:
    return {
        "type": kind.uri,
        "title": kind.title.en,
        "status": kind.status,
        "detail": kind.detail.en,
        "instance": "urn:uuid:6f1ddc2c-4c0e-4c37-9b0b-2f6a3d1f7a55",
        "trace_id": "68f0c2a1b7d94e5f8a3c6d2e1f0b9a87",
        "errors": [],
    }
