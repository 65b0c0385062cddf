"""The SNS topic of each severity. Never removed: a topic holds other people's subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from alarms.model.severity import Severity
from alarms.notify.sns_topics import topic_name
from app.deployment.aws.clients import Account, is_missing, tag_list, tag_map
from app.deployment.resource import OWNER_TAG, Deployed, Document
from foundation.aws.errors import AwsError


class Topics:
    kind = "SNS topic"
    removable = False

    def __init__(self, account: Account, environment: str) -> None:
        self._account, self._environment = account, environment

    def arns(self) -> dict[str, str]:
        """ARN by severity, whether it is there yet or not."""
        return {
            severity.value: self._account.topic_arn(topic_name(self._environment, severity))
            for severity in Severity
        }

    def wanted(self) -> Mapping[str, Document]:
        return {
            topic_name(self._environment, severity): {
                "DisplayName": f"Mirante {severity.value}",
                "Tags": {OWNER_TAG: self._environment, "mirante:severity": severity.value},
            }
            for severity in Severity
        }

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        found = {name: self._read(name) for name in names}
        return {name: deployed for name, deployed in found.items() if deployed is not None}

    def put(self, name: str, document: Document) -> None:
        client, arn = self._account.sns, self._account.topic_arn(name)
        client.create_topic(Name=name)
        client.set_topic_attributes(
            TopicArn=arn, AttributeName="DisplayName", AttributeValue=document["DisplayName"]
        )
        client.tag_resource(ResourceArn=arn, Tags=tag_list(document["Tags"]))

    def remove(self, name: str) -> None:
        raise AssertionError(f"{name}: topics are never removed")

    def _read(self, name: str) -> Deployed | None:
        client, arn = self._account.sns, self._account.topic_arn(name)
        try:
            attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        except AwsError as error:
            if is_missing(error):
                return None
            raise
        tags = tag_map(client.list_tags_for_resource(ResourceArn=arn)["Tags"])
        document = {"DisplayName": attributes.get("DisplayName", ""), "Tags": tags}
        return Deployed(document, tags.get(OWNER_TAG) == self._environment)
