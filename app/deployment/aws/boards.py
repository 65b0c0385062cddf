"""CloudWatch dashboards: bodies by name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from app.deployment.aws.clients import Account, tag_list, tag_map
from app.deployment.errors import DeploymentError
from app.deployment.resource import OWNER_TAG, Deployed, Document


class CloudWatchBoards:
    kind = "CloudWatch dashboard"
    removable = True

    def __init__(self, account: Account, environment: str, bodies: Mapping[str, bytes]) -> None:
        self._account, self._environment = account, environment
        self._bodies = dict(bodies)

    def wanted(self) -> Mapping[str, Document]:
        return {name: json.loads(body) for name, body in self._bodies.items()}

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        client, found = self._account.cloudwatch, {}
        pages = client.get_paginator("list_dashboards").paginate(
            DashboardNamePrefix=f"mirante-{self._environment}-"
        )
        for entry in (entry for page in pages for entry in page.get("DashboardEntries", [])):
            name = str(entry["DashboardName"])
            body = client.get_dashboard(DashboardName=name)["DashboardBody"]
            tags = tag_map(client.list_tags_for_resource(ResourceARN=entry["DashboardArn"])["Tags"])
            found[name] = Deployed(_parsed(body), tags.get(OWNER_TAG) == self._environment)
        return found

    def put(self, name: str, document: Document) -> None:
        answer = self._account.cloudwatch.put_dashboard(
            DashboardName=name,
            DashboardBody=self._bodies[name].decode(),
            Tags=tag_list({OWNER_TAG: self._environment}),
        )
        problems = answer.get("DashboardValidationMessages") or []
        if problems:
            told = "; ".join(f"{one.get('DataPath')}: {one.get('Message')}" for one in problems)
            raise DeploymentError(
                f"dashboard {name}", told, "The deployed board was left as it is; fix the definition"
            )

    def remove(self, name: str) -> None:
        self._account.cloudwatch.delete_dashboards(DashboardNames=[name])


def _parsed(body: str) -> Any:
    """A body that is not JSON was put there by hand; it differs from all generated boards."""
    try:
        return json.loads(body)
    except ValueError:
        return {"body": body}
