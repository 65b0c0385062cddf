"""Who is told by a channel, and how several are told by a service that takes one at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from alarms.model.errors import NotifierError, PermanentFailure, TemporaryFailure, Unanswered
from alarms.model.notification import Notification

LOG = logging.getLogger(__name__)
EVERY_OTHER_TEAM = "*"
AWHILE = 120.0  # seconds in which who may have been told is not told again
MOST_SECONDS = 60.0  # after which no other recipient is begun with: the next attempt does
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
    """Tells each recipient once: a second attempt leaves out those whom the first one reached, and for a
    while those whom it may have reached."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._unsure: OrderedDict[tuple[str, str], tuple[float, Unanswered]] = OrderedDict()
        self._told: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def tell(self, notification: Notification, recipients: Sequence[str], one: Callable[[str], str]) -> str:
        """The ids that ``one`` answers. Somebody told and somebody never to be reached is told.

        Raises:
            Unanswered: the others may have been reached.
            TemporaryFailure: somebody may yet be reached.
            PermanentFailure: nobody was, or will be.
        """
        failures: list[NotifierError] = []
        ids = []
        until = self._monotonic() + MOST_SECONDS
        for recipient in dict.fromkeys(recipients):
            key = (notification.dedup_id, recipient)
            try:
                identity = self._known(key) or self._remembered(key, self._ask(key, one, until))
            except NotifierError as failure:
                failures.append(failure)
            else:
                ids.append(identity)
        passing = [failure for failure in failures if isinstance(failure, TemporaryFailure)]
        if passing or not ids:
            sure = [failure for failure in passing if not isinstance(failure, Unanswered)]
            raise (sure or passing or failures)[0]
        for lost in failures:
            reason = {"dedup_id": notification.dedup_id, "reason": str(lost)}
            LOG.error("one of several recipients cannot be reached", extra=reason)
        return ", ".join(ids)

    def _ask(self, key: tuple[str, str], one: Callable[[str], str], until: float) -> str:
        now = self._monotonic()
        if now >= until:
            raise TemporaryFailure("recipients", "those before took too long")
        with self._lock:
            again_at, unsure = self._unsure.get(key, (now, None))
        if unsure is not None and now < again_at:
            raise unsure
        try:
            return one(key[1])
        except Unanswered as failure:
            with self._lock:
                self._unsure[key] = self._monotonic() + AWHILE, failure
                if len(self._unsure) > MOST_REMEMBERED:
                    self._unsure.popitem(last=False)
            raise

    def _known(self, key: tuple[str, str]) -> str | None:
        with self._lock:
            return self._told.get(key)

    def _remembered(self, key: tuple[str, str], identity: str) -> str:
        with self._lock:
            self._told[key] = identity
            if len(self._told) > MOST_REMEMBERED:
                self._told.popitem(last=False)
        return identity
