"""The one thing a receiver has to be able to do. Adapters do not inherit from this."""

from __future__ import annotations

from typing import Protocol

from alarms.model.notification import Notification


class Notifier(Protocol):
    def send(self, notification: Notification) -> str:
        """Deliver, blocking; the provider's id of the message. Sent twice, it carries the same dedup id.

        Raises:
            TemporaryFailure: worth another attempt.
            PermanentFailure: it never will be.
        """
        ...
