"""One contract for every receiver: both languages, one dedup id, failures that say if trying again helps."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alarms.model.errors import NotifierError, PermanentFailure, TemporaryFailure, Unanswered
from alarms.model.notification import Message, Notification
from alarms.model.severity import Severity
from alarms.notify import http_receiver
from alarms.notify.local_sink import SCHEMA, LocalSink
from alarms.notify.smtp import SmtpNotifier
from alarms.notify.sns import SnsNotifier
from alarms.policy.channel import Encryption, SmtpChannel
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10
from tests.support.aws_refusal import aws_refusal
from tests.support.broken_notifiers import BROKEN, Wire
from tests.support.hostile_server import HEAD, endless, hostile
from tests.support.http_catcher import Caught, HttpCatcher, Reply
from tests.support.notifier_cases import CASES, HTTP_KINDS, SECRET, Case, http_case
from tests.support.router_store_contract import notification
from tests.support.smtp_server import SmtpCatcher

MESSAGE = Message(
    "[P1] Queima: it burns",
    "[P1] Está queimando",
    "first\nsecond",
    "primeiro\nação",
    "it burns first second",
    "Está queimando ação",
    "https://mirante.example/console/incidents/1",
    "https://mirante.example/acknowledge/1",
)


def page(severity: Severity = Severity.P1, **more: Any) -> Notification:
    return replace(notification(severity=severity), message=MESSAGE, **more)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    yield from CASES[request.param](tmp_path)


def it_brings_both_languages(case: Case) -> None:
    assert case.notifier.send(page())
    for _, text in case.wire.arrived:
        for part in ("it burns", "first", "second", "Está queimando", "ação"):
            assert part in text, part
    assert case.wire.arrived


def the_same_message_carries_the_same_dedup_id(case: Case) -> None:
    case.notifier.send(page())
    case.notifier.send(page())
    if case.reasons:
        assert {identity for identity, _ in case.wire.arrived} == {page().dedup_id}


def what_may_pass_is_temporary(case: Case) -> None:
    if case.faults:
        case.wire.fault = "temporary"
        with pytest.raises(TemporaryFailure):
            case.notifier.send(page())
        assert case.wire.arrived == []


def what_never_will_is_permanent(case: Case) -> None:
    if case.faults:
        case.wire.fault = "permanent"
        with pytest.raises(PermanentFailure if case.reasons else NotifierError):
            case.notifier.send(page())


CHECKS = (
    it_brings_both_languages,
    the_same_message_carries_the_same_dedup_id,
    what_may_pass_is_temporary,
    what_never_will_is_permanent,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_notifier_keeps_the_contract(check: Callable[[Case], None], case: Case) -> None:
    check(case)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_notifier(broken: Any) -> None:
    noticed = []
    for check in CHECKS:
        wire = Wire()
        try:
            check(Case(broken(wire), wire))
        except (AssertionError, ConnectionError, PermanentFailure):
            noticed.append(check)
        except pytest.fail.Exception:
            noticed.append(check)
    assert noticed


def test_sns_is_told_team_step_and_severity_in_at_most_ten_attributes() -> None:
    seen: list[dict[str, Any]] = []

    class Client:
        def publish(self, **kwargs: Any) -> dict[str, str]:
            seen.append(kwargs)
            return {"MessageId": "m"}

    topics = {Severity.P1: "arn:p1.fifo", Severity.P2: "arn:p2"}
    SnsNotifier(Client(), topics).send(page())
    (call,) = seen
    assert call["TopicArn"] == "arn:p1.fifo"
    assert (call["MessageGroupId"], call["MessageDeduplicationId"]) == ("incident-1", page().dedup_id)
    assert call["Subject"] == "[P1] Queima: it burns"
    assert len(call["MessageAttributes"]) <= 10
    with pytest.raises(PermanentFailure, match="no topic is configured for P4"):
        SnsNotifier(Client(), topics).send(page(Severity.P4))


def test_an_sns_that_cannot_be_reached_is_temporary() -> None:
    class Client:
        def publish(self, **kwargs: Any) -> dict[str, str]:
            raise aws_refusal("EndpointConnectionError")

    with pytest.raises(TemporaryFailure):
        SnsNotifier(Client(), dict.fromkeys(Severity, "arn")).send(page())


def test_the_sink_counts_a_repeated_page_and_shows_it_once(tmp_path: Path) -> None:
    sink = LocalSink(tmp_path / "n.sqlite", ManualClock(MONDAY_10))
    sink.send(page())
    sink.send(page())
    (shown,) = sink.delivered()
    assert (shown.times, shown.notification, shown.delivered_at) == (2, page(), MONDAY_10)
    assert sink.delivered("business") == []
    sink.close()


HTTP = pytest.mark.parametrize("name", HTTP_KINDS)


@HTTP
def test_a_failure_as_a_person_reads_it_holds_no_secret(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with http_case(name) as (case, server):
        for fault in ("temporary", "permanent"):
            case.wire.fault = fault
            with pytest.raises(NotifierError) as raised:
                case.notifier.send(page())
            told = f"{raised.value} {raised.value.__cause__}"
            assert SECRET not in told
            assert server.url not in told
    ours = [record for record in caplog.records if record.name.startswith(("alarms", "apprise"))]
    assert SECRET not in " ".join(record.getMessage() for record in ours)


@HTTP
def test_one_that_is_throttled_says_how_long_to_wait(name: str) -> None:
    with HttpCatcher(lambda _: Reply(429, b"slow down", {"Retry-After": "40"})) as server:
        with pytest.raises(TemporaryFailure) as raised:
            HTTP_KINDS[name].make(server.url).send(page())
        if HTTP_KINDS[name].reasons:
            assert raised.value.wait == timedelta(seconds=40)
            assert "answered 429: slow down" in str(raised.value)


@HTTP
def test_a_redirect_is_not_followed(name: str) -> None:
    with (
        HttpCatcher() as elsewhere,
        HttpCatcher(lambda _: Reply(307, b"", {"Location": elsewhere.url})) as server,
        pytest.raises(NotifierError),
    ):
        HTTP_KINDS[name].make(server.url).send(page())
    assert (len(server.caught), len(elsewhere.caught)) == (1, 0)


@HTTP
def test_nobody_at_home_is_temporary(name: str) -> None:
    with HttpCatcher() as server:
        pass
    with pytest.raises(TemporaryFailure):
        HTTP_KINDS[name].make(server.url).send(page())


WITH_A_LIMIT = pytest.mark.parametrize("name", [name for name, kind in HTTP_KINDS.items() if kind.reasons])


@WITH_A_LIMIT
def test_an_answer_that_never_ends_counts_by_its_status(name: str) -> None:
    with hostile(endless) as server:
        assert HTTP_KINDS[name].make(server.url).send(page()) == page().dedup_id
        assert server.sent < 20_000_000


@WITH_A_LIMIT
def test_what_has_the_message_and_never_answers_may_have_told_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_receiver, "ANSWER_SECONDS", 0.3)
    dripping = partial(lambda: (HEAD[place : place + 1] for place in range(len(HEAD))))
    with hostile(dripping, pause=0.1) as server, pytest.raises(Unanswered):
        HTTP_KINDS[name].make(server.url).send(page())


def test_who_answers_late_has_the_page_once() -> None:
    """Longer than it may take to connect, or to send a part."""
    assert http_receiver.TIMEOUT_SECONDS < 6 < http_receiver.ANSWER_SECONDS
    late = threading.Event()

    def answer(_: Caught) -> Reply:
        late.wait(http_receiver.TIMEOUT_SECONDS + 1)
        return Reply()

    with HttpCatcher(answer) as server:
        assert HTTP_KINDS["webhook"].make(server.url).send(page())
        assert len(server.caught) == 1


TO_SEVERAL = pytest.mark.parametrize(
    "name", [name for name, kind in HTTP_KINDS.items() if kind.to is not None]
)


@TO_SEVERAL
def test_a_persons_address_comes_before_the_teams_and_the_teams_before_everybodys(name: str) -> None:
    kind = HTTP_KINDS[name]
    assert kind.to is not None
    with http_case(name) as (case, server):
        case.notifier.send(page(target="security:ana", address="+15550123"))
        case.notifier.send(page(target="security"))
        case.notifier.send(page(target="business"))
        told = [kind.to(caught) for caught in server.caught]
    assert told[0] == "+15550123"
    assert len(set(told)) == 4
    assert len(told) == 4


@TO_SEVERAL
def test_another_try_tells_only_whom_the_first_did_not_reach(name: str) -> None:
    kind, refused = HTTP_KINDS[name], [503]
    assert kind.to is not None
    with HttpCatcher(lambda _: Reply(refused.pop() if len(server.caught) == 2 else 200)) as server:
        notifier = kind.make(server.url)
        with pytest.raises(TemporaryFailure):
            notifier.send(page(target="security"))
        notifier.send(page(target="security"))
        told = [kind.to(caught) for caught in server.caught]
    assert len(told) == 3
    assert told[0] != told[1] == told[2]


def test_a_mail_server_that_has_the_mail_and_goes_away_may_have_told_it() -> None:
    def read(_: bytes) -> None:
        raise ConnectionAbortedError  # which ends the conversation

    with SmtpCatcher(read, lambda: None) as server:
        channel = SmtpChannel(
            "127.0.0.1", server.port, "mirante@x.example", {"*": ("ana@x.example",)}, Encryption.NONE
        )
        with pytest.raises(Unanswered):
            SmtpNotifier(channel).send(page())


@TO_SEVERAL
def test_who_may_have_been_told_is_not_told_again_with_those_who_were_not(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_receiver, "ANSWER_SECONDS", 2.0)
    kind, over = HTTP_KINDS[name], threading.Event()
    assert kind.to is not None

    def answer(_: Caught) -> Reply:
        place = len(server.caught)
        if place == 1:
            over.wait(10)
        return Reply(503 if place == 2 else 200)

    with HttpCatcher(answer) as server:
        notifier = kind.make(server.url)
        with pytest.raises(TemporaryFailure) as first:
            notifier.send(page(target="security"))
        assert not isinstance(first.value, Unanswered), "one is to be tried again soon"
        with pytest.raises(Unanswered):
            notifier.send(page(target="security"))
        over.set()
        told = [kind.to(caught) for caught in server.caught]
    assert len(told) == 3
    assert told[0] != told[1] == told[2]


@TO_SEVERAL
def test_one_who_cannot_be_reached_keeps_nobody_else_from_being_told(name: str) -> None:
    with HttpCatcher(lambda _: Reply(400 if len(server.caught) == 1 else 200)) as server:
        HTTP_KINDS[name].make(server.url).send(page(target="security"))
        assert len(server.caught) == 2
    with HttpCatcher(lambda _: Reply(400)) as server, pytest.raises(PermanentFailure):
        HTTP_KINDS[name].make(server.url).send(page(target="security"))


@pytest.mark.parametrize("address", ["no address", "ftp://x/", "https://x.example/\n"])
def test_a_secret_that_is_not_an_address_is_permanent(address: str) -> None:
    receiver = http_receiver.HttpReceiver("chat", secrets=[address])
    with pytest.raises(PermanentFailure, match="its address is not a URL"):
        receiver.tell(address, "id", json={})
    receiver.close()


def test_a_sink_can_be_tried_before_anything_else_has_run(tmp_path: Path) -> None:
    sink = LocalSink(tmp_path / "data" / "control" / "n.sqlite", ManualClock(MONDAY_10))
    sink.send(page())
    assert len(sink.delivered()) == 1
    sink.close()


def test_the_sinks_file_shows_the_short_text_and_the_links_to_whoever_looks(tmp_path: Path) -> None:
    path = tmp_path / "n.sqlite"
    with closing(sqlite3.connect(path)) as old:  # of a version that kept neither
        old.executescript(SCHEMA + "; PRAGMA user_version = 1")
        old.execute(
            "INSERT INTO messages (dedup_id, delivered_at, team, step, severity, incident_id, subject, body) "
            "VALUES ('d', '2026-03-02T13:00:00+00:00', 'operations', 'first', 'P1', 'i', 'old', ?)",
            (msgspec.json.encode(page()),),
        )
        old.commit()
    sink = LocalSink(path, ManualClock(MONDAY_10))
    links = {"page": "https://m.example/i", "acknowledge": "https://m.example/ack/t"}
    sink.send(replace(page(), message=replace(page().message, short="P1 it burns", **links)))
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT short, acknowledge, page FROM messages ORDER BY sequence").fetchall()
    assert rows == [("", "", ""), ("P1 it burns", "https://m.example/ack/t", "https://m.example/i")]
    assert [one.notification.incident_id for one in sink.delivered()] == [page().incident_id] * 2
    sink.close()
