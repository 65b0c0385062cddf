"""One request and its answer, as every layer of the API sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from app.api.language import Language
from credit.ports.tracing import RequestSpan

UNMATCHED = "unmatched"


class RequestOutcome(StrEnum):
    """What a decision request counts as. Only ``ok`` is good; ``client_error`` is outside the total."""

    OK = "ok"
    DEGRADED = "degraded"
    ERROR = "error"
    OVERLOAD = "overload"
    CLIENT_ERROR = "client_error"


@dataclass(slots=True)
class Exchange:
    """``began`` is real monotonic seconds at the request's first byte; ``client`` is known once it has shown
    its key; ``outcome`` once the decision is made or refused; ``headers`` go out with whatever answer."""

    request_id: str
    span: RequestSpan
    language: Language
    began: float
    client: str = ""
    outcome: RequestOutcome | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def trace_id(self) -> str:
        return self.span.trace_id


class ClientGone(Exception):
    """The client hung up before its request was complete: nobody is left to answer."""


_KEY = "mirante.exchange"


def attach(scope: Scope, exchange: Exchange) -> None:
    scope[_KEY] = exchange


def exchange_of(scope: Mapping[str, object]) -> Exchange:
    """The exchange of a request; every request that passed ``RequestContext`` has one."""
    exchange = scope[_KEY]
    assert isinstance(exchange, Exchange)
    return exchange


def route_of(scope: Mapping[str, object]) -> str:
    """The template of the matched route (``/v1/decisions/{decision_id}``), never the path itself."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))


encode: Callable[[object], bytes] = msgspec.json.Encoder().encode


def json_answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encode(document), status, headers, media_type="application/json")
