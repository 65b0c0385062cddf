"""Documentation of routes, from the very types that decode and encode them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from app.api.keys import Scope
from app.api.problem_types import INTERNAL_ERROR, ProblemType
from app.api.problems import PROBLEM_MEDIA_TYPE, ProblemDocument

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


def schema_of(kind: Any) -> dict[str, Any]:
    """A reference to (or the schema of) a type; ``components`` holds what it refers to."""
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema


def components(kinds: Iterable[Any]) -> dict[str, Any]:
    """Schemas of these types and of everything they are made of, by name."""
    _, schemas = msgspec.json.schema_components([*kinds, ProblemDocument], ref_template=REF)
    return schemas


def operation(
    *,
    scope: Scope | None,
    problems: Sequence[ProblemType],
    answers: Mapping[int, tuple[str, Any]],
    body: Any = None,
    example: object = None,
    parameters: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Arguments for a route: its answers, problems, request body, parameters and security."""
    extra: dict[str, Any] = {"parameters": list(parameters)} if parameters else {}
    if body is not None:
        content: dict[str, Any] = {"schema": schema_of(body)}
        if example is not None:
            content["example"] = example
        extra["requestBody"] = {"required": True, "content": {"application/json": content}}
    extra["security"] = [{name: []} for name in SECURITY_SCHEMES] if scope else []
    if scope:
        extra["x-required-scope"] = scope.value
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {"application/json": {"schema": schema_of(kind)}}}
        for status, (text, kind) in answers.items()
    }
    for status, kinds in _by_status([*problems, INTERNAL_ERROR]).items():
        responses[status] = _problem_response(kinds)
    return {"responses": responses, "openapi_extra": extra}


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


def _by_status(problems: Iterable[ProblemType]) -> dict[int, list[ProblemType]]:
    found: dict[int, list[ProblemType]] = {}
    for problem in problems:
        found.setdefault(problem.status, []).append(problem)
    return found


def _problem_response(kinds: Sequence[ProblemType]) -> dict[str, Any]:
    content = {
        "schema": schema_of(ProblemDocument),
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
