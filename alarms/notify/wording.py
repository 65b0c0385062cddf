"""A message in the languages that a channel speaks, cut to what a service takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alarms.model.notification import Message, Notification, NotifyStep
from alarms.model.severity import Severity
from alarms.notify.harmless import harmless
from alarms.notify.text.plain import spoken
from alarms.policy.channel import BOTH, Language
from foundation.bilingual import Text

ACKNOWLEDGE = Text("Acknowledge", "Assumir")
OPEN = Text("Open", "Abrir")
CUT = "…"
LONGEST_SHORT = 160  # characters of one SMS
COLOURS = {Severity.P1: "#b3261e", Severity.P2: "#c4620a", Severity.P3: "#8a6d00", Severity.P4: "#3a6ea5"}
RESOLVED_COLOUR = "#2e7d32"
MARKS = {Severity.P1: "🔴", Severity.P2: "🟠", Severity.P3: "🟡", Severity.P4: "🔵"}
RESOLVED_MARK = "✅"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language of a message."""

    language: Language
    subject: str
    body: str
    short: str
    call: str


def languages_of(message: Message, languages: Sequence[Language]) -> Sequence[Language]:
    """The person's own, for a message to that person's own address, else those of the channel."""
    return (Language(message.language),) if message.language else languages


def wordings(message: Message, languages: Sequence[Language] = BOTH) -> tuple[Wording, ...]:
    return tuple(_wording(message, language) for language in languages)


def chat_wordings(message: Message, languages: Sequence[Language] = BOTH) -> tuple[Wording, ...]:
    """For services that make links of brackets and call whoever is named after an @."""
    return tuple(
        replace(said, subject=harmless(said.subject), body=harmless(said.body), short=harmless(said.short))
        for said in wordings(message, languages)
    )


def _wording(message: Message, language: Language) -> Wording:
    if language is Language.PT:
        subject, body, short = message.subject_pt, message.body_pt, message.short_pt
    else:
        subject, body, short = message.subject, message.body, message.short
    call = message.call_pt if language is Language.PT else message.call
    short = short or cut(subject, LONGEST_SHORT)
    return Wording(language, subject, body, short, call or spoken(short))


def label(text: Text, languages: Sequence[Language]) -> str:
    return " / ".join(text.of(language) for language in languages)


def is_resolved(notification: Notification) -> bool:
    return notification.step is NotifyStep.RESOLVED


def colour_of(notification: Notification) -> str:
    return RESOLVED_COLOUR if is_resolved(notification) else COLOURS[notification.severity]


def mark_of(notification: Notification) -> str:
    return RESOLVED_MARK if is_resolved(notification) else MARKS[notification.severity]


def cut(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """At most ``most`` as ``size`` counts; what is cut off shows."""
    if size(text) <= most:
        return text
    least, longest = 0, len(text)
    while least < longest:
        middle = (least + longest + 1) // 2
        if size(text[:middle] + CUT) <= most:
            least = middle
        else:
            longest = middle - 1
    return text[:least].rstrip() + CUT


def bytes_of(text: str) -> int:
    return len(text.encode())
