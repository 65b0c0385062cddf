"""Alerts from an SQS queue that is subscribed to the alarm topics: the recommended way in.

A message is deleted only after it is on file. The queue's own policy is what keeps strangers out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from alarms.intake.inbox import urgency_of
from alarms.intake.parsers import kind_of, unwrapped
from alarms.model.receipt import SENDER_LIMIT, Receipt
from alarms.stores.protocol import RouterStore
from foundation.aws.errors import AwsError
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
MOST_A_CALL = 10
MOST_UNREAD = timedelta(minutes=2)


class SqsClient(Protocol):
    """The part of boto3's SQS client that is used."""

    def receive_message(self, **kwargs: Any) -> Mapping[str, Any]: ...

    def delete_message_batch(self, **kwargs: Any) -> Mapping[str, Any]: ...


class SqsConsumer:
    """``run_once`` blocks for at most ``wait_seconds`` plus the client's own time-out.

    A queue that cannot be read leaves alarms where they are, and nothing here fires for it:
    ``complaint`` tells whoever watches the router.
    """

    def __init__(
        self,
        client: SqsClient,
        queue_url: str,
        store: RouterStore,
        clock: Clock,
        new_id: Callable[[], str],
        wait_seconds: int = 20,
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._sender = f"queue {queue_url.rpartition('/')[2]}"[:SENDER_LIMIT]
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._wait_seconds = wait_seconds
        self._unread_since: datetime | None = None

    def run_once(self) -> int:
        """How many messages were taken in. A queue that cannot be reached is 0, and said in the log.

        Raises:
            StoreBusy: nothing was kept and nothing deleted: the queue will hand it out again.
        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=MOST_A_CALL, WaitTimeSeconds=self._wait_seconds
            )
        except AwsError as error:
            self._unread_since = self._unread_since or self._clock.now()
            LOG.warning("the queue cannot be read", extra={"reason": str(error)})
            return 0
        self._unread_since = None
        messages = answer.get("Messages") or []
        if messages:
            self._store.append_receipts([self._receipt(message) for message in messages])
            self._delete(messages)
        return len(messages)

    def complaint(self) -> str | None:
        """That the queue has not been readable for a while; None: it is, or was not for a moment."""
        since = self._unread_since
        if since is None or self._clock.now() - since < MOST_UNREAD:
            return None
        return f"the queue cannot be read since {since.isoformat()}"

    def _receipt(self, message: Mapping[str, Any]) -> Receipt:
        payload = unwrapped(str(message.get("Body", "")).encode("utf-8", "replace"))
        urgency, sender = urgency_of(payload), self._sender
        return Receipt(self._new_id(), kind_of(payload), self._clock.now(), payload, urgency, sender=sender)

    def _delete(self, messages: list[Mapping[str, Any]]) -> None:
        """What cannot be deleted comes again, and changes nothing the second time."""
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
        ]
        try:
            self._client.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except AwsError as error:
            LOG.warning("stored messages could not be deleted from the queue", extra={"reason": str(error)})
