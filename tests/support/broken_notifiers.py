"""Notifiers that are wrong in one way each."""

from __future__ import annotations

from dataclasses import dataclass, field

from alarms.model.errors import PermanentFailure
from alarms.model.notification import Notification


@dataclass
class Wire:
    """Where a fake receiver's messages arrive: (dedup id, everything a reader sees). ``fault`` as told."""

    arrived: list[tuple[str, str]] = field(default_factory=list)
    fault: str | None = None  # None | "temporary" | "permanent"


def shown(notification: Notification) -> str:
    message = notification.message
    return "\n".join([message.subject, message.body, message.subject_pt, message.body_pt])


class SwallowsErrors:
    """Says it was delivered when it was not."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, notification: Notification) -> str:
        if self._wire.fault is None:
            self._wire.arrived.append((notification.dedup_id, shown(notification)))
        return "id"


class GivesUpAtOnce(SwallowsErrors):
    """Calls every failure permanent: a throttled page is a lost page."""

    def send(self, notification: Notification) -> str:
        if self._wire.fault is not None:
            raise PermanentFailure("broken", self._wire.fault)
        return super().send(notification)


class LeaksItsOwnErrors(SwallowsErrors):
    """Raises what its library raised."""

    def send(self, notification: Notification) -> str:
        if self._wire.fault is not None:
            raise ConnectionError(self._wire.fault)
        return super().send(notification)


class ForgetsTheDedupId(SwallowsErrors):
    def send(self, notification: Notification) -> str:
        self._wire.arrived.append((f"random-{len(self._wire.arrived)}", shown(notification)))
        return "id"


class SpeaksOneLanguage(SwallowsErrors):
    def send(self, notification: Notification) -> str:
        message = notification.message
        self._wire.arrived.append((notification.dedup_id, f"{message.subject}\n{message.body}"))
        return "id"


BROKEN = (SwallowsErrors, GivesUpAtOnce, LeaksItsOwnErrors, ForgetsTheDedupId, SpeaksOneLanguage)
