"""Where alerts come in. A 2xx means that the alert is stored. Overload is 503, never a 4xx, which would lose
alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.auth import HOOKS, SIGNATURE_HEADER, Authenticator, Principal, forbidden
from alarms.http.bodies import (
    KEPT_OF_OVERSIZED,
    LARGEST,
    UNPROVEN_AT_ONCE,
    UNPROVEN_LARGEST,
    body_of,
    headers_of,
)
from alarms.http.pagerduty_events import PagerdutyEvents
from alarms.http.problems import problem, problem_of
from alarms.intake.inbox import Inbox
from alarms.intake.json_alerts import PREFIX
from alarms.intake.mapping import NAME_OF_A_HOOK
from alarms.intake.parsers import HEARTBEAT, OVERSIZED, kind_of
from alarms.intake.plain_text import ENCODING, plain
from alarms.intake.sns_message import NOTIFICATION, SUBSCRIPTION, SnsMessage, SnsVerifier, is_sns_url
from alarms.model.errors import AlarmsError, NotAuthentic
from alarms.model.receipt import SENDER_LIMIT
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
Confirm = Callable[[str], Awaitable[None]]
Handler = Callable[[Request], Awaitable[Response]]


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
        heartbeats: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._inbox = inbox
        self._authenticator = authenticator
        self._clock = clock
        self._sns = sns
        self._confirm = confirm
        self._heartbeats = heartbeats
        self._unproven = asyncio.Semaphore(UNPROVEN_AT_ONCE)
        self._pagerduty = PagerdutyEvents(inbox, authenticator, self._unproven)

    def routes(self) -> list[Route]:
        def route(path: str, handler: Handler, *methods: str) -> Route:
            return Route(path, _told(handler), methods=[*methods] or ["POST"])

        return [
            route("/hooks/alertmanager", self._taken_as("alertmanager")),
            route("/hooks/grafana", self._taken_as("grafana"), "POST", "PUT"),
            route("/hooks/eventbridge", self._taken_as("eventbridge")),
            route("/hooks/json/{name}", self.json, "POST", "PUT"),
            route("/hooks/heartbeat/{name}", self.heartbeat, "GET", "POST"),
            route("/hooks/sns", self.sns),
            route("/hooks/pagerduty", self._pagerduty.enqueue),
            route("/v2/enqueue", self._pagerduty.enqueue),
        ]

    def _taken_as(self, kind: str) -> Handler:
        async def handler(request: Request) -> Response:
            return await self._authenticated(request, kind)

        return handler

    async def json(self, request: Request) -> Response:
        name = request.path_params["name"]
        return await self._authenticated(
            request, f"{PREFIX}{name if NAME_OF_A_HOOK.fullmatch(name) else '-'}"
        )

    async def heartbeat(self, request: Request) -> Response:
        """A body, if there is one, is not read. A name that nobody expects is refused: nothing watches it."""
        name = request.path_params["name"]
        principal = await self._authenticator.authenticate(headers_of(request), None)
        refused = refusal(principal, f"{HEARTBEAT}/{name}")
        if refused is not None:
            return refused
        expected = self._heartbeats()
        if name not in expected:
            known = ", ".join(expected) or "none"
            return problem(404, f"intakes.yaml has no such heartbeat (it has: {known})")
        sender = "" if principal is None else principal.name
        await self._inbox.keep(HEARTBEAT, name.encode("ascii"), sender=sender)
        return Response(status_code=200)

    async def sns(self, request: Request) -> Response:
        if self._sns is None:
            return problem(401, "SNS messages are not accepted here: alarm_topics is empty")
        try:
            async with self._unproven:
                body = await body_of(request, UNPROVEN_LARGEST)
                if len(body) > UNPROVEN_LARGEST:
                    return problem(401, "the body is larger than any SNS message")
                message = await asyncio.to_thread(self._sns.verify, body, self._clock.now())
            return await self._accept(message)
        except NotAuthentic as error:
            LOG.warning("an SNS message was refused", extra={"reason": str(error)})
            raise

    async def _accept(self, message: SnsMessage) -> Response:
        if message.type == SUBSCRIPTION:
            await self._subscribe(message)
        elif message.type == NOTIFICATION:
            payload = message.message.encode("utf-8", "replace")
            receipt, sender = f"sns-{message.message_id[:100]}", f"topic {message.topic.rpartition(':')[2]}"
            await self._inbox.keep(kind_of(payload), payload, receipt, sender=sender[:SENDER_LIMIT])
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
        headers = headers_of(request)
        body = b""
        principal = await self._authenticator.authenticate(headers, None)
        if principal is not None and principal.may_send_to(kind):
            body = await body_of(request, LARGEST)
        elif principal is None and SIGNATURE_HEADER in headers:
            async with self._unproven:
                body = await body_of(request, LARGEST)
                principal = await self._authenticator.authenticate(headers, body)
        refused = refusal(principal, kind)
        if refused is not None:
            return refused
        sender = "" if principal is None else principal.name
        body = plain(body, headers.get(ENCODING, ""), LARGEST)  # the signature was of what was sent
        if len(body) > LARGEST:
            await self._inbox.keep(OVERSIZED, body[:KEPT_OF_OVERSIZED], sender=sender)
        else:
            await self._inbox.keep(kind, body, sender=sender)
        return Response(status_code=200)


def refusal(principal: Principal | None, hook: str) -> Response | None:
    """Why it may not send there; None: it may."""
    if principal is None:
        return problem(401, "a token or the signature of a known sender is required")
    if HOOKS not in principal.scopes:
        return problem(403, forbidden(principal, HOOKS))
    if not principal.may_send_to(hook):
        return problem(403, f"{principal.name} may send to {', '.join(sorted(principal.hooks))} only")
    return None


def _told(handler: Handler) -> Handler:
    """Whatever keeps a request from being taken is said in words."""

    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except AlarmsError as error:
            return problem_of(error)
        except ClientDisconnect:
            return problem(400, "the sender disconnected")
        except TimeoutError:
            return problem(503, "the body did not arrive in time")

    return told
