"""``metadata`` of OpenSLO objects, and the small ones: services, data sources, targets.

What v1 cannot say is said in annotations under ``mirante.dev/``:

========================== ==============================================================================
annotation                 meaning
========================== ==============================================================================
windows                    name of a window set (``google-30d``), or ``none`` for no burn alerts
disable-tiers              tiers of that set to leave out, ``a, b``
tier-name.TIER             another name for one tier
severity.TIER              another severity (P1..P4) for one tier
alert-name.TIER            the alert's own name
alert-label.TIER.LABEL     a label of the alert; alert-annotation.TIER.NAME an annotation of it
                           (an AlertPolicy has one alert: there, without TIER)
min-events                 fewest events in a long window before its tier may fire
min-bad-events             fewest bad events (or slices) in a long window before its tier may fire
expected-events-per-hour   traffic, for the lint and the simulator
refresh-interval           how often the indicator gets a new value
no-data-severity           P1..P4, or ``none``
no-data-after              silence for this long is *no data*
group-by                   one budget per value of these labels only, of those that its queries keep, ``pair,
                           region``; ``none`` adds everything up
owner                      the team that owns it
rules                      ``none``: another tool measures it, and nothing is generated
objective-names            names of the objectives in order, ``internal, contract``
total good excluded        in words what is counted (each also ``-pt``)
display-name-pt description-pt beside runbook   texts shown beside the SLO
========================== ==============================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from foundation.located import Section, closest
from foundation.quantities import parse_duration, parse_number
from slo.model.conventions import ANNOTATION_PREFIX
from slo.model.entities import DataSource, NotificationTarget, Service
from slo.model.shared_grouping import NO_LABELS

LONGEST_DESCRIPTION = 1050
SEVERITIES = ("P1", "P2", "P3", "P4")
_WORDS = ("total", "good", "excluded")
TEXTS = (
    *_WORDS,
    *(f"{word}-pt" for word in _WORDS),
    "display-name-pt",
    "description-pt",
    "beside",
    "runbook",
)
KNOWN = (
    "windows", "disable-tiers", "min-events", "min-bad-events", "expected-events-per-hour",
    "refresh-interval", "no-data-severity", "no-data-after", "group-by", "owner", "rules",
    "objective-names", *TEXTS,
)  # fmt: skip
ALERT_WORDS = ("alert-label.", "alert-annotation.")  # on a policy: of its one alert
PER_TIER = ("tier-name.", "severity.", "alert-name.", "alert-label.", "alert-annotation.")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
LONGEST_NAME = 253
_NAME = re.compile(rf"[a-zA-Z0-9]([-a-zA-Z0-9_.]{{0,{LONGEST_NAME - 2}}}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True)
class Metadata:
    name: str
    display_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    section: Section | None = None  # where annotations are refused


def read_metadata(parent: Section) -> Metadata:
    section = parent.section("metadata", required=True)
    if section is None:
        return Metadata("")
    name = checked_name(section, "name")
    labels = section.labels("labels")
    annotations = section.section("annotations")
    texts = {key: annotations.text(key) for key in annotations} if annotations else {}
    display = section.text("displayName", default=name)
    section.close()
    return Metadata(name, display, labels, texts, annotations)


def checked_name(section: Section, key: str) -> str:
    """At most 253 letters, digits, ``-``, ``_`` and ``.``, starting and ending with a letter or digit.

    OpenSLO asks implementations for at least RFC 1123; its own examples use capitals, and Sloth sets no
    length, so those load too.
    """
    name = section.text(key, required=True)
    if name and not _NAME.fullmatch(name):
        fix = f"Use at most {LONGEST_NAME} letters, digits and dashes, with a letter or digit at both ends."
        section.refuse(key, f"{name!r} is not a usable name", fix)
    return name


def read_service(document: Section) -> Service:
    metadata = read_metadata(document)
    spec = document.section("spec")
    description = ""
    if spec is not None:
        description = spec.text("description", longest=LONGEST_DESCRIPTION)
        spec.close()
    owner = metadata.annotations.get(f"{ANNOTATION_PREFIX}owner", "")
    return Service(metadata.name, metadata.display_name, description, owner, metadata.labels)


def read_data_source(document: Section) -> DataSource:
    name = read_metadata(document).name
    spec = document.section("spec", required=True)
    if spec is None:
        return DataSource(name, "")
    description = spec.text("description", longest=LONGEST_DESCRIPTION)
    connection = spec.plain("connectionDetails")
    source_type = spec.text("type", required=True)
    spec.close()
    return DataSource(name, source_type, description, connection if isinstance(connection, dict) else {})


def read_target(document: Section) -> NotificationTarget:
    name = read_metadata(document).name
    spec = document.section("spec", required=True)
    if spec is None:
        return NotificationTarget(name, "")
    target = spec.text("target", required=True)
    description = spec.text("description", longest=LONGEST_DESCRIPTION)
    spec.close()
    return NotificationTarget(name, target, description)


class Annotations:
    """Typed reading of one object's ``mirante.dev/`` annotations; refusals name the annotation's line."""

    def __init__(
        self, metadata: Metadata, known: tuple[str, ...] = KNOWN, starts: tuple[str, ...] = PER_TIER
    ) -> None:
        self._section = metadata.section
        prefix = len(ANNOTATION_PREFIX)
        self._ours: Mapping[str, str] = {
            key[prefix:]: value.strip()
            for key, value in metadata.annotations.items()
            if key.startswith(ANNOTATION_PREFIX)
        }
        for name in self._ours:
            if name not in known and not name.startswith(starts):
                meant = closest(name, known)
                fix = f"Did you mean {ANNOTATION_PREFIX}{meant}?" if meant else f"Known: {', '.join(known)}."
                self.refuse(name, "is not a known annotation", fix)

    def refuse(self, name: str, problem: str, fix: str) -> None:
        if self._section is not None:
            self._section.refuse(ANNOTATION_PREFIX + name, problem, fix)

    def no_such(self, name: str, kind: str, named: str, fix: str) -> None:
        if self._section is not None:
            self._section.no_such(ANNOTATION_PREFIX + name, kind, named, fix)

    def has(self, name: str) -> bool:
        return name in self._ours

    def text(self, name: str, default: str = "") -> str:
        return self._ours.get(name, default)

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in self.text(name).split(",") if word.strip())

    def label_names(self, name: str) -> tuple[str, ...]:
        words = self.words(name)
        for word in words:
            if not _LABEL.fullmatch(word):
                self.refuse(name, f"{word!r} is not a label name", "Use letters, digits and underscores.")
        return words

    def summed_to(self) -> tuple[str, ...] | None:
        """The labels of ``group-by``; ``None`` where it is not written."""
        if not self.has("group-by"):
            return None
        return () if self.text("group-by") == NO_LABELS else self.label_names("group-by")

    def duration(self, name: str) -> timedelta | None:
        if not self.has(name):
            return None
        value = parse_duration(self.text(name))
        if not value:
            self.refuse(name, f"{self.text(name)!r} is not a duration", "Write for example 30s, 5m or 1h.")
        return value

    def number(self, name: str) -> Fraction | None:
        if not self.has(name):
            return None
        value = parse_number(self.text(name))
        if value is None or value < 0:
            self.refuse(name, f"{self.text(name)!r} is not a number of at least 0", "Write for example 100.")
            return None
        return value

    def count(self, name: str) -> int:
        value = self.number(name)
        if value is None:
            return 0
        if value.denominator != 1:
            self.refuse(name, f"{self.text(name)!r} is not a whole number", "Write for example 100.")
        return int(value)

    def severity(self, name: str, default: str | None) -> str | None:
        """P1..P4; ``None`` for ``none``."""
        value = self.text(name)
        if not value:
            return default
        if value == "none":
            return None
        if value not in SEVERITIES:
            self.refuse(name, f"{value!r} is not a severity", "Write P1, P2, P3, P4 or none.")
            return default
        return value

    def texts(self) -> dict[str, str]:
        """Texts for people, with the keys of ``Slo.texts`` (``good_pt``)."""
        return {name.replace("-", "_"): self._ours[name] for name in TEXTS if self._ours.get(name)}

    def per_tier(self, kind: str) -> dict[str, str]:
        """``{"page-fast": "P2"}`` of ``severity.page-fast: P2``."""
        start = f"{kind}."
        return {name[len(start) :]: value for name, value in self._ours.items() if name.startswith(start)}
