"""What the parsers of foreign payloads need to know of us, and what they give back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from alarms.intake.mapping import JsonMapping
from alarms.intake.plain_text import document_of, in_utf8, looks_like
from alarms.model.alert import SERVER_LABELS, Alert, AlertState
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity
from slo.model.conventions import (
    NO_DATA_OBJECTIVE,
    alert_key,
    cloudwatch_alarm_name,
    no_data_alert_key,
    slug,
)
from slo.model.spec import Slo

LABEL_LIMIT = 256  # labels an alert may have, and characters of a name
VALUE_LIMIT = 4096
LINK_LIMIT = 2000
MOST_LINKS = 20
UNNAMED = "Unnamed alert"
# By what usually says how severe it is, whose and where: kept first of too many.
DECIDING = SERVER_LABELS | {
    *("alertname", "severity", "priority", "alert_key", "environment", "slo", "objective", "tier", "team"),
    *("owner", "service", "component", "namespace", "cluster", "region", "job", "instance", "host", "pod"),
}
SAID = re.compile(r"\b(?:severity|severidade)\s*[:=]\s*\"?([\w-]+)", re.IGNORECASE)
LEVEL = re.compile(r"(?<![A-Za-z0-9])(P[0-4]|SEV-?[0-5])(?![A-Za-z0-9])", re.IGNORECASE)
SEVERITY = re.compile(
    r'"(?:severity|severidade|severidad|priority|prioridade|prioridad|level)"\s*:\s*"([^"]{1,40})"',
    re.IGNORECASE,
)
YEAR_ONE = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OwnAlarm:
    """What one of our generated CloudWatch alarms is about. ``tier`` is None for no data."""

    slo_id: str
    objective: str
    tier: str | None


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """``group_by`` of each of our SLOs; how foreign severities read; which labels tell replicas apart; how
    the JSON of other senders reads, by the name of its hook."""

    environment: str
    group_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity_words: Mapping[str, Severity] = field(default_factory=dict)
    ignored_labels: tuple[str, ...] = ()
    alarms: Mapping[str, OwnAlarm] = field(default_factory=dict)  # by name, tier and all
    mappings: Mapping[str, JsonMapping] = field(default_factory=dict)
    _known: Mapping[str, Severity] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = {_plain(word): level for word, level in self.severity_words.items()}
        object.__setattr__(self, "_known", words | {_plain(level): level for level in Severity})

    def severity(self, text: str | None) -> Severity | None:
        """What somebody's word for it means; of several the worst. None: nothing that is known."""
        said = (text or "")[:LABEL_LIMIT]
        whole = self._known.get(_plain(said))
        found = [whole] if whole is not None else self._levels(_parts(said))
        return min(found, key=lambda severity: severity.rank, default=None)

    def _levels(self, parts: Sequence[str]) -> list[Severity]:
        """Two that are known as one, as ``sev 1`` or ``not critical``, are not looked at one by one."""
        found, place = [], 0
        while place < len(parts):
            both = self._known.get("".join(parts[place : place + 2]))
            level = both if both is not None else self._known.get(parts[place])
            found += [level] if level is not None else []
            place += 1 if both is None else 2
        return found

    def severity_said(self, name: str, description: str) -> Severity | None:
        """By a description that says ``severity: high`` or ``[P1]``, or a name with P1 or SEV1 as a part.

        Other words in a name are what it is about: ``cpu-high``.
        """
        said = SAID.search(description)
        leading = description.partition(" ")[0] if description.startswith("[") else ""
        levels = LEVEL.findall(f"{leading} {name}")
        words = [said[1]] if said else levels
        return next((found for word in words if (found := self.severity(word)) is not None), None)

    def severity_in(self, payload: bytes) -> Severity | None:
        """The worst that can be read in what nobody could read otherwise."""
        text = in_utf8(payload).decode("utf-8", "replace").replace("\\", "")
        words = SEVERITY.findall(text)
        found = [severity for word in words if (severity := self.severity(word)) is not None]
        return min(found, key=lambda severity: severity.rank, default=None)


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a payload that is not an alert, as a payload of the same kind; the rest is accepted."""

    problem: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """``truncated``: how many more alerts the sender had and did not send; ``group`` is theirs.

    ``acknowledged`` are members of which the sender says that somebody works on them, ``beats`` names of
    sources that gave a sign of life.
    """

    alerts: tuple[Alert, ...]
    unread: tuple[Unread, ...] = ()
    group: str = ""
    truncated: int = 0
    acknowledged: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()


def _plain(word: str) -> str:
    """Without case, accents and punctuation."""
    return "".join(_parts(word))


def _parts(text: str) -> list[str]:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in bare.casefold()).split()


def intake_rules(
    environment: str,
    slos: Iterable[Slo],
    severity_words: Mapping[str, Severity],
    ignored_labels: tuple[str, ...],
    mappings: Mapping[str, JsonMapping] | None = None,
) -> IntakeRules:
    """From the catalogue, the policy and the mappings of other senders' JSON."""
    listed = list(slos)
    alarms = {
        cloudwatch_alarm_name(environment, slo.id, objective.name, suffix): OwnAlarm(
            slo.id, objective.name, tier
        )
        for slo in listed
        for objective in slo.objectives
        for suffix, tier in [("no-data", None), *((tier.name, tier.name) for tier in slo.tiers)]
    }
    group_by = {slo.id: slo.group_by for slo in listed}
    return IntakeRules(
        environment, group_by, dict(severity_words), ignored_labels, alarms, dict(mappings or {})
    )


def own_alert(
    source: str,
    environment: str,
    slo_id: str,
    objective: str,
    *,
    group: Mapping[str, str],
    name: str,
    title: str,
    title_pt: str,
    starts_at: datetime,
    summary: str,
) -> Alert:
    """A burn of ours, or its silence: the same key, title and runbook whichever backend saw it."""
    silent = objective == NO_DATA_OBJECTIVE
    what, what_pt = (
        ("no data", "sem dados") if silent else ("error budget burning", "orçamento de erro sendo consumido")
    )
    return Alert(
        alert_key=no_data_alert_key(environment, slo_id)
        if silent
        else alert_key(environment, slo_id, objective, group),
        source=source,
        environment=environment,
        name=name,
        title=f"{title}: {what}",
        title_pt=f"{title_pt}: {what_pt}",
        state=AlertState.FIRING,
        starts_at=starts_at,
        summary=summary,
        slo_id=slo_id,
        objective=objective,
        runbook="no-data" if silent else slug(slo_id),
    )


def decode(source: str, payload: bytes) -> object:
    """Raises ``MalformedPayload``."""
    try:
        return document_of(payload)
    except ValueError as error:
        raise MalformedPayload(source, "body", f"is not JSON ({looks_like(payload) or error})") from error
    except RecursionError as error:
        raise MalformedPayload(source, "body", "is not readable JSON: it is nested too deep") from error


def labels_of(value: object) -> dict[str, str]:
    """Label names and values as text, within bounds, whatever they came as: an alert is worth more than its
    form. What is too long is shortened and says so; of too many those that decide are kept, then the first by
    name."""
    if not isinstance(value, dict):
        return {}
    kept = sorted(value.items(), key=lambda item: (item[0] not in DECIDING, item[0]))[:LABEL_LIMIT]
    found = {shortened(name, LABEL_LIMIT): shortened(as_text(item), VALUE_LIMIT) for name, item in kept}
    if len(value) > LABEL_LIMIT:
        found["labels_left_out"] = f"{len(value) - LABEL_LIMIT}"
    return found


def replica_of(labels: Mapping[str, str], rules: IntakeRules) -> str | None:
    """Replicas of one problem share the key and fire and resolve one by one; so do the servers that see it,
    for what one of them says is over the other may still see."""
    own = [f"{k}={v}" for k, v in sorted(labels.items()) if k in rules.ignored_labels]
    return ",".join(own) or None


def tier_and_server(labels: Mapping[str, str], tier: str | None) -> str | None:
    """The same for a burn of ours, whose tiers fire one by one already."""
    servers = [f"{name}={labels[name]}" for name in sorted(SERVER_LABELS & labels.keys())]
    return ",".join([*([tier] if tier else []), *servers]) or None


def as_text(value: object) -> str:
    """A text as it is, anything else as its JSON, nothing as nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def links_of(found: Mapping[str, object]) -> dict[str, str]:
    """Those that are addresses, by what they show."""
    return {
        shortened(name, LABEL_LIMIT): clean(url)[:LINK_LIMIT]
        for name, url in list(found.items())[:MOST_LINKS]
        if isinstance(url, str) and url.startswith(("http://", "https://"))
    }


def shortened(text: str, most: int) -> str:
    """Clean, and at most ``most`` characters, with a note of how many it had."""
    cleaned = clean(text)
    if len(cleaned) <= most:
        return cleaned
    note = f"… (shortened from {len(cleaned)} characters)"
    return cleaned[: most - len(note)] + note


def clean(text: str) -> str:
    """Without control characters and lone surrogates: it ends up in pages, mails and databases."""
    if text.isprintable():
        return text
    shown = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
    return shown.encode("utf-8", "replace").decode()


def instant(source: str, place: str, value: object) -> datetime:
    """An ISO 8601 instant in UTC; ``+0000`` and nanoseconds are understood.

    Raises:
        MalformedPayload: it is not one, or has no time zone.
    """
    text = value if isinstance(value, str) else ""
    text = re.sub(r"(\.\d{6})\d+", r"\1", text)
    text = re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedPayload(source, place, f"{text[:40]!r} is not a timestamp") from error
    if found.tzinfo is None:
        raise MalformedPayload(source, place, "has no time zone")
    try:
        return max(found, YEAR_ONE).astimezone(UTC)
    except OverflowError as error:
        raise MalformedPayload(source, place, "is out of range") from error


def instant_or(value: object, otherwise: datetime) -> datetime:
    """An instant, or ``otherwise`` for what is none."""
    try:
        return instant("", "", value)
    except MalformedPayload:
        return otherwise


def text_of(source: str, place: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise MalformedPayload(source, place, "expected a text")
    return shortened(value, VALUE_LIMIT)


def map_of(source: str, place: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise MalformedPayload(source, place, "expected an object")
    return value
