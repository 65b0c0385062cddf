"""``/v1/customers/{customer_id}/decisions``: what was decided for a customer, page by page."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request
from starlette.responses import Response

from app.api.access import SensitiveReads, Shown
from app.api.decision_documents import DecisionPage, decision_document
from app.api.decisions import LANGUAGE_HEADER, in_language
from app.api.dependencies import ApiDependencies, ApiLimits
from app.api.exchange import exchange_of, json_answer
from app.api.problem_types import CUSTOMER_NOT_FOUND, INVALID_PARAMETER, STORE_UNAVAILABLE
from app.api.problems import ApiProblem, FieldProblem
from app.api.routes import Operation, Routes, path, query
from app.api.scopes import Scope
from credit.domain.application import is_identifier
from foundation.bilingual import Text


def add_customer_routes(routes: Routes, deps: ApiDependencies) -> None:
    reads = SensitiveReads(deps.trail, deps.telemetry)

    async def history(request: Request) -> Response:
        limit = _limit(request, deps.limits)
        before = _before(request)
        customer_id = request.path_params["customer_id"]
        if not is_identifier(customer_id) or await deps.customers.get(customer_id) is None:
            raise ApiProblem(CUSTOMER_NOT_FOUND)
        found = await deps.decisions.of_customer(customer_id, limit + 1, before)
        await reads.note(Shown.HISTORY, request, customer_id)
        language = exchange_of(request.scope).language
        cursor = _cursor(found[limit - 1].decision_id) if len(found) > limit else None
        page = DecisionPage(
            items=[decision_document(decision, deps.reasons, language) for decision in found[:limit]],
            next_cursor=cursor,
        )
        headers = in_language(language)
        if cursor is not None:
            address = f"/v1/customers/{customer_id}/decisions?limit={limit}&cursor={cursor}"
            headers["Link"] = f'<{address}>; rel="next"'
        return json_answer(page, headers=headers)

    routes.add(_operation(deps.limits), history)


def _limit(request: Request, limits: ApiLimits) -> int:
    sent = request.query_params.get("limit", str(limits.page_size))
    if sent.isascii() and sent.isdigit() and len(sent) < 6 and 1 <= int(sent) <= limits.page_size_max:
        return int(sent)
    most = limits.page_size_max
    raise _invalid(
        "limit",
        Text("not a whole number in range", "não é um número inteiro no intervalo"),
        Text(f"Send a whole number from 1 to {most}", f"Envie um número inteiro de 1 a {most}"),
    )


def _before(request: Request) -> str | None:
    """The decision id inside the cursor. Cursors are opaque to clients, so their form may change."""
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return None
    try:
        decision_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        decision_id = ""
    if not is_identifier(decision_id):
        raise _invalid(
            "cursor",
            Text("not a cursor of this API", "não é um cursor desta API"),
            Text(
                "Send the next_cursor of the previous page, unchanged",
                "Envie o next_cursor da página anterior, sem alterá-lo",
            ),
        )
    return decision_id


def _cursor(decision_id: str) -> str:
    return base64.urlsafe_b64encode(decision_id.encode()).decode().rstrip("=")


def _invalid(field: str, problem: Text, fix: Text) -> ApiProblem:
    return ApiProblem(INVALID_PARAMETER, errors=[FieldProblem(problem, fix, field=field)])


def _operation(limits: ApiLimits) -> Operation:
    return Operation(
        route="GET /v1/customers/{customer_id}/decisions",
        name="listCustomerDecisions",
        summary="Decisions of a customer",
        description="Newest first. Decisions made while you page do not shift the pages.",
        tag="decisions",
        scope=Scope.DECISIONS_READ,
        parameters=(
            path("customer_id", "The customer."),
            query(
                "limit",
                "Decisions per page.",
                type="integer",
                minimum=1,
                maximum=limits.page_size_max,
                default=limits.page_size,
            ),
            query("cursor", "next_cursor of the previous page; omit it for the first page."),
            LANGUAGE_HEADER,
        ),
        answers={200: ("A page of decisions.", DecisionPage)},
        problems=(INVALID_PARAMETER, CUSTOMER_NOT_FOUND, STORE_UNAVAILABLE),
    )
