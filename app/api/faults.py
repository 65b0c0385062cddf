"""``/v1/admin/faults``: faults on purpose inside the store adapters. Exists only where it is enabled."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import decode, read_body
from app.api.dependencies import ApiDependencies
from app.api.exchange import json_answer
from app.api.fields import expects
from app.api.problem_types import INVALID_BODY, INVALID_JSON, UNKNOWN_STORE, UNSUPPORTED_MEDIA_TYPE
from app.api.problems import ApiProblem
from app.api.routes import Operation, Routes, path
from app.api.scopes import Scope
from credit.ports.faults import Fault, FaultSwitch

STORES = ("relational", "hot", "wide", "cache", "stream")
MOST_DELAY_SECONDS = 60.0

_Ratio = Annotated[
    float,
    Meta(
        ge=0.0,
        le=1.0,
        description="Share of calls that fail.",
        extra=expects("Send a number from 0 to 1", "Envie um número de 0 a 1"),
    ),
]
_Delay = Annotated[
    float,
    Meta(
        ge=0.0,
        le=MOST_DELAY_SECONDS,
        description="Real seconds that every call waits before it runs.",
        extra=expects(
            f"Send a number of seconds from 0 to {MOST_DELAY_SECONDS:g}",
            f"Envie um número de segundos de 0 a {MOST_DELAY_SECONDS:g}",
        ),
    ),
]


class FaultBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault to put into a store's adapter."""

    error_ratio: _Ratio = 0.0
    delay_seconds: _Delay = 0.0


class FaultDocument(msgspec.Struct, kw_only=True):
    """The fault of one store; all zeros: none."""

    store: Annotated[str, Meta(examples=["relational"])]
    error_ratio: _Ratio
    delay_seconds: _Delay


class FaultList(msgspec.Struct, kw_only=True):
    """Every store and its fault."""

    items: list[FaultDocument]


def add_fault_routes(routes: Routes, deps: ApiDependencies, switch: FaultSwitch) -> None:
    decoder = msgspec.json.Decoder(FaultBody)

    async def put(request: Request) -> Response:
        store = _store(request)
        body = decode(await read_body(request, deps.limits.body_seconds), decoder)
        switch.set(store, Fault(body.error_ratio, body.delay_seconds))
        return json_answer(_document(switch, store))

    async def delete(request: Request) -> Response:
        store = _store(request)
        switch.clear(store)
        return json_answer(_document(switch, store))

    async def read(request: Request) -> Response:
        return json_answer(_document(switch, _store(request)))

    async def read_all(request: Request) -> Response:
        return json_answer(FaultList(items=[_document(switch, store) for store in STORES]))

    routes.add(_one("PUT", "putFault", "Inject a fault into a store", FaultBody, _EXAMPLE), put)
    routes.add(_one("DELETE", "deleteFault", "Remove the fault"), delete)
    routes.add(_one("GET", "readFault", "The fault of a store"), read)
    routes.add(_LIST_FAULTS, read_all)


def _store(request: Request) -> str:
    store = str(request.path_params["store"])
    if store not in STORES:
        raise ApiProblem(UNKNOWN_STORE, detail=UNKNOWN_STORE.detail.filled(stores=", ".join(STORES)))
    return store


def _document(switch: FaultSwitch, store: str) -> FaultDocument:
    fault = switch.active().get(store, Fault())
    return FaultDocument(store=store, error_ratio=fault.error_ratio, delay_seconds=fault.delay_seconds)


def _one(method: str, name: str, summary: str, body: Any = None, example: object = None) -> Operation:
    """An operation on the fault of one store."""
    of_body = () if body is None else (INVALID_JSON, UNSUPPORTED_MEDIA_TYPE, INVALID_BODY)
    return Operation(
        route=f"{method} /v1/admin/faults/{{store}}",
        name=name,
        summary=summary,
        tag="faults",
        scope=Scope.FAULTS_WRITE,
        parameters=(path("store", "Name of the store.", enum=list(STORES)),),
        body=body,
        example=example,
        answers={200: ("The active fault.", FaultDocument)},
        problems=(*of_body, UNKNOWN_STORE),
    )


_EXAMPLE = {"error_ratio": 0.5, "delay_seconds": 0.3}
_LIST_FAULTS = Operation(
    route="GET /v1/admin/faults",
    name="listFaults",
    summary="The faults of all stores",
    tag="faults",
    scope=Scope.FAULTS_WRITE,
    answers={200: ("Every store and its fault.", FaultList)},
)
