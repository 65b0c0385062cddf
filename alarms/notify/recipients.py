"""Who is told by a channel, and how several are told by a service that takes one at a time."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from alarms.model.errors import NotifierError, PermanentFailure, TemporaryFailure
from alarms.model.notification import Notification

LOG = logging.getLogger(__name__)
EVERY_OTHER_TEAM = "*"
MOST_REMEMBERED = 10_000  # (dedup id, recipient) that were told


def addressed(
    notification: Notification, recipients: Mapping[str, Sequence[str]], receiver: str
) -> Sequence[str]:
    """A person's own address, or else the team's, or else everybody's.

    Raises:
        PermanentFailure: the channel has none for that team.
    """
    if notification.address:
        return (notification.address,)
    found = recipients.get(notification.team) or recipients.get(EVERY_OTHER_TEAM)
    if not found:
        raise PermanentFailure(receiver, f"no recipient is configured for team {notification.team}")
    return found


class FanOut:
    """Tells each recipient once: a second attempt leaves out those whom the first one reached."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def tell(self, notification: Notification, recipients: Sequence[str], one: Callable[[str], str]) -> str:
        """The ids that ``one`` answers. Somebody told and somebody never to be reached is told.

        Raises:
            TemporaryFailure: somebody may yet be reached.
            PermanentFailure: nobody was, or will be.
        """
        failures: list[NotifierError] = []
        ids = []
        for recipient in dict.fromkeys(recipients):
            key = (notification.dedup_id, recipient)
            try:
                identity = self._known(key) or self._remembered(key, one(recipient))
            except NotifierError as failure:
                failures.append(failure)
            else:
                ids.append(identity)
        passing = [failure for failure in failures if isinstance(failure, TemporaryFailure)]
        if passing or not ids:
            raise (passing or failures)[0]
        for lost in failures:
            reason = {"dedup_id": notification.dedup_id, "reason": str(lost)}
            LOG.error("one of several recipients cannot be reached", extra=reason)
        return ", ".join(ids)

    def _known(self, key: tuple[str, str]) -> str | None:
        with self._lock:
            return self._told.get(key)

    def _remembered(self, key: tuple[str, str], identity: str) -> str:
        with self._lock:
            self._told[key] = identity
            if len(self._told) > MOST_REMEMBERED:
                self._told.popitem(last=False)
        return identity
