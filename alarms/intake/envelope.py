"""What is inside an SNS message: a CloudWatch alarm, an EventBridge event, or an alert of our own."""

from __future__ import annotations

import msgspec

from alarms.model.errors import MalformedPayload


def kind_of(message: bytes) -> str:
    """The receipt kind that fits; unknown content is kept as ``cloudwatch`` and quarantined by its parser."""
    try:
        document = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "cloudwatch"
    if not isinstance(document, dict):
        return "cloudwatch"
    if "detail-type" in document:
        return "eventbridge"
    if document.get("version") == "4" and "alerts" in document:
        return "alertmanager"
    return "alert" if "alert_key" in document else "cloudwatch"


def unwrap_sqs(body: str) -> bytes:
    """The message of an SQS body: SNS's envelope, or the message itself (raw delivery, EventBridge).

    Raises:
        MalformedPayload: the envelope says it is a notification and holds no message.
    """
    raw = body.encode("utf-8", "replace")
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw
    if isinstance(document, dict) and document.get("Type") == "Notification" and "TopicArn" in document:
        message = document.get("Message")
        if not isinstance(message, str):
            raise MalformedPayload("sqs", "Message", "missing")
        return message.encode("utf-8", "replace")
    return raw
