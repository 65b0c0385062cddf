"""Every kind of payload that is read, by which parser, and which kind a payload is by its looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec

from alarms.intake import alertmanager, cloudwatch, grafana, json_alerts, pagerduty
from alarms.intake.mapping import NAME_OF_A_HOOK
from alarms.intake.normalise import IntakeRules, Parsed
from alarms.intake.plain_text import document_of
from alarms.model.alert import Alert
from alarms.model.errors import MalformedPayload
from alarms.model.receipt import RECORDED

Parser = Callable[[bytes, IntakeRules, datetime], Parsed]
Decoded = TypeVar("Decoded")
ALERT = msgspec.json.Decoder(Alert)
ALERTS = msgspec.json.Decoder(tuple[Alert, ...])
OVERSIZED = "oversized"
HEARTBEAT = "heartbeat"
# Each takes the other's form for its own and would leave out what is not in it.
ALIKE = frozenset({"alertmanager", "grafana"})


def parse_alert(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """An alert in our own shape. Raises ``MalformedPayload``."""
    return Parsed((_decoded(ALERT, payload),))


def parse_alerts(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """Several in our own shape, as ``Router.receive_all`` records them. Raises ``MalformedPayload``."""
    return Parsed(_decoded(ALERTS, payload))


def _decoded(decoder: msgspec.json.Decoder[Decoded], payload: bytes) -> Decoded:
    try:
        return decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise MalformedPayload("alert", "body", str(error)) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise MalformedPayload("alert", "body", "is not readable JSON") from error


def parse_heartbeat(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """The name of the source that gave a sign of life. Raises ``MalformedPayload``."""
    name = payload.decode("ascii", "replace")
    if not NAME_OF_A_HOOK.fullmatch(name):
        raise MalformedPayload(HEARTBEAT, "body", "is not the name of a source")
    return Parsed((), beats=(name,))


def parse_oversized(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """What was too large to keep whole: only its beginning is on file."""
    raise MalformedPayload("webhook", "body", f"too large; its first {len(payload)} bytes are kept")


PARSERS: Mapping[str, Parser] = {
    "alert": parse_alert,
    RECORDED: parse_alerts,
    HEARTBEAT: parse_heartbeat,
    OVERSIZED: parse_oversized,
    "alertmanager": alertmanager.parse,
    "grafana": grafana.parse,
    "pagerduty": pagerduty.parse,
    "cloudwatch": cloudwatch.parse_alarm,
    "eventbridge": cloudwatch.parse_event,
}
# Where to send what; the rest comes in by SNS, a queue or from ourselves.
HOOKS = {
    "alertmanager": "/hooks/alertmanager",
    "grafana": "/hooks/grafana",
    "pagerduty": "/v2/enqueue",
    "eventbridge": "/hooks/eventbridge",
    "cloudwatch": "/hooks/sns",
}


def parser_of(kind: str) -> Parser | None:
    """None: nothing is known by that name."""
    name = kind.removeprefix(json_alerts.PREFIX)
    return PARSERS.get(kind) or (None if name == kind else partial(json_alerts.parse, name))


def read(kind: str, payload: bytes, rules: IntakeRules, received_at: datetime) -> tuple[str, Parsed]:
    """The alerts, and the kind they were read as: that of its hook, or of what it is.

    Raises:
        MalformedPayload: as neither. It names the right hook where that is known.
    """
    parser = parser_of(kind)
    if parser is None:
        raise MalformedPayload(kind[:40], "hook", "is not one that is known")
    if kind == OVERSIZED:
        return kind, parser(payload, rules, received_at)
    if kind in ALIKE and (looks := recognised(payload) or kind) in ALIKE:
        return looks, PARSERS[looks](payload, rules, received_at)
    try:
        return kind, parser(payload, rules, received_at)
    except MalformedPayload as problem:
        return _read_as_it_looks(problem, kind, unwrapped(payload), rules, received_at)


def _read_as_it_looks(
    problem: MalformedPayload, kind: str, content: bytes, rules: IntakeRules, received_at: datetime
) -> tuple[str, Parsed]:
    looks = recognised(content)
    if looks is None or looks == kind:
        raise problem
    with suppress(MalformedPayload):
        return looks, PARSERS[looks](content, rules, received_at)
    right = f"; it looks like what belongs to {HOOKS[looks]}" if looks in HOOKS else ""
    raise MalformedPayload(problem.source, problem.field, f"{problem.problem}{right}") from problem


def kind_of(message: bytes) -> str:
    """The receipt kind of what is inside an SNS message or on a queue: whose alarm it is.

    Unknown content is kept as ``cloudwatch`` and quarantined by its parser.
    """
    return recognised(message) or "cloudwatch"


def recognised(payload: bytes) -> str | None:
    """The kind that a payload is by the keys it has; None: it could be anything."""
    try:
        document = document_of(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    if "detail-type" in document:
        return "eventbridge"
    if "alerts" in document:
        return _group(document)
    if "event_action" in document and ("routing_key" in document or "payload" in document):
        return "pagerduty"
    if "alert_key" in document:
        return "alert"
    return "cloudwatch" if "AlarmName" in document else None


def _group(document: Mapping[str, object]) -> str | None:
    if document.get("version") == alertmanager.VERSION:
        return "alertmanager"
    return "grafana" if document.get("version") == grafana.VERSION or "orgId" in document else None


def unwrapped(body: bytes) -> bytes:
    """The message in the envelope of SNS, or the body itself (raw delivery, EventBridge, anything else)."""
    try:
        document = document_of(body)
    except (ValueError, RecursionError):
        return body
    if isinstance(document, dict) and document.get("Type") == "Notification" and "TopicArn" in document:
        message = document.get("Message")
        return message.encode("utf-8", "replace") if isinstance(message, str) else body
    return body
