"""A queue of alarms that cannot be read says so to whoever watches the router."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alarms.intake.sqs import MOST_UNREAD, SqsConsumer
from alarms.router.heartbeat import HeartbeatSender
from tests.support.aws_refusal import aws_refusal
from tests.support.router import Scene, numbered_ids


class Queue:
    def __init__(self) -> None:
        self.there = True

    def receive_message(self, **_: Any) -> dict[str, Any]:
        if not self.there:
            raise aws_refusal("EndpointConnectionError")
        return {}

    def delete_message_batch(self, **_: Any) -> dict[str, Any]:
        raise AssertionError("nothing was received")


def test_the_heart_stops_while_the_queue_cannot_be_read_and_beats_again() -> None:
    scene, queue, beats = Scene(), Queue(), list[int]()
    consumer = SqsConsumer(queue, "http://sqs/q", scene.store, scene.clock, numbered_ids())
    heart = HeartbeatSender(scene.store, scene.clock, lambda: beats.append(1), complaint=consumer.complaint)
    heart.ticked()
    queue.there = False
    assert consumer.run_once() == 0
    assert heart.run_once(), "for a moment only"
    scene.clock.advance(MOST_UNREAD - timedelta(seconds=1))
    consumer.run_once()
    scene.clock.advance(timedelta(seconds=1))
    heart.ticked()
    assert not heart.run_once()
    assert "the queue cannot be read since" in (heart.reason_to_be_silent() or "")
    queue.there = True
    consumer.run_once()
    assert heart.run_once()
    scene.close()
