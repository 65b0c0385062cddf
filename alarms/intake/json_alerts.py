"""Anybody's JSON as alerts, by the mapping that a person has written for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
from jmespath.exceptions import JMESPathError

from alarms.intake.mapping import Finder, JsonMapping
from alarms.intake.normalise import (
    LABEL_LIMIT,
    UNNAMED,
    VALUE_LIMIT,
    IntakeRules,
    Parsed,
    Unread,
    as_text,
    decode,
    instant_or,
    labels_of,
    links_of,
    replica_of,
    shortened,
)
from alarms.model.alert import Alert, AlertState, foreign_key
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity

PREFIX = "json/"  # of the kind of a receipt; the name of the mapping follows
# A count of seconds since 1970 has ten digits; milliseconds, microseconds and nanoseconds three more each.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))
NAMES_OF_A_TAG = ("name", "key", "tag", "label")


def parse(name: str, payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """Each alert stands alone; where the mapping finds nothing, there is a sensible default.

    Raises:
        MalformedPayload: not JSON, there is no such mapping, or it finds no alert.
    """
    source = f"{PREFIX}{name}"
    mapping = rules.mappings.get(name)
    if mapping is None:
        known = ", ".join(sorted(rules.mappings)) or "none"
        raise MalformedPayload(source, "hook", f"intakes.yaml has no json: {name} (it has: {known})")
    document = decode(source, payload)
    found = document if mapping.alerts is None else _find(mapping.alerts, document)
    listed = found if isinstance(found, list) else [found]
    if all(item is None for item in listed):
        raise MalformedPayload(source, "alerts", "the mapping finds no alert in it")
    return Parsed(
        alerts=tuple(
            _alert(source, mapping, item, rules, received_at) for item in listed if isinstance(item, dict)
        ),
        unread=tuple(
            Unread(f"{source} payload: alerts[]: expected an object", msgspec.json.encode(item))
            for item in listed
            if not isinstance(item, dict)
        ),
    )


def _alert(
    source: str, mapping: JsonMapping, item: Mapping[str, object], rules: IntakeRules, received_at: datetime
) -> Alert:
    name = shortened(_text(mapping.name, item), LABEL_LIMIT).strip() or UNNAMED
    summary = shortened(_text(mapping.summary, item), VALUE_LIMIT).strip() or name
    labels = _labels(mapping, item)
    key = _text(mapping.key, item)
    identity = {"key": key} if key else {"alertname": name, **labels}
    starts_at = _instant(mapping.starts_at, item, received_at)
    alert = Alert(
        alert_key=foreign_key(rules.environment, {**identity, "intake": source}, rules.ignored_labels),
        source=source,
        environment=rules.environment,
        name=name,
        state=AlertState.FIRING,
        starts_at=starts_at,
        summary=summary,
        labels=labels,
        severity=_severity(mapping, item, rules),
        component=labels.get("component"),
        links=links_of({label: _find(finder, item) for label, finder in mapping.links.items()}),
        tier=None if key else replica_of(labels, rules),
        by_key=bool(key),
    )
    if _text(mapping.state, item).strip().lower() not in mapping.ended:
        return alert
    ends_at = _instant(mapping.ends_at, item, received_at)
    return replace(alert, state=AlertState.RESOLVED, ends_at=ends_at)


def _severity(mapping: JsonMapping, item: object, rules: IntakeRules) -> Severity | None:
    word = _text(mapping.severity, item).strip()
    return mapping.severity_words.get(word.lower()) or rules.severity(word)


def _labels(mapping: JsonMapping, item: object) -> dict[str, str]:
    tags = {} if mapping.tags is None else dict(_tags(_find(mapping.tags, item)))
    named = {label: _find(finder, item) for label, finder in mapping.labels.items()}
    return labels_of({**tags, **{label: value for label, value in named.items() if value is not None}})


def _tags(found: object) -> Iterable[tuple[str, object]]:
    """``{host: a}``, ``["host:a"]``, ``"host:a,role:b"`` or ``[{"tag": "host", "value": "a"}]``, and any of
    them as JSON in a text."""
    if isinstance(found, str) and found.startswith(("{", "[")):
        with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            found = msgspec.json.decode(found)
    if isinstance(found, dict):
        yield from found.items()
        return
    for tag in found.split(",") if isinstance(found, str) else found if isinstance(found, list) else ():
        if isinstance(tag, dict):
            name = next((tag[known] for known in NAMES_OF_A_TAG if tag.get(known)), None)
            if name is not None:
                yield as_text(name), tag.get("value")
        elif isinstance(tag, str) and tag.strip():
            name, _, value = tag.strip().partition(":")
            yield name, value


def _instant(finder: Finder | None, item: object, otherwise: datetime) -> datetime:
    """ISO 8601, or a count since 1970 in the unit that its size suggests; ``otherwise`` for neither."""
    found = None if finder is None else _find(finder, item)
    number = _number(found)
    unit = next((per for most, per in UNITS if 0 < number < most), None)
    return instant_or(found, otherwise) if unit is None else EPOCH + timedelta(seconds=number / unit)


def _number(value: object) -> float:
    """0 for what is none."""
    try:
        return float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0
    except (ValueError, OverflowError):
        return 0


def _text(finder: Finder | None, item: object) -> str:
    return "" if finder is None else as_text(_find(finder, item))


def _find(finder: Finder, value: object) -> object:
    """An expression that does not suit what came in (``length`` of a number) finds nothing."""
    try:
        return finder.search(value)
    except (JMESPathError, RecursionError):
        return None
