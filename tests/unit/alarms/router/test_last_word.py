"""What a source said last of an alert decides, and its times drop nothing; an old message that comes again is
known as such."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarms.intake.inbox import Inbox
from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert
from alarms.model.receipt import Receipt
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.hooks import alert, alertmanager, cloudwatch_alarm
from tests.support.router import Scene, numbered_ids

MINUTE = timedelta(minutes=1)
DISK = foreign_alert("DiskFull", Severity.P1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def firsts(scene: Scene) -> int:
    return scene.pager.told().count(("operations", "first"))


# What came in of one alert, in this order: when it began and, if it is over, when it ended, in minutes; and
# whether it fires then. Between a page too many and silence it is the page: where two histories look alike,
# what is said to fire does.
CASES = {
    "repeated by its source": ("0", True),
    "over": ("0 0-5", False),
    "a gap: firing again with the start it had": ("0 0-5 0", True),
    "a gap, and then over": ("0 0-5 0 0-9", False),
    "a retry of the first firing after its end, which looks like a gap": ("0 0-5 0", True),
    "a retry of the end after a gap": ("0 0-5 0 0-5", True),
    "a pair of senders, one after the other": ("0 0 0-5 0-5", False),
    "a pair of senders, the second all behind: its end looks like a retry": ("0 0-5 0 0-5", True),
    "a new episode": ("0 0-5 7", True),
    "a retry of the first firing in the second episode": ("0 0-5 7 0", True),
    "a retry of the first end in the second episode": ("0 0-5 7 0-5", True),
    "the second episode over, then a retry of its end": ("0 0-5 7 7-9 7-9", False),
    "an end never heard of, of before: the sender's clock was put back": ("60 0-5", False),
    "firing again after the sender's clock was put back": ("60 0-5 6", True),
    "an end in the future, and a new episode before it": ("0 0-60 2", True),
    "an end in the future, and the start it had": ("0 0-60 0", True),
    "an end before its start": ("10 10-5", False),
    "an end of nothing known, then its firing": ("0-5 0", True),
    "a sender that restarts and forgets when it began": ("0 3 3-5", False),
}


def said(what: str) -> Alert:
    start, _, end = what.partition("-")
    fires = replace(DISK, starts_at=MONDAY_10 + int(start) * MINUTE)
    return ended(fires, MONDAY_10 + int(end) * MINUTE) if end else fires


@pytest.mark.parametrize("case", CASES)
def test_what_was_said_last_decides(case: str, scene: Scene) -> None:
    history, fires = CASES[case]
    for what in history.split():
        scene.router.receive(said(what))
        scene.clock.advance(timedelta(seconds=30))
    assert bool(scene.router.open_incidents()) is fires


@dataclass
class Source:
    """A pair of Alertmanagers, one behind the other, whose clock lies ``skew`` minutes off; messages come
    again, up to ``LATE`` after others, and whatever fires is said again each ``REPEAT``."""

    LATE = 4
    REPEAT = 4 * 60 * MINUTE

    skew: int
    start: datetime | None = None
    sent: list[Alert] = field(default_factory=list)

    def says(self, step: str, now: datetime) -> Alert | None:
        theirs = now + self.skew * MINUTE
        match step:
            case "fires" if self.start is None:
                self.start = theirs
            case "fires after a gap" if self.start is None and self.sent:
                self.start = self.sent[-1].starts_at
            case "is over" if self.start is not None:
                over = ended(replace(DISK, starts_at=self.start), theirs)
                self.start = None
                return self._sent(over)
            case _:
                return None
        return self._sent(replace(DISK, starts_at=self.start))

    def again(self, back: int) -> Alert | None:
        return self.sent[-back] if len(self.sent) >= back else None

    def repeats(self) -> Alert | None:
        return None if self.start is None else replace(DISK, starts_at=self.start)

    def _sent(self, alert: Alert) -> Alert:
        self.sent.append(alert)
        return alert


STEPS = st.one_of(
    st.sampled_from(["fires", "fires after a gap", "is over"]),
    st.integers(min_value=1, max_value=Source.LATE),
)


@given(
    skew=st.integers(-120, 120),
    steps=st.lists(st.tuples(STEPS, st.integers(1, 20)), min_size=1, max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_again_and_late_the_last_word_holds_and_what_fires_is_heard(
    skew: int, steps: list[tuple[str | int, int]]
) -> None:
    scene, source = Scene(), Source(skew)
    fires, endings = False, set[str]()
    for step, minutes in steps:
        scene.pass_time(minutes * MINUTE, minutes * MINUTE)
        now = scene.clock.now()
        alert = source.again(step) if isinstance(step, int) else source.says(step, now)
        if alert is None:
            continue
        scene.router.receive(alert)
        if alert.ends_at is None:
            fires = True
        elif alert.ending not in endings:
            fires = False
            endings.add(alert.ending)
        with scene.store.transaction() as tx:
            record = tx.alert(DISK.member)
        assert record is not None
        assert (record.state.value == "firing") is fires
        assert scene.router.open_incidents() or not fires
    scene.pass_time(Source.REPEAT, Source.REPEAT)
    repeated = source.repeats()
    if repeated is not None:
        incident = scene.receive(repeated)
        assert incident.is_open
        scene.pass_time(60 * MINUTE)
        assert [n for n in scene.pager.sent if n.incident_id == incident.id and n.cycle == incident.cycle]
    scene.close()


def test_an_alert_that_fires_again_with_the_start_it_had_is_heard(scene: Scene) -> None:
    """A gap between Prometheus and Alertmanager: resolved, then firing with the original start."""
    scene.receive(DISK)
    scene.pass_time(10 * MINUTE)
    scene.receive(ended(DISK, scene.clock.now()))
    assert scene.router.open_incidents() == []
    scene.pass_time(timedelta(seconds=22))
    assert scene.receive(DISK).is_open
    assert firsts(scene) == 2


def test_an_end_in_the_future_does_not_swallow_the_next_firing(scene: Scene) -> None:
    """The sender's clock is ahead."""
    scene.receive(DISK)
    scene.router.receive(ended(DISK, MONDAY_10 + 60 * MINUTE))
    scene.pass_time(2 * MINUTE)
    again = replace(DISK, starts_at=scene.clock.now())
    assert scene.receive(again).is_open
    assert firsts(scene) == 2


@pytest.mark.parametrize("start", [MONDAY_10, MONDAY_10 + 3 * MINUTE], ids=["the old start", "a new start"])
def test_an_end_that_is_told_once_more_does_not_end_what_fires_anew(scene: Scene, start: datetime) -> None:
    over = ended(DISK, MONDAY_10 + MINUTE)
    scene.receive(DISK)
    scene.router.receive(over)
    scene.clock.advance(3 * MINUTE)
    incident = scene.receive(replace(DISK, starts_at=start))
    for _ in range(3):
        scene.router.receive(over)
    assert scene.router.incident(incident.id).is_open
    scene.router.receive(ended(replace(DISK, starts_at=start), scene.clock.now() + MINUTE))
    assert not scene.router.incident(incident.id).is_open


def test_an_end_of_nothing_known_swallows_nothing(scene: Scene) -> None:
    assert scene.router.receive(ended(DISK, MONDAY_10 + MINUTE)) is None
    assert scene.receive(DISK).is_open
    assert firsts(scene) == 1


def work_off(scene: Scene, *receipts: Receipt) -> None:
    scene.store.append_receipts(receipts)
    IntakeWorker(scene.store, scene.router, IntakeRules("test"), scene.clock).drain()
    scene.dispatcher.drain()


def webhook(number: int, status: str, urgency: int, second: int) -> Receipt:
    ends = None if status == "firing" else MONDAY_10 + MINUTE
    body = alertmanager(alert("DiskFull", status, MONDAY_10, ends, severity="P1"))
    at = MONDAY_10 + timedelta(seconds=second)
    return Receipt(f"receipt-{number}", "alertmanager", at, json.dumps(body).encode(), urgency)


@pytest.mark.parametrize(("first", "last"), [("resolved", "firing"), ("firing", "resolved")])
def test_what_came_in_last_decides_in_whatever_order_it_is_worked_off(
    scene: Scene, first: str, last: str
) -> None:
    """The urgent are taken before the rest, so the newer may be worked off before the older."""
    work_off(scene, webhook(1, first, 3, 1), webhook(2, last, 1, 2))
    assert bool(scene.router.open_incidents()) is (last == "firing")


def test_a_clock_that_was_put_back_drops_nothing(scene: Scene) -> None:
    work_off(scene, webhook(1, "firing", 1, 7200), webhook(2, "resolved", 1, 7201))
    work_off(scene, webhook(3, "firing", 1, 60))
    assert scene.router.open_incidents()


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=2)])
def test_a_router_that_begins_anew_with_its_clock_put_back_hears_what_comes_in(
    scene: Scene, back: timedelta
) -> None:
    """What is on file came in before, whatever the clock said."""

    async def keep(status: str, ends: datetime | None) -> None:
        body = alertmanager(alert("DiskFull", status, MONDAY_10, ends, severity="P1"))
        inbox = Inbox(scene.store, scene.clock, numbered_ids(f"{status}-"))
        await inbox.keep("alertmanager", json.dumps(body).encode())
        work_off(scene)

    asyncio.run(keep("resolved", MONDAY_10 + MINUTE))
    scene.clock.current -= back
    asyncio.run(keep("firing", None))
    assert scene.router.open_incidents()


def test_a_clock_that_was_far_ahead_is_not_followed_for_ever(scene: Scene) -> None:
    inbox = Inbox(scene.store, scene.clock, numbered_ids())
    scene.clock.advance(timedelta(hours=2))
    asyncio.run(inbox.keep("alertmanager", b"{}"))
    scene.clock.current -= timedelta(hours=2)
    asyncio.run(inbox.keep("alertmanager", b"{}"))
    assert scene.store.oldest_pending() == MONDAY_10


def test_a_source_that_orders_its_messages_by_its_own_clock_is_taken_at_its_word(scene: Scene) -> None:
    """CloudWatch by a queue that shuffles."""
    for number, (state, minute) in enumerate([("ALARM", 0), ("OK", 2), ("ALARM", 1)]):
        body = cloudwatch_alarm("cpu-high", state, MONDAY_10 + minute * MINUTE)
        at = MONDAY_10 + timedelta(seconds=number)
        work_off(scene, Receipt(f"r-{number}", "cloudwatch", at, json.dumps(body).encode()))
    assert scene.router.open_incidents() == []
    body = cloudwatch_alarm("cpu-high", "ALARM", MONDAY_10 + 3 * MINUTE)
    work_off(scene, Receipt("r-9", "cloudwatch", MONDAY_10 + MINUTE, json.dumps(body).encode()))
    assert len(scene.router.open_incidents()) == 1
