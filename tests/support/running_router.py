"""The router as it is deployed: ``mirante serve ROLE`` with its own channels and policy, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from alarms.notify.sns_topics import subscribe_team
from foundation.workspace import SHIPPED
from tests.support.aws_emulator import aws_client
from tests.support.patience import patience
from tests.support.processes import Role
from tests.support.sns_topics import ensure_topics

TOKEN = "secret-of-the-test"
HEADERS = {"authorization": f"Bearer {TOKEN}"}


def alarm_policy(
    folder: Path,
    channels: Mapping[str, Any],
    teams: Mapping[str, Sequence[str]],
    remediation: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """What ships, without the first wait and with these channels; ``teams`` says who is told by which."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8")
    for team, names in teams.items():
        before, marker, after = text.partition(f"  {team}:\n    name:")
        after = after.replace("channels: [default]", f"channels: [{', '.join(names)}]", 1)
        text = before + marker + after
    text = text.replace("first_wait: 20s", "first_wait: 0")
    text = text.replace("remediation: []", f"remediation: {json.dumps(list(remediation))}")
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    document = {"version": 1, "channels": {"default": {"kind": "local"}, **channels}}
    (folder / "channels.yaml").write_text(json.dumps(document), encoding="utf-8")
    return folder


class Desk:
    """Asks a running router as its people do."""

    def __init__(self, role: Role) -> None:
        self._role = role

    def incident(self, title: str) -> dict[str, Any] | None:
        found = self.get("/v1/alerts?state=all")["alerts"]
        return next((dict(one) for one in found if one["title"] == title), None)

    def get(self, path: str) -> Any:
        return (
            httpx.get(f"{self._role.url}{path}", headers=HEADERS, timeout=patience(30))
            .raise_for_status()
            .json()
        )

    def post(self, path: str, document: Any = None) -> httpx.Response:
        body = {} if document is None else document
        return httpx.post(f"{self._role.url}{path}", headers=HEADERS, json=body, timeout=patience(30))


class TeamQueues:
    """A topic for each severity, and a queue for each team that gets only what is the team's."""

    def __init__(self, endpoint: str, environment: str, teams: Sequence[str]) -> None:
        self.sqs = aws_client("sqs", endpoint)
        sns = aws_client("sns", endpoint)
        topics = ensure_topics(sns, environment)
        self.channel: dict[str, Any] = {
            "kind": "sns",
            "topics": {level.value: arn for level, arn in topics.items()},
        }
        self.urls = {}
        for team in teams:
            self.urls[team], arn = self.queue(f"{environment}-{team}")
            subscribe_team(sns, topics, team, arn)

    def queue(self, name: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, answer["Attributes"]["QueueArn"]

    def take(self, team: str) -> list[dict[str, str]]:
        """The attributes of what is there now, with the text as ``body``; it is taken out."""
        answer = self.sqs.receive_message(
            QueueUrl=self.urls[team], MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
        )
        taken = []
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.urls[team], ReceiptHandle=message["ReceiptHandle"])
            attributes = message["MessageAttributes"].items()
            taken.append({**{name: v["StringValue"] for name, v in attributes}, "body": message["Body"]})
        return taken
