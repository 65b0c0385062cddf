"""One request and its answer, as every layer of the API sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from credit.ports.tracing import RequestSpan

Language = Literal["en", "pt-BR"]
LANGUAGES: tuple[Language, ...] = ("en", "pt-BR")
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


def negotiate(accept_language: str) -> Language:
    """The language an ``Accept-Language`` header (RFC 9110, 12.5.4) prefers; English if neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language[:200].lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _known(tag.strip())
        quality = _quality(parameter.strip())
        if language is not None and quality > best[0]:
            best = (quality, language)
    return best[1]


def named(tag: str) -> Language | None:
    """The language of a tag such as ``pt``, ``pt-BR`` or ``en-GB``; ``None`` for others."""
    return _known(tag.strip().lower()) if tag.strip() != "*" else None


def _known(tag: str) -> Language | None:
    primary = tag.split("-", 1)[0]
    if primary == "pt":
        return "pt-BR"
    return "en" if primary in ("en", "*") else None


def _quality(parameter: str) -> float:
    if not parameter.startswith("q="):
        return 1.0
    try:
        quality = float(parameter[2:])
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


encode: Callable[[object], bytes] = msgspec.json.Encoder().encode


def json_answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encode(document), status, headers, media_type="application/json")
