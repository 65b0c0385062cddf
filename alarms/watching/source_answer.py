"""What a source says when it is asked what fires, in the words of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from alarms.model.alert import Alert


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """``firing`` are alerts that somebody here has to know of, by member; ``aside`` are members that its own
    silences, inhibitions or routes keep from us; ``listed`` are all it speaks of, pending ones too.

    ``judged`` are names of rules, or members, whose end it can tell (None: that is not its business).
    ``up_for`` is how long it has been there, ``longest_for`` how long a rule of it may take to fire, and
    ``waits`` how long it may keep an alert before it sends it, by its own configuration. ``odd`` counts what
    in it is none of what such a source lists, which may hide anything.
    """

    firing: Mapping[str, Alert]
    listed: frozenset[str]
    aside: frozenset[str] = frozenset()
    judged: frozenset[str] | None = None
    up_for: timedelta = timedelta.max
    longest_for: timedelta = timedelta()
    waits: timedelta = timedelta()
    remark: str = ""
    odd: int = 0


class Asker(Protocol):
    """``name`` tells it from every other, and is shown."""

    @property
    def name(self) -> str: ...

    def ask(self) -> SourceAnswer:
        """Raises ``SourceSilent``."""
        ...


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """Askers whose alerts come in by one way, the nearest to us first; ``source`` is what the alerts say.

    ``signs`` are names of alerts that fire as a sign of life: they are missed by who expects them, and are in
    no incident.
    """

    source: str
    askers: tuple[Asker, ...]
    signs: Callable[[], frozenset[str]] = frozenset


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """``page_after``: something fires there and nobody here knows. ``close_after``: something is open here
    and nothing of it is said there. ``tell_after``: the source itself cannot tell."""

    page_after: timedelta = field(default=timedelta(minutes=2))
    close_after: timedelta = field(default=timedelta(minutes=5))
    tell_after: timedelta = field(default=timedelta(minutes=5))
