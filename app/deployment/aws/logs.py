"""Log groups with their retention, and the metric filters that read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.deployment.aws.clients import Account, is_missing
from app.deployment.resource import OWNER_TAG, Deployed, Document
from foundation.aws.errors import AwsError


class LogGroups:
    """Never removed: they hold logs."""

    kind = "log group"
    removable = False

    def __init__(self, account: Account, environment: str, wanted: Sequence[Document]) -> None:
        self._account, self._environment = account, environment
        self._wanted = {str(group["logGroupName"]): group for group in wanted}

    def wanted(self) -> Mapping[str, Document]:
        return {
            name: {"retentionInDays": group["retentionInDays"], "tags": dict(group["tags"])}
            for name, group in self._wanted.items()
        }

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        found = {}
        for group in _groups(self._account.logs, self._environment):
            name = str(group["logGroupName"])
            tags = self._account.logs.list_tags_for_resource(resourceArn=self._account.log_group_arn(name))[
                "tags"
            ]
            document = {"retentionInDays": group.get("retentionInDays"), "tags": tags}
            found[name] = Deployed(document, tags.get(OWNER_TAG) == self._environment)
        return found

    def put(self, name: str, document: Document) -> None:
        client, arn = self._account.logs, self._account.log_group_arn(name)
        try:
            client.create_log_group(logGroupName=name, tags=document["tags"])
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
            client.tag_resource(resourceArn=arn, tags=document["tags"])
        client.put_retention_policy(logGroupName=name, retentionInDays=document["retentionInDays"])

    def remove(self, name: str) -> None:
        raise AssertionError(f"{name}: log groups are never removed")


class MetricFilters:
    """Filters on our own log groups are ours."""

    kind = "metric filter"
    removable = True

    def __init__(self, account: Account, environment: str, wanted: Sequence[Document]) -> None:
        self._account, self._environment = account, environment
        self._wanted = {str(one["filterName"]): one for one in wanted}

    def wanted(self) -> Mapping[str, Document]:
        return self._wanted

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        client, found = self._account.logs, {}
        for group in _groups(client, self._environment):
            pages = client.get_paginator("describe_metric_filters").paginate(
                logGroupName=group["logGroupName"]
            )
            for one in (one for page in pages for one in page["metricFilters"]):
                found[str(one["filterName"])] = Deployed(_comparable(one), ours=True)
        return found

    def put(self, name: str, document: Document) -> None:
        self._account.logs.put_metric_filter(**self._wanted[name])

    def remove(self, name: str) -> None:
        for group in _groups(self._account.logs, self._environment):
            try:
                self._account.logs.delete_metric_filter(logGroupName=group["logGroupName"], filterName=name)
            except AwsError as error:
                if not is_missing(error):
                    raise


def _groups(client: Any, environment: str) -> list[Mapping[str, Any]]:
    pages = client.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=f"/mirante/{environment}/"
    )
    return [group for page in pages for group in page["logGroups"]]


def _comparable(one: Document) -> Document:
    kept = ("logGroupName", "filterName", "filterPattern", "metricTransformations")
    return {key: one[key] for key in kept if key in one}
