"""Answers: JSON bytes that are ready to send, problems, and the translation of errors into problems."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.exchange import ClientGone, RequestOutcome, exchange_of
from app.api.language import Text
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
)
from app.api.problems import PROBLEM_MEDIA_TYPE, ApiProblem, FieldProblem, problem_bytes
from credit.domain.errors import (
    DomainError,
    IdempotencyConflict,
    InvalidCpf,
    InvalidValue,
    StoreUnavailable,
    UnknownCustomer,
    UnknownPolicy,
)

log = logging.getLogger("mirante.api")

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode


def json_answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encode(document), status, headers, media_type="application/json")


def problem_answer(problem: ApiProblem, scope: Mapping[str, object]) -> Response:
    exchange = exchange_of(scope)
    body = problem_bytes(problem, exchange.language, exchange.request_id, exchange.trace_id)
    headers = {
        **problem.headers,
        "Content-Language": exchange.language,
        "Vary": "Accept-Language",
    }
    return Response(body, problem.kind.status, headers, media_type=PROBLEM_MEDIA_TYPE)


async def send_problem(problem: ApiProblem, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_answer(problem, scope)(scope, receive, send)


class Unanswered(Response):
    """For a client that hung up: sends nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nobody listens."""


class ProblemFallback:
    """Pure ASGI. The last net: what escapes everything else is logged and answered, never shown."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noting(message: dict[str, object]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)  # type: ignore[arg-type]
        except Exception as error:  # the last net; the log keeps the error
            if scope["type"] != "http":
                raise
            if not started:
                await send_problem(_internal(error), scope, receive, send)


def install_problem_handlers(app: FastAPI, retry_after_seconds: int) -> None:
    """Answer every error raised below ``app`` as a problem document."""

    async def api_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiProblem)
        return problem_answer(error, request.scope)

    async def domain_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)
        return problem_answer(_domain_problem(error, retry_after_seconds), request.scope)

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_answer(_http_problem(error, request.scope, app.routes), request.scope)

    async def client_gone(request: Request, error: Exception) -> Response:
        exchange_of(request.scope).outcome = RequestOutcome.CLIENT_ERROR
        return Unanswered()

    async def unexpected(request: Request, error: Exception) -> Response:
        return problem_answer(_internal(error), request.scope)

    app.add_exception_handler(ApiProblem, api_problem)
    app.add_exception_handler(DomainError, domain_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(ClientGone, client_gone)
    app.add_exception_handler(Exception, unexpected)


def _domain_problem(error: DomainError, retry_after_seconds: int) -> ApiProblem:
    match error:
        case InvalidCpf():
            return ApiProblem(INVALID_CPF, errors=[_CPF_FIELD])
        case InvalidValue(field=field, problem=problem, mend=mend):
            found = FieldProblem(Text(problem, _PT_PROBLEM), Text(mend, _PT_MEND), pointer=f"#/{field}")
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
            return unavailable(store, retry_after_seconds)
        case _:
            return _internal(error)


def unavailable(store: str, retry_after_seconds: int) -> ApiProblem:
    return ApiProblem(
        STORE_UNAVAILABLE,
        detail=STORE_UNAVAILABLE.detail.filled(store=store),
        headers={"Retry-After": str(retry_after_seconds)},
    )


def _http_problem(error: HTTPException, scope: Scope, routes: Iterable[BaseRoute]) -> ApiProblem:
    if error.status_code == METHOD_NOT_ALLOWED.status:
        return ApiProblem(METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(_allowed(scope, routes))})
    if error.status_code == NOT_FOUND.status:
        return ApiProblem(NOT_FOUND)
    return _internal(error)


def _allowed(scope: Scope, routes: Iterable[BaseRoute]) -> Sequence[str]:
    """Every method of every route of this path, not only those of the first that matched."""
    methods: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def _internal(error: Exception) -> ApiProblem:
    log.error("unexpected error", extra={"event": "request.failed"}, exc_info=error)
    return ApiProblem(INTERNAL_ERROR)


_PT_PROBLEM = "o valor não é aceito"
_PT_MEND = "Veja em /docs o que este campo aceita"
_CPF_FIELD = FieldProblem(
    Text("not a valid CPF", "não é um CPF válido"),
    Text(
        "Send eleven digits with right check digits, plain or as 000.000.000-00",
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
