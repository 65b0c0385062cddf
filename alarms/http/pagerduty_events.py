"""Where senders of PagerDuty's Events API v2 are pointed to: they need another host and a token, no more.

The credential is ``routing_key`` in the body; it is a token of ours, and goes no further than this.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alarms.http.auth import HOOKS, Authenticator, Principal, bearer
from alarms.http.bodies import KEPT_OF_OVERSIZED, LARGEST, UNPROVEN_LARGEST, body_of, headers_of
from alarms.intake.inbox import Inbox
from alarms.intake.normalise import as_text
from alarms.intake.pagerduty import SOURCE
from alarms.intake.parsers import OVERSIZED
from alarms.intake.plain_text import ENCODING, document_of, plain

LONGEST_KEY = 255  # characters of a dedup_key


class PagerdutyEvents:
    """Answers as PagerDuty does: 202 with the key by which the event is known, or 400 in its form.

    An event of a known sender is always kept, however odd. ``unproven`` bounds the bodies that are read
    before it is known whose they are.
    """

    def __init__(self, inbox: Inbox, authenticator: Authenticator, unproven: asyncio.Semaphore) -> None:
        self._inbox = inbox
        self._authenticator = authenticator
        self._unproven = unproven

    async def enqueue(self, request: Request) -> Response:
        headers = headers_of(request)
        principal = await self._authenticator.authenticate(headers, None)
        if principal is not None:
            body = await body_of(request, LARGEST) if principal.may_send_to(SOURCE) else b""
            body = plain(body, headers.get(ENCODING, ""), LARGEST)
        else:
            async with self._unproven:
                body = await body_of(request, UNPROVEN_LARGEST)
                body = plain(body, headers.get(ENCODING, ""), UNPROVEN_LARGEST)
                if len(body) <= UNPROVEN_LARGEST:
                    principal = await self._authenticator.authenticate(bearer(_routing_key(body)), None)
        if principal is None or not principal.may_send_to(SOURCE):
            return _invalid(principal)
        return await self._keep(body, principal)

    async def _keep(self, body: bytes, principal: Principal) -> Response:
        kind, key, event = SOURCE, uuid.uuid4().hex, None
        if len(body) > LARGEST:
            kind, body = OVERSIZED, body[:KEPT_OF_OVERSIZED]
        else:
            event = _read(body)
        if event is not None:
            key = as_text(event.get("dedup_key"))[:LONGEST_KEY] or key
            body = msgspec.json.encode({**event, "routing_key": principal.name, "dedup_key": key})
        await self._inbox.keep(kind, body, sender=principal.name)
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": key}, 202)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        event = document_of(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _routing_key(body: bytes) -> str:
    key = (_read(body) or {}).get("routing_key")
    return key.strip() if isinstance(key, str) else ""


def _invalid(principal: Principal | None) -> Response:
    """As PagerDuty words it, for senders that show it to somebody."""
    if principal is None:
        why = "routing_key is not a token of this router, or the event is larger than 1 MiB"
    elif HOOKS not in principal.scopes:
        why = f"{principal.name} may not send"
    else:
        why = f"{principal.name} may send to {', '.join(sorted(principal.hooks))} only"
    answer = {"status": "invalid event", "message": "Event object is invalid", "errors": [why]}
    return JSONResponse(answer, 400)
