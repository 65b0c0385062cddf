"""Problem documents (RFC 9457): what a refused or failed request is answered with, whatever raised it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import FastAPI
from msgspec import Meta
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from app.api.exchange import ClientGone, RequestOutcome, encode, exchange_of
from app.api.problem_types import (
    CUSTOMER_NOT_FOUND,
    IDEMPOTENCY_KEY_REUSED,
    INTERNAL_ERROR,
    INVALID_BODY,
    INVALID_CPF,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    STORE_UNAVAILABLE,
    UNKNOWN_POLICY,
    ProblemType,
)
from credit.domain.errors import (
    DomainError,
    IdempotencyConflict,
    InvalidCpf,
    InvalidValue,
    StoreUnavailable,
    UnknownCustomer,
    UnknownPolicy,
)
from foundation.bilingual import Text

log = logging.getLogger("mirante.api")

PROBLEM_MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing to fix. ``pointer`` is a JSON pointer into the body (``#/amount_cents``);
    ``field`` names a header, query parameter or path part. Exactly one of them is set."""

    problem: Text
    fix: Text
    pointer: str | None = None
    field: str | None = None


class ApiProblem(Exception):
    """Raised anywhere under the API and answered as a problem document."""

    def __init__(
        self,
        kind: ProblemType,
        *,
        detail: Text | None = None,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.detail = detail or kind.detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(f"{kind.slug}: {self.detail.en}")


class FieldProblemDocument(msgspec.Struct, kw_only=True, omit_defaults=True, rename=None):
    """One field to fix."""

    problem: Annotated[str, Meta(description="What is wrong with it.")]
    fix: Annotated[str, Meta(description="How to fix it.")]
    pointer: (
        Annotated[str, Meta(description="JSON pointer into the body.", examples=["#/amount_cents"])] | None
    ) = None
    field: Annotated[str, Meta(description="Header, query parameter or path part.")] | None = None


class ProblemDocument(msgspec.Struct, kw_only=True):
    """A problem (RFC 9457). Texts follow Accept-Language: English or Brazilian Portuguese."""

    type: Annotated[
        str,
        Meta(
            description="Which problem it is, relative to this server; that page explains it.",
            examples=["/problems/invalid-body"],
        ),
    ]
    title: Annotated[str, Meta(description="Short title of the problem, the same for every occurrence.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The HTTP status.")]
    detail: Annotated[str, Meta(description="What happened and how to fix it.")]
    instance: Annotated[
        str,
        Meta(
            description="This occurrence: the request id, also in X-Request-Id.",
            examples=["urn:uuid:018f0f5e-0000-7000-8000-000000000000"],
        ),
    ]
    trace_id: Annotated[str, Meta(description="Trace id that links this response to our logs and traces.")]
    errors: Annotated[
        list[FieldProblemDocument], Meta(description="Every field to fix; empty when no field is at fault.")
    ]


def problem_answer(problem: ApiProblem, scope: Mapping[str, object]) -> Response:
    exchange = exchange_of(scope)
    language = exchange.language
    document = ProblemDocument(
        type=problem.kind.uri,
        title=problem.kind.title.of(language),
        status=problem.kind.status,
        detail=problem.detail.of(language),
        instance=f"urn:uuid:{exchange.request_id}",
        trace_id=exchange.trace_id,
        errors=[
            FieldProblemDocument(
                problem=error.problem.of(language),
                fix=error.fix.of(language),
                pointer=error.pointer,
                field=error.field,
            )
            for error in problem.errors
        ],
    )
    headers = {**problem.headers, "Content-Language": language, "Vary": "Accept-Language"}
    return Response(encode(document), problem.kind.status, headers, media_type=PROBLEM_MEDIA_TYPE)


class _Unanswered(Response):
    """For a client that hung up: sends nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nobody listens."""


def install_problem_handlers(app: FastAPI, retry_after_seconds: int) -> None:
    """Answer every error raised below ``app`` as a problem document."""

    async def answered(request: Request, error: Exception) -> Response:
        match error:
            case ClientGone():
                exchange_of(request.scope).outcome = RequestOutcome.CLIENT_ERROR
                return _Unanswered()
            case ApiProblem():
                problem = error
            case DomainError():
                problem = _domain_problem(error, retry_after_seconds)
            case HTTPException():
                problem = _http_problem(error, request.scope, app.routes)
            case _:
                problem = internal(error)
        return problem_answer(problem, request.scope)

    for kind in (ApiProblem, DomainError, HTTPException, ClientGone, Exception):
        app.add_exception_handler(kind, answered)


def _domain_problem(error: DomainError, retry_after_seconds: int) -> ApiProblem:
    match error:
        case InvalidCpf():
            return ApiProblem(INVALID_CPF, errors=[_CPF_FIELD])
        case InvalidValue(field=field, problem=problem, fix=fix):
            found = FieldProblem(Text(problem, _PT_PROBLEM), Text(fix, _PT_FIX), pointer=f"#/{field}")
            return ApiProblem(INVALID_BODY, errors=[found])
        case UnknownPolicy(known=known):
            return ApiProblem(UNKNOWN_POLICY, errors=[_policy_field(known)])
        case UnknownCustomer():
            return ApiProblem(CUSTOMER_NOT_FOUND)
        case IdempotencyConflict():
            return ApiProblem(IDEMPOTENCY_KEY_REUSED)
        case StoreUnavailable(store=store):
            log.warning(
                "a store is unavailable: %s", error, extra={"event": "store.unavailable", "store": store}
            )
            return ApiProblem(
                STORE_UNAVAILABLE,
                detail=STORE_UNAVAILABLE.detail.filled(store=store),
                headers={"Retry-After": str(retry_after_seconds)},
            )
        case _:
            return internal(error)


def _http_problem(error: HTTPException, scope: Scope, routes: Iterable[BaseRoute]) -> ApiProblem:
    if error.status_code == METHOD_NOT_ALLOWED.status:
        return ApiProblem(METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(_allowed(scope, routes))})
    if error.status_code == NOT_FOUND.status:
        return ApiProblem(NOT_FOUND)
    return internal(error)


def _allowed(scope: Scope, routes: Iterable[BaseRoute]) -> Sequence[str]:
    """Every method of every route of this path, not only those of the first that matched."""
    methods: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def internal(error: Exception) -> ApiProblem:
    """For what nobody foresaw: the log keeps it, the answer does not show it."""
    log.error("unexpected error", extra={"event": "request.failed"}, exc_info=error)
    return ApiProblem(INTERNAL_ERROR)


_PT_PROBLEM = "o valor não é aceito"
_PT_FIX = "Veja em /docs o que este campo aceita"
_CPF_FIELD = FieldProblem(
    Text("not a valid CPF", "não é um CPF válido"),
    Text(
        "Send eleven digits with correct check digits, plain or as 000.000.000-00",
        "Envie onze dígitos com dígitos verificadores corretos, simples ou como 000.000.000-00",
    ),
    pointer="#/cpf",
)


def _policy_field(known: Sequence[str]) -> FieldProblem:
    names = ", ".join(known)
    return FieldProblem(
        Text("no policy has this name or id", "nenhuma política tem este nome ou id"),
        Text(f"Use one of: {names}, or leave it out", f"Use uma destas: {names}, ou omita o campo"),
        pointer="#/policy",
    )
