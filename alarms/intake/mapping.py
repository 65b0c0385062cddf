"""How the JSON of one sender reads: where in it each part of an alert is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from alarms.model.severity import Severity

NAME_OF_A_HOOK = re.compile(r"[a-z][a-z0-9-]{0,23}")
# What people call an end; a source with other words lists them.
ENDED = (
    *("resolved", "resolve", "recovered", "recovery", "ok", "okay", "up", "normal", "good", "healthy"),
    *("closed", "close", "clear", "cleared", "inactive", "success", "succeeded"),
)


class Finder(Protocol):
    """A compiled JMESPath expression."""

    def search(self, value: object) -> object:
        """What it finds, None for nothing. Raises ``jmespath.exceptions.JMESPathError``."""
        ...


@dataclass(frozen=True, slots=True)
class JsonMapping:
    """Everything but ``alerts`` is looked for in each alert. None: the sender does not say it.

    ``key`` is what one problem is known by, in its end too; without one, name and labels are.
    """

    name: Finder
    alerts: Finder | None = None  # a list, or one; None: the body is one alert
    state: Finder | None = None  # None: all that comes in fires
    ended: tuple[str, ...] = ENDED  # words of ``state``, in small letters
    severity: Finder | None = None
    severity_words: Mapping[str, Severity] = field(default_factory=dict)  # before those of the policy
    starts_at: Finder | None = None
    ends_at: Finder | None = None
    key: Finder | None = None
    summary: Finder | None = None
    labels: Mapping[str, Finder] = field(default_factory=dict)
    tags: Finder | None = None  # labels, as an object or as a list
    links: Mapping[str, Finder] = field(default_factory=dict)
