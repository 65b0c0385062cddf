"""Errors as RFC 9457 problem documents; nothing of ours leaks into them."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from alarms.model.errors import (
    AlarmsError,
    NotAllowed,
    NotAuthentic,
    NotConfirmed,
    StoreBusy,
    UnknownIncident,
    UnknownReceipt,
    UnknownToken,
)

TITLES = {
    400: "The request is not valid",
    401: "Authentication is required",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Not possible now",
    413: "Too large",
    503: "Try again later",
}
RETRY_SECONDS = "5"


def problem(status: int, detail: str) -> Response:
    document = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = RETRY_SECONDS
    return Response(
        msgspec.json.encode(document), status, headers=headers, media_type="application/problem+json"
    )


def problem_of(error: AlarmsError) -> Response:
    match error:
        case UnknownIncident() | UnknownReceipt() | UnknownToken():
            return problem(404, str(error))
        case NotAllowed():
            return problem(409, str(error))
        case NotAuthentic():
            return problem(401, str(error))
        case NotConfirmed():
            return problem(503, str(error))
        case StoreBusy():
            return problem(503, "Nothing was stored; send it again.")
        case _:
            return problem(400, str(error))
