"""CloudWatch, asked for the state of its alarms (``DescribeAlarms``). Only those with an action on a topic of
ours are expected here; of an alarm that nobody is told of, nobody need be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from alarms.intake.cloudwatch import SOURCE, parse_alarm
from alarms.intake.normalise import IntakeRules
from alarms.model.alert import Alert, AlertState
from alarms.model.errors import SourceSilent
from alarms.watching.server import Parts
from alarms.watching.source_answer import SourceAnswer
from foundation.aws.errors import AwsError

PAGE, MOST_PAGES = 100, 100
SNS = ":sns:"


class AlarmsClient(Protocol):
    """The part of boto3's CloudWatch client that is used."""

    def describe_alarms(self, **kwargs: Any) -> Mapping[str, Any]: ...


class CloudWatchAsker:
    """``topics`` are those whose messages come here; with none named, every topic is."""

    name = SOURCE

    def __init__(
        self,
        client: AlarmsClient,
        rules: Callable[[], IntakeRules],
        wall: Callable[[], datetime],
        topics: tuple[str, ...] = (),
    ) -> None:
        self._client, self._rules, self._wall, self._topics = client, rules, wall, topics

    def ask(self) -> SourceAnswer:
        firing: dict[str, Alert] = {}
        listed, aside, judged = set(), set(), set()
        parts = Parts()
        rules, now = self._rules(), self._wall()
        alarms = parts.read(list(self._alarms()), lambda alarm: (alarm, self._by_state(alarm, rules, now)))
        try:
            parts.refuse_none_of(alarms)
        except ValueError as error:
            raise SourceSilent(self.name, f"lists alarms that are none ({error})") from error
        for alarm, found in alarms:
            members = {alert.member for alerts in found.values() for alert in alerts}
            judged |= members
            state = str(alarm.get("StateValue"))
            fires = [alert for alert in found.get(state, ()) if alert.state is AlertState.FIRING]
            listed |= members if state not in ("ALARM", "OK") else {alert.member for alert in fires}
            if state != "ALARM":
                continue
            if self._is_ours(alarm):
                firing |= {alert.member: alert for alert in fires}
            else:
                aside |= {alert.member for alert in fires}
        return SourceAnswer(
            firing,
            frozenset(listed),
            frozenset(aside),
            frozenset(judged),
            remark=parts.remark(),
            odd=parts.odd,
        )

    def _by_state(
        self, alarm: Mapping[str, Any], rules: IntakeRules, now: datetime
    ) -> dict[str, tuple[Alert, ...]]:
        return {state: self._alerts(alarm, state, rules, now) for state in ("ALARM", "INSUFFICIENT_DATA")}

    def _is_ours(self, alarm: Mapping[str, Any]) -> bool:
        actions = [str(action) for action in alarm.get("AlarmActions") or ()]
        wanted = any(action in self._topics if self._topics else SNS in action for action in actions)
        return wanted and bool(alarm.get("ActionsEnabled")) and not alarm.get("ActionsSuppressedBy")

    def _alerts(
        self, alarm: Mapping[str, Any], state: str, rules: IntakeRules, now: datetime
    ) -> tuple[Alert, ...]:
        """As the message of that change of state is read."""
        changed = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
        message = {
            "AlarmName": alarm.get("AlarmName"),
            "AlarmArn": alarm.get("AlarmArn"),
            "AlarmDescription": alarm.get("AlarmDescription"),
            "NewStateValue": state,
            "NewStateReason": alarm.get("StateReason"),
            "StateChangeTime": changed.astimezone(UTC).isoformat() if isinstance(changed, datetime) else None,
            "Trigger": {"Dimensions": alarm.get("Dimensions")},
        }
        return parse_alarm(msgspec.json.encode(message), rules, now).alerts

    def _alarms(self) -> Iterator[Mapping[str, Any]]:
        """Page by page; endless ones end."""
        asked: dict[str, Any] = {"MaxRecords": PAGE, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        for _ in range(MOST_PAGES):
            try:
                answer = self._client.describe_alarms(**asked)
            except AwsError as error:
                raise SourceSilent(self.name, str(error)) from error
            yield from answer.get("MetricAlarms") or ()
            yield from answer.get("CompositeAlarms") or ()
            if not answer.get("NextToken"):
                return
            asked["NextToken"] = answer["NextToken"]
        raise SourceSilent(self.name, f"has more than {PAGE * MOST_PAGES:,} alarms")
