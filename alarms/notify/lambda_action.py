"""Remediation by an AWS Lambda function, invoked asynchronously with the incident and the dedup id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.notification import Notification
from foundation.aws.errors import AwsError

PERMANENT = {
    "ResourceNotFoundException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
}


class LambdaClient(Protocol):
    """The part of boto3's Lambda client that is used."""

    def invoke(self, **kwargs: Any) -> Mapping[str, Any]: ...


class LambdaNotifier:
    """A ``Notifier``. ``functions`` by target (``remediation:restart-api``); each gets the notification."""

    def __init__(self, client: LambdaClient, functions: Mapping[str, str]) -> None:
        self._client = client
        self._functions = dict(functions)

    def send(self, notification: Notification) -> str:
        function = self._functions.get(notification.target)
        if function is None:
            raise PermanentFailure("lambda", f"no function is configured for {notification.target}")
        try:
            answer = self._client.invoke(
                FunctionName=function, InvocationType="Event", Payload=msgspec.json.encode(notification)
            )
        except AwsError as error:
            kind = PermanentFailure if error.code in PERMANENT else TemporaryFailure
            raise kind("lambda", f"{function}: {error.problem}") from error
        metadata = answer.get("ResponseMetadata")
        return str(metadata.get("RequestId", "")) if isinstance(metadata, dict) else ""
