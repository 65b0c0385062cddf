"""``/openapi.json``, and for people ``/docs`` and a page for each problem type. No outside assets."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import Response

from app.api.decision_documents import (
    DecisionDocument,
    DecisionPage,
    DecisionRequestBody,
    ExplanationDocument,
)
from app.api.dependencies import ApiDependencies
from app.api.disbursements import DisbursementDocument
from app.api.exchange import exchange_of, json_answer
from app.api.faults import FaultBody, FaultDocument, FaultList
from app.api.operations import Health, Readiness
from app.api.policies import PolicyList
from app.api.problem_types import NOT_FOUND, PROBLEM_PATH, PROBLEM_TYPES
from app.api.problems import ApiProblem
from app.api.records import RecordsAccepted, RecordsBody
from app.api.routes import SECURITY_SCHEMES, components

API_VERSION = "1.0.0"
TITLE = "Mirante decision API"
DESCRIPTION = (
    "Decides consumer-credit applications with versioned policies and ranked reasons, and records "
    "every decision once. Errors are problem documents (RFC 9457) in English or Brazilian "
    "Portuguese, by Accept-Language. Amounts are integer cents. Requests carry an API key; each "
    "operation names its scope."
)
TAGS = [
    {"name": "decisions", "description": "Decide, read and explain."},
    {"name": "ingestion", "description": "Send customers and transactions to the stream."},
    {"name": "policies", "description": "The credit policies in force."},
    {"name": "faults", "description": "Fault injection for drills, where enabled."},
    {"name": "operations", "description": "Health, readiness and metrics."},
]
_DOCUMENTS = (
    DecisionRequestBody,
    DecisionDocument,
    DecisionPage,
    DisbursementDocument,
    ExplanationDocument,
    RecordsBody,
    RecordsAccepted,
    PolicyList,
    Health,
    Readiness,
)
_FAULT_DOCUMENTS = (FaultBody, FaultDocument, FaultList)
_CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def openapi_document(app: FastAPI, *, faults: bool) -> dict[str, Any]:
    """OpenAPI 3.1 of the routes, with the schemas of the types that decode and encode them."""
    document = get_openapi(
        title=TITLE, version=API_VERSION, description=DESCRIPTION, routes=app.routes, tags=TAGS
    )
    kinds = (*_DOCUMENTS, *_FAULT_DOCUMENTS) if faults else _DOCUMENTS
    parts = document.setdefault("components", {})
    parts["schemas"] = components(kinds)
    parts["securitySchemes"] = SECURITY_SCHEMES
    return document


def install_documentation(app: FastAPI, deps: ApiDependencies) -> None:

    @cache
    def document() -> dict[str, Any]:
        return openapi_document(app, faults=deps.faults is not None)

    @cache
    def reference() -> str:
        return _templates.get_template("reference.html").render(document=document())

    async def openapi(request: Request) -> Response:
        return json_answer(document())

    async def docs(request: Request) -> Response:
        return _page(reference())

    async def problem(request: Request) -> Response:
        kind = PROBLEM_TYPES.get(request.path_params["slug"])
        if kind is None:
            raise ApiProblem(NOT_FOUND)
        language = exchange_of(request.scope).language
        page = _templates.get_template("problem.html").render(kind=kind, language=language)
        return _page(page, {"Content-Language": language, "Vary": "Accept-Language"})

    app.add_api_route("/openapi.json", openapi, include_in_schema=False, response_class=Response)
    app.add_api_route("/docs", docs, include_in_schema=False, response_class=Response)
    app.add_api_route(PROBLEM_PATH + "/{slug}", problem, include_in_schema=False, response_class=Response)


def _page(content: str, headers: dict[str, str] | None = None) -> Response:
    policy = {"Content-Security-Policy": _CONTENT_POLICY}
    return Response(content, headers={**policy, **(headers or {})}, media_type="text/html")
