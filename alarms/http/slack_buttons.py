"""``/hooks/slack``: Slack tells of a pressed button, signed with the app's signing secret."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from alarms.http.bodies import UNPROVEN_AT_ONCE, UNPROVEN_LARGEST, body_of
from alarms.http.chat_buttons import PressOutcome, SeenPresses, acknowledge, presser
from alarms.http.problems import problem
from alarms.notify.slack import ACKNOWLEDGE_ACTION
from alarms.router.desk import IncidentActions

FRESH_SECONDS = 300
REPLY_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
Reply = Callable[[str, Mapping[str, Any]], object]


class SlackButtons:
    """``reply`` posts a document to the address that Slack names for one press; it may take its time.

    A signature that was seen is not carried out again: an old press must not acknowledge what was
    reassigned since.
    """

    def __init__(
        self, actions: IncidentActions, signing_secret: str, now: Callable[[], datetime], reply: Reply
    ) -> None:
        self._actions = actions
        self._secret = signing_secret.encode()
        self._now = now
        self._reply = reply
        self._seen = SeenPresses()
        self._unproven = asyncio.Semaphore(UNPROVEN_AT_ONCE)

    def routes(self) -> list[Route]:
        return [Route("/hooks/slack", self.pressed, methods=["POST"])]

    async def pressed(self, request: Request) -> Response:
        """200 to whatever Slack says; what is no press of our button is none of our business."""
        if not self._secret:
            return problem(401, "presses of buttons are not accepted here: slack_signing_secret is not set")
        stamp = request.headers.get("x-slack-request-timestamp", "")
        if not self._is_fresh(stamp):
            return problem(401, "the request has no timestamp, or is older than five minutes")
        try:
            async with self._unproven:
                body = await body_of(request, UNPROVEN_LARGEST)
        except ClientDisconnect:
            return problem(400, "the sender disconnected")
        except TimeoutError:
            return problem(503, "the body did not arrive in time")
        signature = request.headers.get("x-slack-signature", "")
        if not hmac.compare_digest(signed(self._secret, stamp, body).encode(), signature.encode()):
            return problem(401, "the signature is not that of the app's signing secret")
        if not self._seen.first(signature):
            return Response(status_code=200)
        return await self._carried_out(payload_of(body), signature)

    async def _carried_out(self, payload: Mapping[str, Any], signature: str) -> Response:
        incident_id = pressed_in(payload)
        if not incident_id:
            return Response(status_code=200)
        user = _mapping(payload.get("user"))
        by = presser(user.get("username") or user.get("name"), "Slack", user.get("id"))
        outcome = await asyncio.to_thread(acknowledge, self._actions, incident_id, by)
        if not outcome.settled:
            self._seen.forget(signature)
        address = str(payload.get("response_url", ""))
        if not is_slacks(address):
            return Response(status_code=200)
        return Response(status_code=200, background=BackgroundTask(self._tell, address, payload, outcome))

    def _tell(self, address: str, payload: Mapping[str, Any], outcome: PressOutcome) -> None:
        self._reply(address, answer(payload, outcome))

    def _is_fresh(self, stamp: str) -> bool:
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
            return False
        return abs(self._now().timestamp() - int(stamp)) <= FRESH_SECONDS


def signed(secret: bytes, stamp: str, body: bytes) -> str:
    return "v0=" + hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def payload_of(body: bytes) -> Mapping[str, Any]:
    """Empty where it is none."""
    try:
        return _mapping(msgspec.json.decode(parse_qs(body.decode()).get("payload", ["{}"])[0]))
    except (ValueError, RecursionError):
        return {}


def pressed_in(payload: Mapping[str, Any]) -> str:
    """The incident whose Acknowledge was pressed; "" where it is another button, or none."""
    actions = payload.get("actions")
    if payload.get("type") != "block_actions" or not isinstance(actions, list):
        return ""
    ours = [_mapping(action) for action in actions]
    return next((str(one.get("value", "")) for one in ours if one.get("action_id") == ACKNOWLEDGE_ACTION), "")


def is_slacks(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc in REPLY_HOSTS


def answer(payload: Mapping[str, Any], outcome: PressOutcome) -> dict[str, Any]:
    """The message without its button and with who has it; unless settled, only whoever pressed is told."""
    told = f"{outcome.text.en} / {outcome.text.pt}"
    message = _mapping(payload.get("message"))
    blocks = message.get("blocks")
    if not outcome.settled or not isinstance(blocks, list):
        return {"response_type": "ephemeral", "replace_original": False, "text": told}
    kept = [left for block in blocks if (left := _without_button(_mapping(block)))]
    said = {"type": "context", "elements": [{"type": "plain_text", "text": f"✅ {told}"}]}
    return {"replace_original": True, "text": message.get("text", told), "blocks": [*kept, said]}


def _without_button(block: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if block.get("type") != "actions":
        return block
    buttons = [one for one in block.get("elements", []) if one.get("action_id") != ACKNOWLEDGE_ACTION]
    return {**block, "elements": buttons} if buttons else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
