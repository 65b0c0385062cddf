"""Notifications as signed HTTP requests, for whatever has no receiver of its own."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import datetime

import httpx
import msgspec

from alarms.model.notification import Notification
from alarms.notify.http_receiver import HttpReceiver
from alarms.policy.webhook_template import JSON, TemplateFault, WebhookTemplate

LOG = logging.getLogger(__name__)


class WebhookNotifier:
    """A ``Notifier``. ``Mirante-Signature: t=<unix seconds>,v1=<hex>`` is an HMAC-SHA256 of ``t.body``.

    The dedup id travels as ``Idempotency-Key``: a receiver that has seen it may answer 2xx at once.
    ``failed`` is told when the template makes nothing of a notification.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        now: Callable[[], datetime],
        client: httpx.Client | None = None,
        template: WebhookTemplate | None = None,
        failed: Callable[[TemplateFault], None] = lambda _: None,
    ) -> None:
        self._url = url
        self._key = key
        self._now = now
        self._template = template
        self._failed = failed
        self._receiver = HttpReceiver("webhook", client, [url])

    def send(self, notification: Notification) -> str:
        body, content_type = self._body(notification)
        headers = {"Content-Type": content_type, "Mirante-Signature": signature(self._key, body, self._now())}
        answer = self._receiver.tell(self._url, notification.dedup_id, content=body, headers=headers)
        return answer.headers.get("x-request-id") or notification.dedup_id

    def _body(self, notification: Notification) -> tuple[bytes, str]:
        """What cannot be made by the template is sent whole: a page in another form is still a page."""
        if self._template is not None:
            try:
                return self._template.render(notification).encode(), self._template.content_type
            except TemplateFault as fault:
                told = {"channel": notification.channel, "problem": fault.problem, "line": fault.line}
                LOG.error("a webhook's template failed; the notification is sent as it is", extra=told)
                self._failed(fault)
        return msgspec.json.encode(notification), JSON

    def close(self) -> None:
        self._receiver.close()


def signature(key: bytes, body: bytes, at: datetime) -> str:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
