"""From the outbox to the receivers: again after a failure, never given up in silence, never twice at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from alarms.model.errors import PermanentFailure, StoreBusy, TemporaryFailure, Unanswered
from alarms.model.notification import Delivery, DeliveryState, Notification
from alarms.notify.dispatcher import Backoff, Dispatcher
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10
from tests.support.patience import patience, wait_until
from tests.support.router import Pager
from tests.support.router_store_contract import enqueue, notification

MINUTE = timedelta(minutes=1)


class Desk:
    def __init__(self, **options: object) -> None:
        self.clock = ManualClock(MONDAY_10 + MINUTE)
        self.store = SqliteRouterStore()
        self.pager = Pager()
        self.outcomes: list[Delivery] = []
        self.dispatcher = Dispatcher(
            self.store,
            {"default": self.pager},
            self.clock,
            "one",
            on_sent=self.outcomes.append,
            on_failed=self.outcomes.append,
            on_dead=self.outcomes.append,
            **options,  # type: ignore[arg-type]
        )

    def state(self) -> list[DeliveryState]:
        return [delivery.state for delivery in self.store.deliveries()]


def failing(error: Exception, times: int) -> object:
    left = [times]

    def fail(_: Notification) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return fail


def test_what_may_have_arrived_is_told_again_much_later_with_the_same_dedup_id() -> None:
    desk = Desk()
    desk.pager.failing = failing(Unanswered("sms", "ReadTimeout"), 2)  # type: ignore[assignment]
    enqueue(desk.store, notification())
    for wait in (2 * MINUTE, 5 * MINUTE):
        assert desk.dispatcher.drain() == 1
        desk.clock.advance(wait - timedelta(seconds=1))
        assert desk.dispatcher.drain() == 0
        desk.clock.advance(timedelta(seconds=1))
    assert desk.dispatcher.drain() == 1
    assert desk.state() == [DeliveryState.SENT]
    assert [sent.dedup_id for sent in desk.pager.sent] == [notification().dedup_id]


def test_a_throttled_message_is_tried_again_later_with_the_same_dedup_id() -> None:
    desk = Desk()
    desk.pager.failing = failing(TemporaryFailure("sns", "Throttling"), 2)  # type: ignore[assignment]
    enqueue(desk.store, notification())
    assert desk.dispatcher.drain() == 1
    assert desk.store.deliveries()[0].last_error == "default: sns: Throttling"
    assert desk.dispatcher.drain() == 0
    desk.clock.advance(timedelta(seconds=2))
    desk.dispatcher.drain()
    desk.clock.advance(timedelta(seconds=4))
    desk.dispatcher.drain()
    assert [n.dedup_id for n in desk.pager.sent] == [notification().dedup_id]
    assert desk.state() == [DeliveryState.SENT]
    assert [outcome.attempts for outcome in desk.outcomes] == [1, 2, 3]


def test_one_dead_target_does_not_keep_the_others_waiting() -> None:
    desk = Desk()

    def refuse(message: Notification) -> None:
        if message.team == "operations":
            raise PermanentFailure("sns", "NotFound")

    desk.pager.failing = refuse
    enqueue(desk.store, notification(), notification(target="business"))
    desk.dispatcher.drain()
    assert desk.state() == [DeliveryState.DEAD, DeliveryState.SENT]
    assert desk.pager.told() == [("business", "first")]


def test_a_bug_in_a_receiver_loses_nothing() -> None:
    desk = Desk()
    desk.pager.failing = failing(KeyError("MessageId"), 1)  # type: ignore[assignment]
    enqueue(desk.store, notification())
    desk.dispatcher.drain()
    assert desk.store.deliveries()[0].last_error == "default: KeyError: 'MessageId'"
    desk.clock.advance(MINUTE)
    desk.dispatcher.drain()
    assert desk.state() == [DeliveryState.SENT]


def test_after_the_last_attempt_it_is_a_dead_letter() -> None:
    desk = Desk(backoff=Backoff(attempts=3))
    desk.pager.failing = failing(TemporaryFailure("sns", "Throttling"), 99)  # type: ignore[assignment]
    enqueue(desk.store, notification())
    for _ in range(5):
        desk.dispatcher.drain()
        desk.clock.advance(timedelta(minutes=10))
    assert desk.state() == [DeliveryState.DEAD]
    assert desk.outcomes[-1].attempts == 3


def test_a_channel_nobody_configured_waits_for_its_configuration() -> None:
    desk = Desk()
    with desk.store.transaction() as tx:
        tx.enqueue(replace(notification(), channel="pigeon"))
    desk.dispatcher.drain()
    assert "known: default" in (desk.store.deliveries()[0].last_error or "")
    assert desk.state() == [DeliveryState.PENDING]


def test_a_worker_that_died_between_claim_and_send_is_taken_over_after_its_lease() -> None:
    desk = Desk(lease=timedelta(seconds=30))
    enqueue(desk.store, notification())
    now = desk.clock.now()
    late = desk.store.claim("dead", now, now + timedelta(seconds=30), 1)[0]
    assert desk.dispatcher.drain() == 0
    desk.clock.advance(timedelta(seconds=30))
    assert desk.dispatcher.drain() == 1
    assert desk.store.settle(replace(late, state=DeliveryState.PENDING)) is False
    assert desk.state() == [DeliveryState.SENT]


def test_the_most_severe_leaves_first() -> None:
    from alarms.model.severity import Severity

    desk = Desk(concurrency=1)
    enqueue(
        desk.store,
        *[notification(f"i-{n}", severity=Severity.P3) for n in range(5)],
        notification("urgent", severity=Severity.P1),
    )
    desk.dispatcher.run_once()
    assert [n.incident_id for n in desk.pager.sent] == ["urgent"]


@pytest.mark.parametrize("attempt", [1, 2, 5, 9, 50])
def test_waits_double_up_to_a_limit_and_are_spread(attempt: int) -> None:
    backoff = Backoff()
    waits = {backoff.wait(attempt, f"message-{n}") for n in range(50)}
    full = min(backoff.longest, backoff.first * 2 ** min(attempt - 1, 20))
    assert len(waits) > 10
    assert all(full * 0.75 <= wait <= full for wait in waits)
    assert backoff.wait(attempt, "same") == backoff.wait(attempt, "same")


def test_a_receiver_that_hangs_holds_up_no_other() -> None:
    desk = Desk(concurrency=2)
    gone_on = threading.Event()

    def hang(message: Notification) -> None:
        if message.team == "operations":
            assert gone_on.wait(patience(30))

    desk.pager.failing = hang
    enqueue(desk.store, notification())
    assert desk.dispatcher.pump() == 1
    enqueue(desk.store, notification(target="business"), notification(target="security"))

    def both_sent() -> bool:
        desk.dispatcher.pump()
        return len(desk.pager.sent) == 2

    wait_until(both_sent, 30, "two pages are sent")
    assert sorted(team for team, _ in desk.pager.told()) == ["business", "security"]
    gone_on.set()
    desk.dispatcher.close()
    assert len(desk.pager.sent) == 3


def test_what_kept_a_delivery_from_being_settled_is_raised_by_the_next_pump() -> None:
    desk = Desk()
    enqueue(desk.store, notification())

    def full(_: Delivery) -> bool:
        raise StoreBusy("disk is full")

    with patch.object(desk.store, "settle", full):
        assert desk.dispatcher.pump() == 1
        desk.dispatcher.close()
        with pytest.raises(StoreBusy):
            desk.dispatcher.pump()
    assert desk.state() == [DeliveryState.SENDING]


@pytest.mark.parametrize(("asked", "kept"), [(40, 40), (1, 2), (86_400, 300)])
def test_a_receiver_is_left_alone_as_long_as_it_asks_within_the_longest_wait(asked: int, kept: int) -> None:
    desk = Desk()
    failure = TemporaryFailure("chat", "answered 429", timedelta(seconds=asked))
    desk.pager.failing = failing(failure, 1)  # type: ignore[assignment]
    enqueue(desk.store, notification())
    desk.dispatcher.run_once()
    (delivery,) = desk.store.deliveries()
    wait = delivery.next_attempt_at - desk.clock.now()
    assert timedelta(seconds=kept) * 0.75 <= wait <= timedelta(seconds=kept)
