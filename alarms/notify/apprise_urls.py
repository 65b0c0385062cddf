"""Notifications to whatever the apprise library reaches: a service with no receiver of its own here."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import apprise

from alarms.model.errors import TemporaryFailure
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.wording import chat_wordings, is_resolved
from alarms.policy.channel import BOTH, Language

TYPES = {
    Severity.P1: apprise.NotifyType.FAILURE,
    Severity.P2: apprise.NotifyType.FAILURE,
    Severity.P3: apprise.NotifyType.WARNING,
    Severity.P4: apprise.NotifyType.INFO,
}
logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would log addresses, which are secrets


class AppriseNotifier:
    """A ``Notifier``. The URL is a secret: it is never part of an error.

    The library says whether a service took a message and not why it did not, so a failure is temporary.

    Raises:
        ValueError: it does not know that kind of URL.
    """

    def __init__(self, url: str, languages: Sequence[Language] = BOTH) -> None:
        asset = apprise.AppriseAsset(app_id="Mirante", http_redirects=False)
        self._service = apprise.Apprise(asset=asset)
        self._languages = languages
        if not self._service.add(url):
            raise ValueError("this is not a URL that apprise knows")

    def send(self, notification: Notification) -> str:
        first, *others = chat_wordings(notification.message, self._languages)
        texts = [first.body, *(f"{other.subject}\n{other.body}" for other in others)]
        links = [url for url in (notification.message.acknowledge, notification.message.page) if url]
        resolved = is_resolved(notification)
        taken = self._service.notify(
            title=first.subject,
            body="\n\n".join([*texts, *links]),
            notify_type=apprise.NotifyType.SUCCESS if resolved else TYPES[notification.severity],
            body_format=apprise.NotifyFormat.TEXT,
        )
        if not taken:
            raise TemporaryFailure("apprise", "the service did not take it")
        return notification.dedup_id
