"""SNS throttles, is silent after accepting, has lost a topic: what can arrive does, and recognisably."""

from __future__ import annotations

from pathlib import Path

from alarms.model.severity import Severity
from alarms.notify.sns_topics import topic_name
from tests.support.aws_emulator import needs_emulator
from tests.support.router_judge import Judge
from tests.support.sns_proxy import Fault, Publish, SnsProxy

FACTOR = 20.0  # the router waits 2, 4, 8 seconds of its own between attempts

pytestmark = needs_emulator


def firsts(judge: Judge) -> set[str]:
    return {message["severity"] for message in judge.arrived() if message["step"] == "first"}


def test_throttled_pages_arrive_later_and_once(tmp_path: Path) -> None:
    with Judge(tmp_path, FACTOR) as judge, SnsProxy(judge.emulator) as proxy:
        judge.endpoint = proxy.url
        proxy.fault = lambda _: Fault.THROTTLED if proxy.count(Fault.THROTTLED) < 6 else Fault.NONE
        judge.start()
        for severity in ("P1", "P2", "P3"):
            judge.send(f"Throttled{severity}", severity=severity)
        judge.until(lambda: firsts(judge) == {"P1", "P2", "P3"}, "all three pages arrive")
        assert proxy.count(Fault.THROTTLED) == 6
        assert len(judge.arrived()) == len(judge.told())
        judge.verdict()


def test_a_page_whose_answer_never_came_is_repeated_with_the_same_dedup_id(tmp_path: Path) -> None:
    with Judge(tmp_path, FACTOR) as judge, SnsProxy(judge.emulator) as proxy:
        judge.endpoint = proxy.url
        proxy.fault = lambda _: Fault.NONE if proxy.faults else Fault.NO_ANSWER
        judge.start()
        judge.send("Unanswered", severity="P1")
        judge.until(lambda: len(judge.arrived()) >= 2, "the page comes again")
        first, second = judge.arrived()[:2]
        assert (first["dedup_id"], first["body"]) == (second["dedup_id"], second["body"])
        assert judge.told() == [("operations", "first")]
        judge.verdict()


def test_a_topic_that_is_gone_holds_up_no_other_and_its_loss_stands_in_the_history(tmp_path: Path) -> None:
    with Judge(tmp_path, FACTOR) as judge, SnsProxy(judge.emulator) as proxy:
        judge.endpoint = proxy.url
        gone = topic_name(judge.environment, Severity.P2)

        def without_p2(publish: Publish) -> Fault:
            return Fault.NO_TOPIC if publish["TopicArn"].endswith(gone) else Fault.NONE

        proxy.fault = without_p2
        judge.start()
        for severity in ("P2", "P1", "P3"):
            judge.send(f"Topic{severity}", severity=severity)
        judge.until(lambda: firsts(judge) == {"P1", "P3"}, "the other topics' pages arrive")
        lost = next(incident for incident in judge.incidents() if incident["severity"] == "P2")
        judge.until(lambda: "undeliverable" in judge.kinds(lost["id"]), "the loss is on file")
        assert lost["state"] == "open"
        assert judge.told(lost["id"]) == []
        judge.verdict()
