"""What every router store promises. Each check takes a fresh store and raises if it is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from alarms.model.access_token import AccessToken, TokenScope
from alarms.model.alert import AlertState
from alarms.model.decision import RoutingDecision, Stage
from alarms.model.duty import DutyOverride
from alarms.model.errors import UnreadableRow
from alarms.model.expected_beat import LastHeard
from alarms.model.incident import (
    OPEN_STATES,
    AlertRecord,
    Hold,
    HoldKind,
    Incident,
    IncidentState,
    Timer,
    TimerKind,
    Transition,
    TransitionKind,
)
from alarms.model.notification import DeliveryState, Message, Notification, NotifyStep, dedup_id
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Matcher, Silence
from alarms.model.source import AskedState, SourceReport
from alarms.stores.protocol import RouterStore
from tests.support.alerts import MONDAY_10, burn_alert

NOW = MONDAY_10 + timedelta(microseconds=123_457)
MINUTE = timedelta(minutes=1)


def incident(number: int = 1, key: str = "key", at: datetime = NOW) -> Incident:
    return Incident(
        id=f"incident-{number}",
        key=key,
        environment="test",
        title="Título com acento",
        summary="something burns",
        severity=Severity.P1,
        state=IncidentState.OPEN,
        owner="operations",
        route="decision",
        policy_id="abc",
        opened_at=at,
        updated_at=at,
        name="Burn",
        burn=burn_alert().burn,
        labels={"slo": "credit/x"},
        hold=Hold(HoldKind.SILENCE, "s", at),
    )


def notification(
    incident_id: str = "incident-1",
    transition: int = 1,
    target: str = "operations",
    severity: Severity = Severity.P1,
    at: datetime = NOW,
) -> Notification:
    return Notification(
        dedup_id=dedup_id(incident_id, transition, NotifyStep.FIRST, 1, target),
        incident_id=incident_id,
        transition=transition,
        step=NotifyStep.FIRST,
        cycle=1,
        target=target,
        channel="default",
        severity=severity,
        environment="test",
        message=Message("subject", "assunto", "body", "corpo: ação"),
        created_at=at,
        attributes={"team": target},
    )


def record(member: str, incident_id: str, state: AlertState, severity: Severity) -> AlertRecord:
    return AlertRecord(
        member, "key", incident_id, "Burn", "evaluator", state, severity, "test", NOW, NOW, tier="page-fast"
    )


def receipt(number: int, urgency: int = 3) -> Receipt:
    return Receipt(f"receipt-{number:03d}", "alert", NOW, b"\x00\xff{}", urgency, sender="prometheus")


def enqueue(store: RouterStore, *notifications: Notification) -> None:
    with store.transaction() as tx:
        for each in notifications:
            tx.enqueue(each)


def what_is_saved_comes_back_whole(store: RouterStore) -> None:
    saved = incident()
    transition = Transition(saved.id, 1, TransitionKind.OPENED, NOW, "router", {"a": "b"}, NOW + MINUTE)
    decision = RoutingDecision(saved.id, NOW, Stage.CLASSIFY, "P1", "because", "rule", "alert")
    alert = record("m", saved.id, AlertState.FIRING, Severity.P2)
    silence = Silence("s", (Matcher("slo", "=~", "credit/.*"),), NOW, NOW + MINUTE, "ana", "deploy")
    with store.transaction() as tx:
        tx.save_incident(saved)
        tx.add_transition(transition)
        tx.add_decisions([decision])
        tx.save_alert(alert)
        tx.save_silence(silence)
        tx.save_policy("abc", b"{}")
        tx.set_timer(Timer(saved.id, TimerKind.REPEAT, NOW, 2))
        assert tx.incident(saved.id) == saved
        assert tx.alert("m") == alert
    assert store.incident(saved.id) == saved
    assert list(store.incidents()) == [saved]
    assert list(store.transitions(saved.id)) == [transition]
    assert list(store.decisions(saved.id)) == [decision]
    assert list(store.alerts(saved.id)) == [alert]
    assert list(store.silences(ending_after=NOW)) == [silence]
    assert list(store.silences(ending_after=NOW + MINUTE)) == []
    assert list(store.timers(saved.id)) == [Timer(saved.id, TimerKind.REPEAT, NOW, 2)]
    assert store.policy("abc") == b"{}"
    assert store.policy("other") is None
    assert store.incident("other") is None


def a_transaction_that_raises_leaves_nothing(store: RouterStore) -> None:
    with store.transaction() as tx:
        tx.save_incident(incident())
        tx.set_timer(Timer("incident-1", TimerKind.ACKNOWLEDGE, NOW))
        tx.save_alert(record("m", "incident-1", AlertState.FIRING, Severity.P1))
    try:
        with store.transaction() as tx:
            tx.save_incident(replace(incident(), state=IncidentState.RESOLVED))
            tx.save_incident(incident(2))
            tx.add_transition(Transition("incident-1", 1, TransitionKind.OPENED, NOW, "router"))
            tx.add_decisions([RoutingDecision("incident-1", NOW, Stage.ROUTE, "a", "b")])
            tx.save_alert(record("m", "incident-1", AlertState.RESOLVED, Severity.P1))
            tx.clear_timer("incident-1", TimerKind.ACKNOWLEDGE)
            tx.enqueue(notification())
            raise LookupError
    except LookupError:
        pass
    assert [found.state for found in store.incidents()] == [IncidentState.OPEN]
    assert list(store.transitions("incident-1")) == []
    assert list(store.decisions("incident-1")) == []
    assert [found.state for found in store.alerts("incident-1")] == [AlertState.FIRING]
    assert len(store.timers("incident-1")) == 1
    assert list(store.deliveries()) == []


def a_number_of_its_history_is_used_once(store: RouterStore) -> None:
    transition = Transition("incident-1", 1, TransitionKind.OPENED, NOW, "router")
    with store.transaction() as tx:
        tx.add_transition(transition)
        try:
            tx.add_transition(replace(transition, kind=TransitionKind.RESOLVED))
        except ValueError:
            return
    raise AssertionError("the same number was taken twice")


def the_newest_incident_of_a_key_is_found(store: RouterStore) -> None:
    with store.transaction() as tx:
        tx.save_incident(replace(incident(1), state=IncidentState.RESOLVED))
        tx.save_incident(incident(3, "other", NOW + 2 * MINUTE))
        tx.save_incident(incident(2, at=NOW + MINUTE))
        found = tx.newest_incident("key")
        assert found is not None
        assert found.id == "incident-2"
        assert tx.newest_incident("none") is None
        assert tx.count_opened("test", NOW) == 3
        assert tx.count_opened("test", NOW + MINUTE, "Burn") == 2
        assert tx.count_opened("test", NOW, "Other") == 0
        assert tx.count_opened("test", NOW, None, p1=True) == 3
        assert tx.count_opened("elsewhere", NOW) == 0
    assert [found.id for found in store.incidents(states=[IncidentState.OPEN])] == [
        "incident-3",
        "incident-2",
    ]
    assert [found.id for found in store.incidents(since=NOW + 2 * MINUTE)] == ["incident-3"]
    assert len(store.incidents(limit=1)) == 1


def firing_alerts_are_known_with_their_worst_severity(store: RouterStore) -> None:
    with store.transaction() as tx:
        tx.save_alert(record("a", "incident-1", AlertState.FIRING, Severity.P3))
        tx.save_alert(record("b", "incident-1", AlertState.FIRING, Severity.P2))
        tx.save_alert(record("c", "incident-1", AlertState.RESOLVED, Severity.P1))
        assert tx.worst_firing("incident-1") is Severity.P2
        assert tx.worst_firing("incident-2") is None
        tx.save_alert(record("b", "incident-1", AlertState.RESOLVED, Severity.P2))
        assert tx.worst_firing("incident-1") is Severity.P3
    assert [found.member for found in store.firing("evaluator")] == ["a"]
    assert list(store.firing("alertmanager")) == []


def timers_are_replaced_cleared_and_due_in_order(store: RouterStore) -> None:
    with store.transaction() as tx:
        tx.set_timer(Timer("b", TimerKind.ACKNOWLEDGE, NOW + 5 * MINUTE))
        tx.set_timer(Timer("a", TimerKind.UNRESOLVED, NOW + 2 * MINUTE))
        tx.set_timer(Timer("a", TimerKind.ACKNOWLEDGE, NOW + 3 * MINUTE))
        tx.set_timer(Timer("b", TimerKind.ACKNOWLEDGE, NOW + MINUTE))
    assert store.next_deadline() == NOW + MINUTE
    with store.transaction() as tx:
        due = tx.due_timers(NOW + 2 * MINUTE, 10)
        assert [(timer.incident_id, timer.kind) for timer in due] == [
            ("b", TimerKind.ACKNOWLEDGE),
            ("a", TimerKind.UNRESOLVED),
        ]
        assert len(tx.due_timers(NOW + 9 * MINUTE, 1)) == 1
        tx.clear_timer("a", TimerKind.UNRESOLVED)
        tx.clear_timer("a", TimerKind.UNRESOLVED)
    assert [timer.kind for timer in store.timers("a")] == [TimerKind.ACKNOWLEDGE]


def a_dedup_id_is_taken_once(store: RouterStore) -> None:
    with store.transaction() as tx:
        assert tx.enqueue(notification()) is True
        assert tx.enqueue(notification()) is False
        assert tx.count_enqueued("operations", NOW) == 1
        assert tx.count_enqueued("operations", NOW + MINUTE) == 0
        assert tx.count_enqueued("business", NOW) == 0
    assert len(store.deliveries()) == 1
    assert store.oldest_undelivered() == NOW


def the_most_severe_is_claimed_first_and_only_once(store: RouterStore) -> None:
    enqueue(store, notification("i-1", severity=Severity.P3), notification("i-2", severity=Severity.P1))
    first = store.claim("one", NOW, NOW + MINUTE, 1)
    assert [delivery.notification.incident_id for delivery in first] == ["i-2"]
    assert first[0].notification == notification("i-2", severity=Severity.P1)
    second = store.claim("two", NOW, NOW + MINUTE, 10)
    assert [delivery.notification.incident_id for delivery in second] == ["i-1"]
    assert list(store.claim("three", NOW, NOW + MINUTE, 10)) == []


def a_message_waits_for_the_one_before_it(store: RouterStore) -> None:
    enqueue(store, notification(transition=1), notification(transition=2), notification(target="business"))
    claimed = store.claim("one", NOW, NOW + MINUTE, 10)
    assert [(d.notification.target, d.notification.transition) for d in claimed] == [
        ("operations", 1),
        ("business", 1),
    ]
    assert store.settle(replace(claimed[0], state=DeliveryState.DEAD))
    following = store.claim("one", NOW, NOW + MINUTE, 10)
    assert [delivery.notification.transition for delivery in following] == [2]


def a_lease_that_ran_out_is_taken_over_and_the_late_worker_is_told(store: RouterStore) -> None:
    enqueue(store, notification())
    late = store.claim("late", NOW, NOW + MINUTE, 1)[0]
    assert list(store.claim("other", NOW + MINUTE / 2, NOW + 2 * MINUTE, 1)) == []
    over = store.claim("other", NOW + MINUTE, NOW + 2 * MINUTE, 1)[0]
    assert over.fence > late.fence
    assert store.settle(replace(late, state=DeliveryState.DEAD)) is False
    assert store.settle(replace(over, state=DeliveryState.SENT, sent_at=NOW, provider_id="p")) is True
    assert store.settle(replace(over, state=DeliveryState.PENDING)) is False
    kept = store.deliveries()[0]
    assert (kept.state, kept.sent_at, kept.provider_id) == (DeliveryState.SENT, NOW, "p")
    assert store.oldest_undelivered() is None


def a_failed_attempt_waits_for_its_time_unless_the_clock_went_back(store: RouterStore) -> None:
    enqueue(store, notification())
    claimed = store.claim("one", NOW, NOW + MINUTE, 1)[0]
    assert store.next_attempt() == NOW + MINUTE
    again = replace(
        claimed,
        state=DeliveryState.PENDING,
        attempts=1,
        next_attempt_at=NOW + 5 * MINUTE,
        lease_until=None,
        last_error="throttled",
    )
    assert store.settle(again) is True
    assert store.next_attempt() == NOW + 5 * MINUTE
    assert list(store.claim("one", NOW + 4 * MINUTE, NOW + 5 * MINUTE, 1)) == []
    hour_back = NOW - 60 * MINUTE
    claimed = store.claim("one", hour_back, hour_back + MINUTE, 1)[0]
    assert (claimed.attempts, claimed.last_error) == (1, "throttled")


def a_lease_from_before_the_clock_went_back_runs_out(store: RouterStore) -> None:
    enqueue(store, notification())
    store.claim("one", NOW, NOW + MINUTE, 1)
    hour_back = NOW - 60 * MINUTE
    assert len(store.claim("two", hour_back, hour_back + MINUTE, 1)) == 1


def receipts_are_kept_and_given_out_by_urgency(store: RouterStore) -> None:
    store.append_receipts([receipt(1), receipt(2, urgency=1)])
    store.append_receipts([receipt(3)])
    store.append_receipts([replace(receipt(3), payload=b"another")])
    assert store.count_receipts(ReceiptState.PENDING) == 3
    assert store.receipts(ReceiptState.PENDING)[0].payload == receipt(3).payload
    with store.transaction() as tx:
        assert [found.id[-1] for found in tx.pending_receipts(10)] == ["2", "1", "3"]
        assert tx.pending_receipts(1)[0] == receipt(2, urgency=1)
        assert [found.id[-1] for found in tx.pending_receipts(10, urgency=2)] == ["2"]
        assert tx.settle_receipt("receipt-002", ReceiptState.DONE) is True
        assert tx.settle_receipt("receipt-002", ReceiptState.DONE) is False
        assert tx.settle_receipt("receipt-001", ReceiptState.QUARANTINED, "not JSON") is True
    assert [found.id for found in store.receipts(ReceiptState.PENDING)] == ["receipt-003"]
    assert store.receipts(ReceiptState.QUARANTINED)[0].problem == "not JSON"


def tokens_are_kept_as_they_are_now(store: RouterStore) -> None:
    one = AccessToken("abcdefgh", "shop", "0" * 64, TokenScope.SEND, ("json",), NOW, "ana")
    other = replace(one, id="abcdefgg", name="board", scope=TokenScope.READ, hooks=())
    revoked = replace(one, revoked_at=NOW + MINUTE, revoked_by="bia")
    with store.transaction() as tx:
        tx.save_token(one)
        tx.save_token(other)
        assert list(tx.tokens()) == [other, one]
        tx.save_token(revoked)
    assert list(store.tokens()) == [other, revoked]
    assert store.token("abcdefgh") == revoked
    assert store.token("nobody") is None


def when_a_source_was_heard_from_is_kept_and_never_goes_back(store: RouterStore) -> None:
    assert dict(store.heard()) == {}
    assert store.listened_until() is None
    with store.transaction() as tx:
        tx.expect("backup", NOW)
        tx.expect("backup", NOW + MINUTE)
        tx.hear("prometheus", NOW)
        tx.hear("prometheus", NOW + MINUTE)
        tx.hear("prometheus", NOW)
        tx.listen(NOW)
        tx.listen(NOW + MINUTE)
    assert dict(store.heard()) == {
        "backup": LastHeard("backup", NOW, None),
        "prometheus": LastHeard("prometheus", NOW, NOW + MINUTE),
    }
    assert store.listened_until() == NOW + MINUTE
    with store.transaction() as tx:
        tx.unexpect("prometheus")
        tx.expect("prometheus", NOW + MINUTE)
    assert store.heard()["prometheus"] == LastHeard("prometheus", NOW + MINUTE, None)


def what_is_quarantined_can_be_requeued_as_corrected(store: RouterStore) -> None:
    store.append_receipts([receipt(1), receipt(2)])
    with store.transaction() as tx:
        tx.keep_receipt(receipt(3))
        tx.keep_receipt(replace(receipt(3), payload=b"another"))
        tx.settle_receipt("receipt-001", ReceiptState.QUARANTINED, "not JSON")
        corrected = replace(receipt(1), payload=b"{}", urgency=1, received_at=NOW + MINUTE)
        assert [problem for _, problem in tx.in_quarantine()] == ["not JSON"]
        assert tx.requeue_receipt(corrected) is True
        assert tx.in_quarantine() == []
        assert tx.requeue_receipt(corrected) is False
        assert tx.requeue_receipt(receipt(2)) is False
    assert store.receipt("receipt-001") == corrected
    assert store.receipt("receipt-003") == receipt(3)
    assert store.receipt("receipt-009") is None


def open_ones_come_in_pages_the_most_severe_first(store: RouterStore) -> None:
    rank = {Severity.P1: 1, Severity.P2: 2, Severity.P3: 3, Severity.P4: 4}
    with store.transaction() as tx:
        for number, severity in enumerate([Severity.P4, Severity.P2, Severity.P4, Severity.P2, Severity.P3]):
            opened = replace(incident(number, at=NOW + number * MINUTE), severity=severity)
            tx.save_incident(opened)
        tx.save_incident(replace(incident(0), severity=Severity.P1, state=IncidentState.ACKNOWLEDGED))
        tx.save_incident(replace(incident(9), severity=Severity.P1, state=IncidentState.RESOLVED))
    page = store.open_page(2)
    seen: list[Incident] = []
    assert (page.left, [one.id for one in page.incidents]) == (3, ["incident-0", "incident-1"])
    seen += page.incidents
    while page.last is not None:
        page = store.open_page(2, page.last)
        seen += page.incidents
    assert page.left == 0
    assert len({one.id for one in seen}) == len(seen) == 5
    assert [rank[one.severity] for one in seen] == [1, 2, 2, 3, 4]
    newest = store.newest_page(4)
    assert [one.id[-1] for one in newest.incidents] == ["4", "3", "2", "1"]
    assert newest.left == 2
    assert {one.id[-1] for one in store.newest_page(4, newest.last).incidents} == {"0", "9"}
    assert store.oldest_pending() is None
    assert not store.is_pending(9)
    store.append_receipts([receipt(1), replace(receipt(2), received_at=NOW - MINUTE)])
    assert store.oldest_pending() == NOW - MINUTE
    assert store.is_pending(3)
    assert not store.is_pending(2)


def what_is_open_is_counted_by_its_severity_and_found_by_place(store: RouterStore) -> None:
    with store.transaction() as tx:
        for number in range(4):
            severity = Severity.P4 if number % 2 else Severity.P2
            opened = replace(incident(number, at=NOW + number * MINUTE), severity=severity)
            tx.save_incident(opened)
        tx.save_incident(replace(incident(9), state=IncidentState.RESOLVED))
    assert store.count_incidents(states=OPEN_STATES) == dict(zip(Severity, (0, 2, 0, 2), strict=True))
    assert store.count_incidents() == dict(zip(Severity, (1, 2, 0, 2), strict=True))
    recent = store.count_incidents(since=NOW + 2 * MINUTE)
    assert recent == dict(zip(Severity, (0, 1, 0, 1), strict=True))
    places = store.open_places(3)
    places = [*places, *store.open_places(3, places[-1])]
    assert [place.incident_id[-1] for place in places] == ["0", "2", "1", "3"]
    assert [one.id for one in store.open_page(9).incidents] == [place.incident_id for place in places]


def causes_and_symptoms_are_found(store: RouterStore) -> None:
    def fault(number: int, component: str | None = "aurora", **more: object) -> Incident:
        return replace(incident(number), component=component, **more)  # type: ignore[arg-type]

    with store.transaction() as tx:
        for made in (
            fault(1, severity=Severity.P2, opened_at=NOW + MINUTE),
            fault(2, severity=Severity.P2),
            fault(3, severity=Severity.P3, opened_at=NOW - MINUTE),
            fault(4, state=IncidentState.RESOLVED),
            fault(5, cause_id="incident-9"),
            fault(6, slo_id="credit/latency"),
            fault(7, environment="elsewhere"),
            fault(8, "redis"),
            fault(10, None),
        ):
            tx.save_incident(made)

        def faults(*components: str) -> list[str]:
            return [found.id for found in tx.faults("test", components)]

        def unexplained(limit: int = 9) -> list[str]:
            return [found.id for found in tx.unexplained("test", ["aurora"], ["credit/latency"], limit)]

        assert faults("aurora", "kinesis", "redis") == ["incident-2", "incident-8"]
        assert unexplained() == ["incident-2", "incident-1", "incident-3", "incident-6"]
        assert unexplained(3) == ["incident-2", "incident-1", "incident-3"]
        assert [found.id for found in tx.symptoms("incident-9", 5)] == ["incident-5"]
        tx.save_incident(fault(2, state=IncidentState.RESOLVED))
        tx.save_incident(fault(1, cause_id="incident-9"))
        assert faults("aurora") == ["incident-3"]
        assert unexplained() == ["incident-3", "incident-6"]
        assert [found.id for found in tx.symptoms("incident-9", 5)] == ["incident-1", "incident-5"]
        assert len(tx.symptoms("incident-9", 1)) == 1


def firing_alerts_of_an_incident_come_the_worst_first_and_none_is_left_out(store: RouterStore) -> None:
    with store.transaction() as tx:
        for number in range(250):
            severity = Severity.P4 if number % 2 else Severity.P2
            tx.save_alert(record(f"m{number:03d}", "incident-1", AlertState.FIRING, severity))
        tx.save_alert(record("over", "incident-1", AlertState.RESOLVED, Severity.P1))
        tx.save_alert(record("other", "incident-2", AlertState.FIRING, Severity.P1))
        found = [each.member for each in tx.firing_of("incident-1")]
    assert found == [f"m{n:03d}" for n in (*range(0, 250, 2), *range(1, 250, 2))]


def a_silence_that_was_taken_back_or_changed_is_not_remembered(store: RouterStore) -> None:
    silence = Silence("s", (Matcher("slo", "=", "x"),), NOW, NOW + 9 * MINUTE, "ana", "deploy")
    with store.transaction() as tx:
        assert list(tx.silences(ending_after=NOW)) == []
        try:
            with tx.attempt():
                tx.save_silence(silence)
                assert list(tx.silences(ending_after=NOW)) == [silence]
                raise LookupError
        except LookupError:
            pass
        assert list(tx.silences(ending_after=NOW)) == []
        tx.save_silence(silence)
        assert list(tx.silences(ending_after=NOW)) == [silence]
        assert list(tx.silences(ending_after=NOW + 9 * MINUTE)) == []
        assert list(tx.silences(ending_after=NOW + 8 * MINUTE)) == [silence]
    shorter = replace(silence, ends_at=NOW + 5 * MINUTE)
    with store.transaction() as tx:
        tx.save_silence(shorter)
    assert list(store.silences(ending_after=NOW)) == [shorter]
    with store.transaction() as tx:
        assert list(tx.silences(ending_after=NOW)) == [shorter]


def duty_overrides_come_in_the_order_they_were_made_and_the_last_word_on_each_counts(
    store: RouterStore,
) -> None:
    first, second = (
        DutyOverride(name, "operations", name, NOW, NOW + 9 * MINUTE, "chief", "leave") for name in ("a", "b")
    )
    with store.transaction() as tx:
        tx.save_duty_override(first)
        tx.save_duty_override(second)
        assert list(tx.duty_overrides(ending_after=NOW)) == [first, second]
    assert list(store.duty_overrides(ending_after=NOW + 8 * MINUTE)) == [first, second]
    assert list(store.duty_overrides(ending_after=NOW + 9 * MINUTE)) == []
    shorter = replace(first, ends_at=NOW + MINUTE)
    with store.transaction() as tx:
        tx.save_duty_override(shorter)
    assert list(store.duty_overrides(ending_after=NOW)) == [shorter, second]
    assert list(store.duty_overrides(ending_after=NOW + MINUTE)) == [second]


def what_came_of_asking_a_source_is_kept_the_newest_of_each(store: RouterStore) -> None:
    first = SourceReport("prometheus http://p", NOW, AskedState.SILENT, NOW, None, 3, 1, 2, remark="refused")
    other = SourceReport("alertmanager http://am", NOW, AskedState.ANSWERS, NOW, NOW)
    with store.transaction() as tx:
        for report in (replace(first, missing=9), other, first):
            tx.save_source_report(report)
    assert list(store.source_reports()) == [other, first]


def incidents_are_found_by_their_ids_however_many(store: RouterStore) -> None:
    with store.transaction() as tx:
        for number in (1, 2):
            tx.save_incident(incident(number))
    unknown = [f"unknown-{number}" for number in range(1_200)]
    second, first = incident(2).id, incident(1).id
    assert [one.id for one in store.named([second, *unknown, first])] == [second, first]
    assert list(store.named([])) == []


def only_what_is_done_with_is_pruned(store: RouterStore) -> None:
    store.append_receipts([receipt(number) for number in range(5)])
    with store.transaction() as tx:
        for number in range(4):
            tx.settle_receipt(f"receipt-{number:03d}", ReceiptState.DONE)
    assert store.prune_receipts(ReceiptState.DONE, keep=1) == 3
    assert [found.id for found in store.receipts(ReceiptState.DONE)] == ["receipt-003"]
    assert store.count_receipts(ReceiptState.PENDING) == 1
    try:
        store.prune_receipts(ReceiptState.PENDING, keep=0)
    except ValueError:
        return
    raise AssertionError("pending receipts were pruned")


def what_is_done_is_dropped_the_oldest_first(store: RouterStore) -> None:
    store.append_receipts(
        [
            replace(receipt(number), received_at=NOW - number * MINUTE, payload=b"x" * number)
            for number in range(6)
        ]
    )
    with store.transaction() as tx:
        for number in range(4):
            tx.settle_receipt(f"receipt-{number:03d}", ReceiptState.DONE)
        tx.settle_receipt("receipt-004", ReceiptState.QUARANTINED, "unreadable")
    assert store.done_bytes() == 0 + 1 + 2 + 3
    assert store.drop_done(NOW - MINUTE, limit=1) == [3]
    assert store.drop_done(NOW - MINUTE, limit=9) == [2]
    assert store.drop_done(NOW - MINUTE, limit=9) == []
    assert store.done_bytes() == 1
    assert [found.id for found in store.receipts(ReceiptState.DONE)] == ["receipt-000", "receipt-001"]
    assert store.count_receipts(ReceiptState.PENDING) == 1
    assert store.count_receipts(ReceiptState.QUARANTINED) == 1


def an_attempt_that_raises_leaves_nothing_and_the_transaction_goes_on(store: RouterStore) -> None:
    with store.transaction() as tx:
        tx.save_incident(incident(1))
        for number in (2, 3):
            try:
                with tx.attempt():
                    tx.save_incident(incident(number))
                    with tx.attempt():
                        tx.save_incident(incident(number + 10))
                    raise LookupError
            except LookupError:
                pass
        with tx.attempt():
            tx.save_incident(incident(4))
    assert {found.id for found in store.incidents()} == {"incident-1", "incident-4"}


def a_row_that_cannot_be_read_hides_no_other(store: RouterStore) -> None:
    with store.transaction() as tx:
        tx.save_incident(incident(1))
        tx.save_incident(incident(2, at=NOW + MINUTE))
        tx.save_alert(record("a", "incident-1", AlertState.FIRING, Severity.P1))
        tx.save_alert(record("b", "incident-1", AlertState.FIRING, Severity.P1))
        tx.enqueue(notification())
    with store.writing() as session:  # type: ignore[attr-defined]
        session.change("UPDATE incidents SET body = :torn WHERE id = 'incident-2'", {"torn": b'{"id": "in'})
        session.change("UPDATE alerts SET body = :torn WHERE member = 'a'", {"torn": b"\xff"})
        session.change("UPDATE outbox SET notification = :torn", {"torn": b"{}"})
    assert [found.id for found in store.open_incidents()] == ["incident-1"]
    assert [found.member for found in store.alerts("incident-1")] == ["b"]
    try:
        store.incident("incident-2")
    except UnreadableRow:
        pass
    else:
        raise AssertionError("it was read all the same")
    with store.transaction() as tx:
        newest = tx.newest_incident("key")
        assert newest is not None
        assert newest.id == "incident-1"
        assert tx.alert("a") is None
    assert {(row.table, row.row) for row in store.unreadable_rows()} >= {
        ("incidents", "incident-2"),
        ("alerts", "a"),
    }
    (claimed,) = store.claim("worker", NOW, NOW + MINUTE, 10)
    told = claimed.notification
    assert (told.dedup_id, told.target, told.severity) == (
        notification().dedup_id,
        "operations",
        Severity.P1,
    )
    assert "incident-1" in told.message.body
    assert store.settle(replace(claimed, state=DeliveryState.SENT)) is True


CHECKS: tuple[Callable[[RouterStore], None], ...] = (
    what_is_saved_comes_back_whole,
    a_transaction_that_raises_leaves_nothing,
    a_number_of_its_history_is_used_once,
    the_newest_incident_of_a_key_is_found,
    firing_alerts_are_known_with_their_worst_severity,
    timers_are_replaced_cleared_and_due_in_order,
    a_dedup_id_is_taken_once,
    the_most_severe_is_claimed_first_and_only_once,
    a_message_waits_for_the_one_before_it,
    a_lease_that_ran_out_is_taken_over_and_the_late_worker_is_told,
    a_failed_attempt_waits_for_its_time_unless_the_clock_went_back,
    a_lease_from_before_the_clock_went_back_runs_out,
    receipts_are_kept_and_given_out_by_urgency,
    tokens_are_kept_as_they_are_now,
    when_a_source_was_heard_from_is_kept_and_never_goes_back,
    what_is_quarantined_can_be_requeued_as_corrected,
    open_ones_come_in_pages_the_most_severe_first,
    what_is_open_is_counted_by_its_severity_and_found_by_place,
    causes_and_symptoms_are_found,
    firing_alerts_of_an_incident_come_the_worst_first_and_none_is_left_out,
    a_silence_that_was_taken_back_or_changed_is_not_remembered,
    duty_overrides_come_in_the_order_they_were_made_and_the_last_word_on_each_counts,
    what_came_of_asking_a_source_is_kept_the_newest_of_each,
    incidents_are_found_by_their_ids_however_many,
    only_what_is_done_with_is_pruned,
    what_is_done_is_dropped_the_oldest_first,
    an_attempt_that_raises_leaves_nothing_and_the_transaction_goes_on,
    a_row_that_cannot_be_read_hides_no_other,
)
