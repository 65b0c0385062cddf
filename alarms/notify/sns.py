"""Notifications to Amazon SNS: one topic per severity, message attributes for team and step filters."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from foundation.aws.errors import AwsError

SUBJECT_LENGTH = 100
BODY_BYTES = 250_000  # of the 262,144 that a message may have, attributes included
PERMANENT = {"NotFound", "NotFoundException", "InvalidParameter", "InvalidParameterValue", "ValidationError"}


class SnsClient(Protocol):
    """The part of boto3's SNS client that is used."""

    def publish(self, **kwargs: Any) -> Mapping[str, Any]: ...


class SnsNotifier:
    """A ``Notifier``. ``topics`` gives each severity's topic ARN; a FIFO topic is told group and dedup id.

    The client has to be built with time-outs well below the dispatcher's lease.
    """

    def __init__(self, client: SnsClient, topics: Mapping[Severity, str]) -> None:
        self._client = client
        self._topics = dict(topics)

    def send(self, notification: Notification) -> str:
        topic = self._topics.get(notification.severity)
        if topic is None:
            raise PermanentFailure("sns", f"no topic is configured for {notification.severity}")
        try:
            answer = self._client.publish(**publish_arguments(notification, topic))
        except AwsError as error:
            kind = PermanentFailure if error.code in PERMANENT else TemporaryFailure
            raise kind("sns", f"{topic}: {error.problem}") from error
        return str(answer["MessageId"])


def publish_arguments(notification: Notification, topic: str) -> dict[str, Any]:
    """boto3 arguments. At most ten attributes: raw delivery to SQS drops messages with more."""
    attributes = {**notification.attributes, "dedup_id": notification.dedup_id}
    arguments: dict[str, Any] = {
        "TopicArn": topic,
        "Subject": subject(notification.message.subject),
        "Message": body(notification),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in sorted(attributes.items())
        },
    }
    if topic.endswith(".fifo"):
        arguments["MessageGroupId"] = notification.incident_id
        arguments["MessageDeduplicationId"] = notification.dedup_id
    return arguments


def subject(text: str) -> str:
    """SNS takes at most 100 ASCII characters, none of them a control character."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    printable = "".join(character if character.isprintable() else " " for character in plain)
    return printable.strip()[:SUBJECT_LENGTH] or "Mirante"


def body(notification: Notification) -> str:
    message = notification.message
    text = f"{message.subject}\n\n{message.body}\n\n---\n{message.subject_pt}\n\n{message.body_pt}\n"
    return text.encode()[:BODY_BYTES].decode(errors="ignore")


def filter_policy(team: str) -> dict[str, list[str]]:
    """For a subscription that should get one team's messages and nobody else's."""
    return {"team": [team]}
