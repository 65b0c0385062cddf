"""The SNS topics a router publishes to: one for each severity, made if they are not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from alarms.model.severity import Severity
from alarms.notify.sns import filter_policy


class SnsAdminClient(Protocol):
    """The part of boto3's SNS client that is used."""

    def subscribe(self, **kwargs: Any) -> Mapping[str, Any]: ...


def topic_name(environment: str, severity: Severity) -> str:
    return f"mirante-{environment}-{severity.value.lower()}"


def subscribe_team(
    client: SnsAdminClient, topics: Mapping[Severity, str], team: str, queue_arn: str
) -> list[str]:
    """A team's queue gets its own messages of every severity, and nobody else's; the subscriptions' ARNs."""
    attributes = {"FilterPolicy": json.dumps(filter_policy(team))}
    return _subscribe(client, topics, queue_arn, attributes)


def subscribe_router(client: SnsAdminClient, topics: Mapping[Severity, str], queue_arn: str) -> list[str]:
    """The router's queue gets what CloudWatch's alarms tell the same topics, and none of our own messages.

    By the body: an alarm has no attributes, and a filter on absent ones passes nothing that has none at all.
    """
    attributes = {
        "FilterPolicyScope": "MessageBody",
        "FilterPolicy": json.dumps({"AlarmName": [{"exists": True}]}),
    }
    return _subscribe(client, topics, queue_arn, attributes)


def _subscribe(
    client: SnsAdminClient, topics: Mapping[Severity, str], queue_arn: str, attributes: Mapping[str, str]
) -> list[str]:
    return [
        str(
            client.subscribe(
                TopicArn=arn,
                Protocol="sqs",
                Endpoint=queue_arn,
                Attributes={**attributes, "RawMessageDelivery": "true"},
                ReturnSubscriptionArn=True,
            )["SubscriptionArn"]
        )
        for arn in topics.values()
    ]
