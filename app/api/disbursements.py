"""``/v1/decisions/{decision_id}/disbursement``: pay an approved credit out, once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from app.api.access import SensitiveReads, Shown
from app.api.dependencies import ApiDependencies
from app.api.exchange import json_answer
from app.api.problem_types import (
    DECISION_NOT_FOUND,
    DISBURSEMENT_NOT_FOUND,
    NOTHING_TO_DISBURSE,
    STORE_UNAVAILABLE,
)
from app.api.problems import ApiProblem
from app.api.routes import Operation, Routes, path
from app.api.scopes import Scope
from credit.domain.application import is_identifier
from credit.domain.disbursement import Disbursement, Progress, Refusal
from credit.domain.errors import DisbursementRefused

PATH = "/v1/decisions/{decision_id}/disbursement"


class DisbursementDocument(msgspec.Struct, kw_only=True):
    """The payment of one approved decision."""

    decision_id: str
    customer_id: str
    amount_cents: Annotated[int, Meta(ge=0, description="Amount paid out, in cents.")]
    status: Annotated[
        Progress,
        Meta(
            description="PENDING: in progress, ask again. PAID: paid once, final. REFUSED: nothing "
            "was paid and "
            "every step was undone. STUCK: a person has to look into it."
        ),
    ]
    refusal: Annotated[
        Refusal | None,
        Meta(description="Set when REFUSED. UNAVAILABLE: a store failed; a new POST retries."),
    ]
    transaction_id: Annotated[str, Meta(description="The transaction that paid; set once PAID.")]
    started_at: Annotated[datetime, Meta(description="When this attempt started (UTC).")]


def add_disbursement_routes(routes: Routes, deps: ApiDependencies) -> None:
    reads = SensitiveReads(deps.trail, deps.telemetry)

    async def pay(request: Request) -> Response:
        try:
            with deps.tracer.span("disburse credit"):
                found = await deps.disburse(_decision_id(request))
        except DisbursementRefused as refused:
            raise ApiProblem(NOTHING_TO_DISBURSE) from refused
        if found is None:
            raise ApiProblem(DECISION_NOT_FOUND)
        return json_answer(_document(found), 202 if found.progress is Progress.PENDING else 200)

    async def read(request: Request) -> Response:
        found = await deps.disburse.find(_decision_id(request))
        if found is None:
            raise ApiProblem(DISBURSEMENT_NOT_FOUND)
        await reads.note(Shown.DISBURSEMENT, request, found.order.decision_id)
        return json_answer(_document(found))

    routes.add(_CREATE_DISBURSEMENT, pay)
    routes.add(_READ_DISBURSEMENT, read)


def _decision_id(request: Request) -> str:
    decision_id: str = request.path_params["decision_id"]
    if not is_identifier(decision_id):
        raise ApiProblem(DECISION_NOT_FOUND)
    return decision_id


def _document(found: Disbursement) -> DisbursementDocument:
    return DisbursementDocument(
        decision_id=found.order.decision_id,
        customer_id=found.order.customer_id,
        amount_cents=found.order.amount_cents,
        status=found.progress,
        refusal=found.refusal,
        transaction_id=found.order.transaction_id,
        started_at=found.started_at,
    )


_DECISION_ID = path("decision_id", "The id that POST /v1/decisions returned.")
_STANDS = ("Its current state.", DisbursementDocument)
_CREATE_DISBURSEMENT = Operation(
    route=f"POST {PATH}",
    name="createDisbursement",
    summary="Pay out an approved credit",
    description="Holds the amount against the customer's free limit, drafts the contract and pays, "
    "or undoes all "
    "of it. A decision is paid once no matter how often you send this, so retry after any failure.",
    tag="decisions",
    scope=Scope.DISBURSEMENTS_WRITE,
    parameters=(_DECISION_ID,),
    answers={200: _STANDS, 202: ("It is in progress and continues by itself.", DisbursementDocument)},
    problems=(DECISION_NOT_FOUND, NOTHING_TO_DISBURSE, STORE_UNAVAILABLE),
)
_READ_DISBURSEMENT = Operation(
    route=f"GET {PATH}",
    name="readDisbursement",
    summary="Read a disbursement",
    tag="decisions",
    scope=Scope.DECISIONS_READ,
    parameters=(_DECISION_ID,),
    answers={200: _STANDS},
    problems=(DISBURSEMENT_NOT_FOUND, STORE_UNAVAILABLE),
)
