"""What every question to the desk has in common: who asks, whether they may, and how the answer reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from alarms.http.auth import Authenticator, Principal, forbidden
from alarms.http.bodies import headers_of
from alarms.http.problems import problem, problem_of
from alarms.intake.normalise import clean
from alarms.model.errors import AlarmsError

ON_BEHALF_OF = "mirante-on-behalf-of"  # percent-encoded
LONGEST_NAME = 80
Body = TypeVar("Body")
Handler = Callable[[Request, Principal], Awaitable[Response]]


def guarded(
    authenticator: Authenticator, handler: Handler, scope: str
) -> Callable[[Request], Awaitable[Response]]:
    """The handler, for those whose token has the scope; what goes wrong is said in words."""

    async def answer(request: Request) -> Response:
        headers = headers_of(request)
        try:
            principal = await authenticator.authenticate(headers, b"")
            if principal is None:
                return problem(401, "a bearer token is required")
            if scope not in principal.scopes:
                return problem(403, forbidden(principal, scope))
            return await handler(request, _on_behalf(principal, headers))
        except AlarmsError as error:
            return problem_of(error)
        except msgspec.ValidationError as error:
            return problem(400, str(error))
        except OverflowError:
            return problem(400, "a number or a date is too far away: give a smaller one")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return problem(400, "the body is not JSON")

    return answer


async def read_body(request: Request, kind: type[Body]) -> Body:
    return msgspec.json.decode(await request.body() or b"{}", type=kind)


def json_answer(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _on_behalf(principal: Principal, headers: Mapping[str, str]) -> Principal:
    person = clean(unquote(headers.get(ON_BEHALF_OF, ""))).strip()[:LONGEST_NAME]
    return replace(principal, name=f"{person} ({principal.name})") if person else principal
