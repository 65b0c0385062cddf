"""A silence: matching alerts are stored and shown, but nobody is notified until it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alarms.model.errors import InvalidRequest
from foundation.patterns import PatternError, check, fullmatch

OPERATORS = ("=", "!=", "=~", "!~")
MOST_MATCHERS = 50
LONGEST_LABEL, LONGEST_VALUE, LONGEST_COMMENT = 256, 4096, 4000  # characters
ANY = ("0", "q", "Zq-7/x.y:9 _")  # values that nobody asks for: a matcher that takes them all takes any
LONGEST_SILENCE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Alertmanager's four operators; a missing label is the empty string; a pattern matches in full.

    A value is made of whatever a file, a request or a stored row holds; ``problem`` says whether it is one.
    """

    label: str
    operator: str  # one of OPERATORS
    value: str

    def problem(self) -> str | None:
        """What is wrong with it, in words; None: nothing is."""
        if not self.label or len(self.label) > LONGEST_LABEL or not self.label.isprintable():
            return f"{self.label[:40]!r} is not a label name"
        if self.operator not in OPERATORS:
            return f"{self.operator[:10]!r} is not an operator (use one of {', '.join(OPERATORS)})"
        if len(self.value) > LONGEST_VALUE:
            return f"its value is longer than {LONGEST_VALUE} characters"
        try:
            if "~" in self.operator:
                check(self.value)
        except PatternError as error:
            return str(error)
        return None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """
        Raises:
            InvalidRequest: it is not a matcher (``problem`` says why).
        """
        actual = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (actual == self.value) is (self.operator == "=")
        if self.operator not in OPERATORS:
            raise InvalidRequest("matcher", self.problem() or "", "Use one of the four operators")
        try:
            return fullmatch(self.value, actual) is (self.operator == "=~")
        except PatternError as error:
            raise InvalidRequest("matcher", str(error), "Correct the pattern") from error

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


@dataclass(frozen=True, slots=True)
class Silence:
    """In force in ``[starts_at, ends_at)``. Every matcher has to match."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str

    def covers(self, labels: Mapping[str, str], now: datetime) -> bool:
        """Raises InvalidRequest: it was stored broken."""
        return self.starts_at <= now < self.ends_at and all(m.matches(labels) for m in self.matchers)


def checked_silence(
    matchers: Sequence[Matcher],
    starts_at: datetime,
    ends_at: datetime,
    comment: str,
    now: datetime,
    *,
    everything: bool = False,
) -> tuple[Matcher, ...]:
    """The matchers of a silence that may be made.

    Raises:
        InvalidRequest: a matcher is none, or it covers everything, no time, or time that nobody can oversee.
            One that asks for no value at all (``alertname=~".+"``) covers ``everything``, which has to be
            meant.
    """
    checked = checked_matchers(matchers)
    if not everything and all(
        matcher.matches({matcher.label: value}) for matcher in checked for value in ANY
    ):
        problem = "they ask for no value, so this would silence everything"
        raise InvalidRequest("matchers", problem, "Ask for a value, or confirm with --everything")
    if ends_at <= starts_at or ends_at <= now:
        raise InvalidRequest("ends_at", "it is past, or not after starts_at", "Give an end still to come")
    if ends_at - max(starts_at, now) > LONGEST_SILENCE:
        problem = f"later than {LONGEST_SILENCE.days} days after its start"
        raise InvalidRequest("ends_at", problem, "Give an earlier end; a silence can be made again")
    if len(comment) > LONGEST_COMMENT:
        raise InvalidRequest("comment", f"longer than {LONGEST_COMMENT} characters", "Shorten it")
    return checked


def checked_matchers(matchers: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """Raises InvalidRequest: one is none, or together they cover everything."""
    for number, matcher in enumerate(matchers):
        if (problem := matcher.problem()) is not None:
            raise InvalidRequest(f"matchers[{number}]", problem, 'Write LABEL="value", with =, !=, =~ or !~')
    if len(matchers) > MOST_MATCHERS:
        raise InvalidRequest("matchers", f"more than {MOST_MATCHERS}", "Make several silences")
    if all(matcher.matches({}) for matcher in matchers):
        problem = "they match an alert without any label, so this would silence everything"
        raise InvalidRequest("matchers", problem, "Give at least one that asks for a value")
    return tuple(matchers)
