"""CloudWatch alarms, metric and composite, as the arguments that put them there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from app.deployment.aws.clients import Account, tag_list, tag_map
from app.deployment.resource import OWNER_TAG, Deployed, Document

KINDS = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms"}
# What ``describe_alarms`` adds to what was put: state, times, identity.
ANSWER_ONLY = (
    "AlarmArn",
    "AlarmConfigurationUpdatedTimestamp",
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
    "EvaluationState",
    "ActionsSuppressedBy",
    "ActionsSuppressedReason",
)
# What means the same as not saying it.
DEFAULTS: Mapping[str, Any] = {
    "ActionsEnabled": True,
    "AlarmActions": [],
    "OKActions": [],
    "InsufficientDataActions": [],
    "Dimensions": [],
    "Metrics": [],
    "TreatMissingData": "missing",
}


class Alarms:
    """One kind of alarm: metric alarms, or the composites that refer to them."""

    removable = True

    def __init__(
        self, account: Account, environment: str, wanted: Sequence[Document], *, composite: bool
    ) -> None:
        self._account, self._environment = account, environment
        self._type = "CompositeAlarm" if composite else "MetricAlarm"
        self._wanted = {
            str(alarm["AlarmName"]): alarm for alarm in wanted if ("AlarmRule" in alarm) == composite
        }

    @property
    def kind(self) -> str:
        return "composite alarm" if self._type == "CompositeAlarm" else "alarm"

    def wanted(self) -> Mapping[str, Document]:
        return {name: comparable(alarm, tag_map(alarm["Tags"])) for name, alarm in self._wanted.items()}

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        found = {}
        for alarm in self._described():
            arn = alarm["AlarmArn"]
            tags = tag_map(self._account.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"])
            ours = tags.get(OWNER_TAG) == self._environment
            found[str(alarm["AlarmName"])] = Deployed(comparable(alarm, tags), ours)
        return found

    def put(self, name: str, document: Document) -> None:
        arguments = self._wanted[name]
        client = self._account.cloudwatch
        put = client.put_composite_alarm if self._type == "CompositeAlarm" else client.put_metric_alarm
        put(**arguments)
        # The tags of an alarm that exists already are not changed by putting it again.
        client.tag_resource(ResourceARN=self._arn(name), Tags=tag_list(document["Tags"]))

    def remove(self, name: str) -> None:
        self._account.cloudwatch.delete_alarms(AlarmNames=[name])

    def _described(self) -> Iterator[dict[str, Any]]:
        pages = self._account.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=[self._type], AlarmNamePrefix=f"mirante-{self._environment}-"
        )
        for page in pages:
            yield from page.get(KINDS[self._type], [])

    def _arn(self, name: str) -> str:
        account = self._account
        return f"arn:{account.partition}:cloudwatch:{account.region}:{account.number}:alarm:{name}"


def comparable(alarm: Document, tags: Mapping[str, str]) -> Document:
    """What was asked for, without what CloudWatch adds and what says nothing."""
    said = {key: value for key, value in alarm.items() if key not in ANSWER_ONLY and key != "Tags"}
    plain = {key: value for key, value in said.items() if value != DEFAULTS.get(key, None)}
    if "Metrics" in plain:
        plain["Metrics"] = [_query(query) for query in plain["Metrics"]]
    if plain.get("DatapointsToAlarm") == plain.get("EvaluationPeriods"):
        plain.pop("DatapointsToAlarm", None)
    return {**plain, "Tags": dict(sorted(tags.items()))}


def _query(query: Document) -> Document:
    return {key: value for key, value in query.items() if not (key == "ReturnData" and value is True)}
