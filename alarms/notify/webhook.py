"""Notifications as signed HTTP requests, for whatever has no receiver of its own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

import httpx
import msgspec

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.notification import Notification

TIMEOUT_SECONDS = 5.0  # of connecting, writing and reading, each
WORTH_REPEATING = {408, 409, 425, 429}


class WebhookNotifier:
    """A ``Notifier``. ``Mirante-Signature: t=<unix seconds>,v1=<hex>`` is an HMAC-SHA256 of ``t.body``.

    The dedup id travels as ``Idempotency-Key``: a receiver that has seen it may answer 2xx at once.
    """

    def __init__(
        self, url: str, key: bytes, now: Callable[[], datetime], client: httpx.Client | None = None
    ) -> None:
        self._url = url
        self._key = key
        self._now = now
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    def send(self, notification: Notification) -> str:
        body = msgspec.json.encode(notification)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": notification.dedup_id,
            "Mirante-Signature": signature(self._key, body, self._now()),
        }
        return post(self._client, "webhook", self._url, body, headers) or notification.dedup_id

    def close(self) -> None:
        self._client.close()


def signature(key: bytes, body: bytes, at: datetime) -> str:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def post(client: httpx.Client, receiver: str, url: str, body: bytes, headers: dict[str, str]) -> str:
    """The answer's request id, if it gave one.

    Raises:
        TemporaryFailure: no answer, 5xx, or one of the 4xx that may pass.
        PermanentFailure: any other answer but 2xx.
    """
    try:
        with client.stream("POST", url, content=body, headers=headers) as answer:
            pass  # its status and its headers say all; a body might never end
    except httpx.HTTPError as error:
        raise TemporaryFailure(receiver, f"{type(error).__name__}: {error}") from error
    if answer.is_success:
        return str(answer.headers.get("x-request-id", ""))
    kind = (
        TemporaryFailure
        if answer.is_server_error or answer.status_code in WORTH_REPEATING
        else PermanentFailure
    )
    raise kind(receiver, f"answered {answer.status_code}")
