"""``/v1/records``: customers and transactions onto the ingestion stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import decode, read_body
from app.api.dependencies import ApiDependencies
from app.api.exchange import encode, json_answer
from app.api.fields import MOST_FAULTS, expects, rejection_fault
from app.api.problem_types import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    INVALID_BODY,
    INVALID_ENCODING,
    INVALID_JSON,
    STORE_UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
)
from app.api.problems import ApiProblem, FieldProblem
from app.api.routes import Operation, Routes
from app.api.scopes import Scope
from credit.domain.errors import RejectedRecord
from credit.usecases.ingest import IngestRecord

RECORDS_PATH = "/v1/records"
MOST_RECORDS = 500


class RecordBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A customer or a transaction."""

    kind: Annotated[
        Literal["customer", "transaction"],
        Meta(extra=expects("Use customer or transaction", "Use customer ou transaction")),
    ]
    data: Annotated[
        msgspec.Raw,
        Meta(
            description="The record's fields. A customer's cpf is encrypted before it is stored anywhere.",
            extra=expects(
                "Send an object with the record's fields", "Envie um objeto com os campos do registro"
            ),
            extra_json_schema={"type": "object"},
        ),
    ]


class RecordsBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Records to ingest. All are accepted or none is."""

    records: Annotated[
        list[RecordBody],
        Meta(
            min_length=1,
            max_length=MOST_RECORDS,
            extra=expects(
                f"Send a list of 1 to {MOST_RECORDS} records",
                f"Envie uma lista de 1 a {MOST_RECORDS} registros",
            ),
        ),
    ]


class RecordsAccepted(msgspec.Struct, kw_only=True):
    """The records are durable on the stream; processing follows."""

    accepted: Annotated[int, Meta(ge=1)]
    first_sequence: str
    last_sequence: str


def add_record_routes(routes: Routes, deps: ApiDependencies) -> None:
    decoder = msgspec.json.Decoder(RecordsBody)

    async def put(request: Request) -> Response:
        body = decode(await read_body(request, deps.limits.body_seconds), decoder)
        documents = _judged(body.records, deps.ingest)
        with deps.tracer.span("put records", records=len(documents)):
            sequences = await deps.producer.send(documents)
        accepted = RecordsAccepted(
            accepted=len(sequences), first_sequence=sequences[0], last_sequence=sequences[-1]
        )
        return json_answer(accepted, 202)

    routes.add(_PUT_RECORDS, put)


def _judged(records: Sequence[RecordBody], ingest: IngestRecord) -> Sequence[Mapping[str, object]]:
    """The records as documents for the stream, each known to be processable."""
    documents: list[Mapping[str, object]] = []
    found: list[FieldProblem] = []
    for number, record in enumerate(records):
        content = encode(record)
        try:
            ingest.parse(content)
        except RejectedRecord as rejected:
            found.append(rejection_fault(number, rejected))
        else:
            documents.append(msgspec.json.decode(content))
    if found:
        raise ApiProblem(INVALID_BODY, errors=found[:MOST_FAULTS])
    return documents


_PUT_RECORDS = Operation(
    route=f"POST {RECORDS_PATH}",
    name="putRecords",
    summary="Ingest customers and transactions",
    description="Records are validated first, and all are refused if any of them could never be processed. "
    "The response is sent once all records are durable on the stream. Processing is idempotent, so "
    "after a failure send the same records again.",
    tag="ingestion",
    scope=Scope.INGEST_WRITE,
    body=RecordsBody,
    example={
        "records": [
            {
                "kind": "customer",
                "data": {
                    "customer_id": "C-1001",
                    "cpf": "529.982.247-25",
                    "monthly_income_cents": 850_000,
                    "credit_score": 712,
                    "version": 1,
                },
            },
            {
                "kind": "transaction",
                "data": {
                    "transaction_id": "T-1",
                    "customer_id": "C-1001",
                    "amount_cents": 12_990,
                    "kind": "PURCHASE",
                    "status": "SETTLED",
                    "created_at": "2026-01-15T12:00:00Z",
                },
            },
        ]
    },
    answers={202: ("The records are on the stream.", RecordsAccepted)},
    problems=(
        INVALID_JSON,
        INVALID_ENCODING,
        BODY_TOO_SLOW,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INVALID_BODY,
        STORE_UNAVAILABLE,
    ),
)
