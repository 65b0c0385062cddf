"""Alerts from an SQS queue that is subscribed to the alarm topics: the recommended way in.

A message is deleted only after it is on file. The queue's own policy is what keeps strangers out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from alarms.errors import MalformedPayload
from alarms.intake.envelope import kind_of, unwrap_sqs
from alarms.intake.inbox import urgency_of
from alarms.receipt import Receipt
from alarms.stores.protocol import RouterStore
from slo.clock import Clock

LOG = logging.getLogger(__name__)
MOST_A_CALL = 10


class SqsClient(Protocol):
    """The part of boto3's SQS client that is used."""

    def receive_message(self, **kwargs: Any) -> Mapping[str, Any]: ...

    def delete_message_batch(self, **kwargs: Any) -> Mapping[str, Any]: ...


class SqsConsumer:
    """``run_once`` blocks for at most ``wait_seconds`` plus the client's own time-out."""

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
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._wait_seconds = wait_seconds

    def run_once(self) -> int:
        """How many messages were taken in. A queue that cannot be reached is 0, and said in the log.

        Raises:
            StoreBusy: nothing was kept and nothing deleted: the queue will hand it out again.
        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=MOST_A_CALL, WaitTimeSeconds=self._wait_seconds
            )
        except (ClientError, BotoCoreError) as error:
            LOG.warning("the queue cannot be read", extra={"reason": str(error)})
            return 0
        messages = answer.get("Messages") or []
        if messages:
            self._store.append_receipts([self._receipt(message) for message in messages])
            self._delete(messages)
        return len(messages)

    def _receipt(self, message: Mapping[str, Any]) -> Receipt:
        body = str(message.get("Body", ""))
        try:
            payload = unwrap_sqs(body)
        except MalformedPayload:
            payload = body.encode("utf-8", "replace")
        return Receipt(self._new_id(), kind_of(payload), self._clock.now(), payload, urgency_of(payload))

    def _delete(self, messages: list[Mapping[str, Any]]) -> None:
        """What cannot be deleted comes again, and changes nothing the second time."""
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
        ]
        try:
            self._client.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            LOG.warning("messages on file could not be deleted", extra={"reason": str(error)})
