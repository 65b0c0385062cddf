"""Where alerts come in. A 2xx means that the alert is stored. Overload is 503, never a 4xx, which would lose
alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import HOOKS, SIGNATURE_HEADER, Authenticator
from alarms.http.problems import problem, problem_of
from alarms.intake.inbox import Inbox, kind_of
from alarms.intake.sns_message import NOTIFICATION, SUBSCRIPTION, SnsMessage, SnsVerifier, is_sns_url
from alarms.model.errors import AlarmsError, NotAuthentic
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
LARGEST = 8 * 1024 * 1024
KEPT_OF_OVERSIZED = 64 * 1024
SNS_LARGEST = 1024 * 1024
BODY_SECONDS = 30.0
UNPROVEN_AT_ONCE = 4  # bodies in memory of whose senders nothing is known before they are whole
Confirm = Callable[[str], Awaitable[None]]


class Hooks:
    """``confirm`` visits a subscription's address once it is proven to be SNS's own; None: not wanted."""

    def __init__(
        self,
        inbox: Inbox,
        authenticator: Authenticator,
        clock: Clock,
        *,
        sns: SnsVerifier | None = None,
        confirm: Confirm | None = None,
    ) -> None:
        self._inbox = inbox
        self._authenticator = authenticator
        self._clock = clock
        self._sns = sns
        self._confirm = confirm
        self._unproven = asyncio.Semaphore(UNPROVEN_AT_ONCE)

    def routes(self) -> list[Route]:
        return [
            Route("/hooks/alertmanager", self.alertmanager, methods=["POST"]),
            Route("/hooks/eventbridge", self.eventbridge, methods=["POST"]),
            Route("/hooks/sns", self.sns, methods=["POST"]),
        ]

    async def alertmanager(self, request: Request) -> Response:
        return await self._authenticated(request, "alertmanager")

    async def eventbridge(self, request: Request) -> Response:
        return await self._authenticated(request, "eventbridge")

    async def sns(self, request: Request) -> Response:
        if self._sns is None:
            return problem(401, "SNS messages are not accepted here: alarm_topics is empty")
        try:
            async with self._unproven:
                body = await _body(request, SNS_LARGEST)
                if len(body) > SNS_LARGEST:
                    return problem(401, "the body is larger than any SNS message")
                message = await asyncio.to_thread(self._sns.verify, body, self._clock.now())
            return await self._accept(message)
        except AlarmsError as error:
            LOG.warning("an SNS message was refused", extra={"reason": str(error)})
            return problem_of(error)
        except ClientDisconnect:
            return problem(400, "the sender disconnected")
        except TimeoutError:
            return problem(503, "the body did not arrive in time")

    async def _accept(self, message: SnsMessage) -> Response:
        if message.type == SUBSCRIPTION:
            await self._subscribe(message)
        elif message.type == NOTIFICATION:
            payload = message.message.encode("utf-8", "replace")
            await self._inbox.keep(kind_of(payload), payload, f"sns-{message.message_id[:100]}")
        return Response(status_code=200)

    async def _subscribe(self, message: SnsMessage) -> None:
        url = message.fields["SubscribeURL"]
        if not is_sns_url(url, message.region):
            raise NotAuthentic("sns", "its SubscribeURL is not on the SNS host of its region")
        if self._confirm is not None:
            await self._confirm(url)

    async def _authenticated(self, request: Request, kind: str) -> Response:
        """Credentials first: whoever shows none is not read, and of those whose proof is the body only few at
        once are."""
        headers = _headers(request)
        principal = self._authenticator.authenticate(headers, None)
        try:
            if principal is not None and HOOKS in principal.scopes:
                body = await _body(request, LARGEST)
            elif principal is None and SIGNATURE_HEADER in headers:
                async with self._unproven:
                    body = await _body(request, LARGEST)
                    principal = self._authenticator.authenticate(headers, body)
            if principal is None or HOOKS not in principal.scopes:
                return problem(401, "a bearer token or the signature of a known sender is required")
            if len(body) > LARGEST:
                await self._inbox.keep("oversized", body[:KEPT_OF_OVERSIZED])
            else:
                await self._inbox.keep(kind, body)
        except AlarmsError as error:
            return problem_of(error)
        except ClientDisconnect:
            return problem(400, "the sender disconnected")
        except TimeoutError:
            return problem(503, "the body did not arrive in time")
        return Response(status_code=200)


async def _body(request: Request, most: int) -> bytes:
    """At most a little more than ``most`` bytes are read. Raises ``TimeoutError``."""
    content = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in request.stream():
            content += chunk
            if len(content) > most:
                break
    return bytes(content)


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
