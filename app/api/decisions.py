"""``/v1/decisions``: decide, read, explain. The hot route decodes and encodes with msgspec alone."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.api.access import DecisionsInFlight, SensitiveReads, Shown
from app.api.bodies import body_digest, decode, idempotency_key_of, read_body, require_no_cpf
from app.api.decision_documents import (
    DecisionDocument,
    DecisionRequestBody,
    ExplanationDocument,
    decision_document,
    explanation_document,
)
from app.api.dependencies import ApiDependencies
from app.api.exchange import LANGUAGES, Language, RequestOutcome, exchange_of, json_answer, named
from app.api.problem_types import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    CPF_IN_CLEAR,
    CUSTOMER_NOT_FOUND,
    DECISION_NOT_FOUND,
    IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    INVALID_BODY,
    INVALID_CPF,
    INVALID_ENCODING,
    INVALID_JSON,
    INVALID_PARAMETER,
    OVERLOADED,
    STORE_UNAVAILABLE,
    UNKNOWN_POLICY,
    UNSUPPORTED_MEDIA_TYPE,
)
from app.api.problems import ApiProblem, FieldProblem
from app.api.routes import Operation, Routes, header, path, query
from app.api.scopes import Scope
from credit.domain.application import is_identifier
from credit.domain.decision import Decision
from credit.ports.records import IdempotencyKey
from credit.usecases.decide import DecisionRequest
from foundation.bilingual import Text

REPLAYED = {"Idempotency-Replayed": "true"}


def add_decision_routes(routes: Routes, deps: ApiDependencies) -> None:
    decoder = msgspec.json.Decoder(DecisionRequestBody)
    in_flight = DecisionsInFlight(deps.limits, deps.telemetry)
    reads = SensitiveReads(deps.trail, deps.telemetry)

    async def create(request: Request) -> Response:
        exchange = exchange_of(request.scope)
        key_sent = idempotency_key_of(request)
        body = decode(await read_body(request, deps.limits.body_seconds), decoder)
        _require_one_customer(body)
        with in_flight.place(request), deps.tracer.span("decide credit"):
            answer = await deps.decide(
                _as_request(body),
                client_id=exchange.client,
                idempotency=IdempotencyKey(exchange.client, key_sent, body_digest(body, deps.sealer)),
                trace_id=exchange.trace_id,
            )
        degraded = answer.decision.degraded
        exchange.outcome = RequestOutcome.DEGRADED if degraded else RequestOutcome.OK
        document = decision_document(answer.decision, deps.reasons, exchange.language)
        headers = {"Location": f"/v1/decisions/{document.decision_id}", **in_language(exchange.language)}
        return json_answer(document, 201, {**headers, **REPLAYED} if answer.replayed else headers)

    async def read(request: Request) -> Response:
        language = exchange_of(request.scope).language
        decision = await _find(deps, request)
        await reads.note(Shown.DECISION, request, decision.decision_id)
        document = decision_document(decision, deps.reasons, language)
        return json_answer(document, headers=in_language(language))

    async def explain(request: Request) -> Response:
        language = _language(request)
        decision = await _find(deps, request)
        await reads.note(Shown.EXPLANATION, request, decision.decision_id)
        explanation = deps.explain(decision, "pt" if language == "pt-BR" else "en")
        return json_answer(explanation_document(explanation, language), headers=in_language(language))

    routes.add(_CREATE_DECISION, create, hot=True)
    routes.add(_READ_DECISION, read)
    routes.add(_EXPLAIN_DECISION, explain)


async def _find(deps: ApiDependencies, request: Request) -> Decision:
    decision_id = request.path_params["decision_id"]
    decision = await deps.decisions.find(decision_id) if is_identifier(decision_id) else None
    if decision is None:
        raise ApiProblem(DECISION_NOT_FOUND)
    return decision


def _require_one_customer(body: DecisionRequestBody) -> None:
    if (body.customer_id is None) == (body.cpf is None):
        problem = (
            Text("neither customer_id nor cpf was sent", "nem customer_id nem cpf foi enviado")
            if body.cpf is None
            else Text("both customer_id and cpf were sent", "customer_id e cpf foram enviados juntos")
        )
        raise ApiProblem(INVALID_BODY, errors=[FieldProblem(problem, _SEND_ONE, pointer="#/customer_id")])
    require_no_cpf(body.customer_id, pointer="#/customer_id")
    require_no_cpf(body.reference, pointer="#/reference")
    require_no_cpf(body.policy, pointer="#/policy")


def _as_request(body: DecisionRequestBody) -> DecisionRequest:
    return DecisionRequest(**{**msgspec.structs.asdict(body), "purpose": body.purpose.value})


def _language(request: Request) -> Language:
    asked = request.query_params.get("lang")
    if asked is None:
        return exchange_of(request.scope).language
    language = named(asked)
    if language is None:
        known = ", ".join(LANGUAGES)
        problem = FieldProblem(
            Text("not a language that this API supports", "não é um idioma aceito por esta API"),
            Text(f"Use one of: {known}", f"Use um destes: {known}"),
            field="lang",
        )
        raise ApiProblem(INVALID_PARAMETER, errors=[problem])
    return language


def in_language(language: Language) -> dict[str, str]:
    return {"Content-Language": language, "Vary": "Accept-Language"}


_SEND_ONE = Text("Send exactly one of them", "Envie exatamente um dos dois")
_KEY_PARAMETER = header(
    "Idempotency-Key",
    "A new value for each application; the same value when you retry. 1 to 128 letters, digits, '.', '_', "
    "':' or '-', optionally quoted.",
    required=True,
    examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
)
LANGUAGE_HEADER = header(
    "Accept-Language", "Language of the texts: en (default) or pt-BR.", examples=["pt-BR"]
)
_ID_PARAMETER = path("decision_id", "The id that POST /v1/decisions returned.")
_LANG_PARAMETER = query("lang", "Overrides Accept-Language.", enum=list(LANGUAGES))


_CREATE_DECISION = Operation(
    route="POST /v1/decisions",
    name="createDecision",
    summary="Decide a credit application",
    description="Applies a credit policy to the application, then records the decision, the audit entry and "
    "the Idempotency-Key in one transaction. Repeating the request with the same key returns the "
    "first response, with `Idempotency-Replayed: true`. A `503` means that nothing was recorded; "
    "retrying with the same key is always safe.",
    tag="decisions",
    scope=Scope.DECISIONS_WRITE,
    body=DecisionRequestBody,
    example={
        "customer_id": "C-1001",
        "amount_cents": 1_500_000,
        "term_months": 36,
        "purpose": "CAR",
        "reference": "APP-2026-000017",
    },
    parameters=(_KEY_PARAMETER, LANGUAGE_HEADER),
    answers={201: ("The decision, recorded.", DecisionDocument)},
    problems=(
        INVALID_JSON,
        INVALID_ENCODING,
        IDEMPOTENCY_KEY_MISSING,
        IDEMPOTENCY_KEY_INVALID,
        CUSTOMER_NOT_FOUND,
        BODY_TOO_SLOW,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INVALID_BODY,
        INVALID_CPF,
        CPF_IN_CLEAR,
        UNKNOWN_POLICY,
        IDEMPOTENCY_KEY_REUSED,
        STORE_UNAVAILABLE,
        OVERLOADED,
    ),
)
_READ_DECISION = Operation(
    route="GET /v1/decisions/{decision_id}",
    name="readDecision",
    summary="Read a decision",
    tag="decisions",
    scope=Scope.DECISIONS_READ,
    parameters=(_ID_PARAMETER, LANGUAGE_HEADER),
    answers={200: ("The decision.", DecisionDocument)},
    problems=(DECISION_NOT_FOUND, STORE_UNAVAILABLE),
)
_EXPLAIN_DECISION = Operation(
    route="GET /v1/decisions/{decision_id}/explanation",
    name="explainDecision",
    summary="Explain a decision",
    description="The reasons, the facts and limits behind them, and what could change the outcome, in plain "
    "English or Portuguese.",
    tag="decisions",
    scope=Scope.DECISIONS_READ,
    parameters=(_ID_PARAMETER, _LANG_PARAMETER, LANGUAGE_HEADER),
    answers={200: ("The explanation.", ExplanationDocument)},
    problems=(INVALID_PARAMETER, DECISION_NOT_FOUND, STORE_UNAVAILABLE),
)
