"""SNS topics and SQS queues of an emulator: who gets which page when, and alarms coming in by a queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alarms.intake.normalise import intake_rules
from alarms.intake.sqs import SqsConsumer
from alarms.intake.worker import IntakeWorker
from alarms.model.receipt import ReceiptState
from alarms.notify.dispatcher import Dispatcher
from alarms.notify.sns import SnsNotifier
from alarms.notify.sns_topics import subscribe_team
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.alerts import burn_alert
from tests.support.aws_emulator import aws_client, needs_emulator, running_emulator
from tests.support.aws_refusal import aws_refusal
from tests.support.hooks import cloudwatch_alarm
from tests.support.router import SHIPPED_POLICY, Scene, numbered_ids
from tests.support.sns_topics import ensure_topics

MINUTE = timedelta(minutes=1)

pytestmark = needs_emulator


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        yield url


class Aws:
    def __init__(self, endpoint: str) -> None:
        self.sns = aws_client("sns", endpoint)
        self.sqs = aws_client("sqs", endpoint)

    def queue(self, name: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, answer["Attributes"]["QueueArn"]

    def drain(self, url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += messages
        return found


@pytest.fixture
def aws(endpoint: str) -> Aws:
    return Aws(endpoint)


def steps(messages: list[dict[str, Any]]) -> list[str]:
    return [message["MessageAttributes"]["step"]["StringValue"] for message in messages]


def scene_on_sns(aws: Aws, folder: Path, client: Any = None) -> tuple[Scene, dict[str, str]]:
    """A router whose pages go to topics, and the queue of each team by name."""
    environment = folder.name.replace("_", "-")[:40]
    topics = ensure_topics(aws.sns, environment)
    queues = {}
    for team in ("operations", "data-engineering"):
        queues[team], arn = aws.queue(f"{environment}-{team}")
        subscribe_team(aws.sns, topics, team, arn)
    scene = Scene(store=SqliteRouterStore(folder / "router.sqlite"))
    scene.dispatcher.close()
    notifier = SnsNotifier(client or aws.sns, topics)
    scene.dispatcher = Dispatcher(scene.store, {"default": notifier}, scene.clock, "sns", concurrency=1)
    return scene, queues


def test_each_team_gets_its_own_pages_and_the_backups_queue_is_empty_until_its_minute(
    aws: Aws, tmp_path: Path
) -> None:
    scene, queues = scene_on_sns(aws, tmp_path)
    scene.receive(burn_alert())
    first = aws.drain(queues["operations"])
    assert steps(first) == ["first"]
    assert "orçamento de erro" in first[0]["Body"]
    assert len(first[0]["MessageAttributes"]) <= 10
    scene.pass_time(14 * MINUTE)
    assert aws.drain(queues["data-engineering"]) == []
    scene.pass_time(MINUTE)
    assert steps(aws.drain(queues["data-engineering"])) == ["backup"]
    assert aws.drain(queues["operations"]) == []
    scene.close()


def test_a_time_out_after_sns_accepted_repeats_the_page_with_the_same_dedup_id(
    aws: Aws, tmp_path: Path
) -> None:
    class Impatient:
        """The first publish is accepted, and the answer never arrives."""

        def __init__(self) -> None:
            self.calls = 0

        def publish(self, **kwargs: Any) -> Any:
            self.calls += 1
            answer = aws.sns.publish(**kwargs)
            if self.calls == 1:
                raise aws_refusal("ReadTimeoutError")
            return answer

    scene, queues = scene_on_sns(aws, tmp_path, Impatient())
    scene.receive(burn_alert())
    scene.pass_time(MINUTE)
    pages = aws.drain(queues["operations"])
    assert steps(pages) == ["first", "first"]
    assert len({page["MessageAttributes"]["dedup_id"]["StringValue"] for page in pages}) == 1
    scene.close()


def test_a_topic_that_is_gone_holds_up_no_other(aws: Aws, tmp_path: Path) -> None:
    scene, queues = scene_on_sns(aws, tmp_path)
    topics = ensure_topics(aws.sns, tmp_path.name.replace("_", "-")[:40])
    from alarms.model.severity import Severity

    aws.sns.delete_topic(TopicArn=topics[Severity.P2])
    lost = scene.receive(burn_alert("page-slow"))
    kept = scene.receive(burn_alert("page-fast", slo_id="credit/transaction-errors"))
    states = {d.notification.incident_id: d.state.value for d in scene.store.deliveries()}
    assert states == {lost.id: "dead", kept.id: "sent"}
    assert steps(aws.drain(queues["operations"])) == ["first"]
    scene.close()


def test_a_cloudwatch_alarm_comes_in_by_topic_and_queue_and_is_deleted_once_it_is_on_file(
    aws: Aws, tmp_path: Path
) -> None:
    url, arn = aws.queue("alarms-in")
    topic = aws.sns.create_topic(Name="alarms")["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for name in ("cpu-high", "disk-full"):
        aws.sns.publish(TopicArn=topic, Message=json.dumps(cloudwatch_alarm(name)))
    aws.sns.publish(TopicArn=topic, Message="not an alarm")
    scene = Scene(store=SqliteRouterStore(tmp_path / "router.sqlite"))
    consumer = SqsConsumer(aws.sqs, url, scene.store, scene.clock, numbered_ids("receipt-"), wait_seconds=1)
    taken = 0
    while batch := consumer.run_once():
        taken += batch
    assert taken == 3
    rules = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
    IntakeWorker(scene.store, scene.router, rules, scene.clock).drain()
    told = {incident.title.partition(":")[0] for incident in scene.router.open_incidents()}
    assert told == {"cpu-high", "disk-full", "Quarantined"}
    assert [r.payload for r in scene.store.receipts(ReceiptState.QUARANTINED)] == [b"not an alarm"]
    assert aws.drain(url) == []
    scene.close()
