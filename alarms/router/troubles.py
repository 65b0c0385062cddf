"""What goes wrong in the router itself: an incident of its own, counted, told a bounded number of times, and
over when it has not been met for long enough, or when nothing is left of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarms.model.alert import Alert, AlertState, digest
from alarms.model.errors import UnreadableRow
from alarms.model.incident import AlertRecord
from alarms.model.severity import Severity
from foundation.bilingual import Text
from foundation.quantities import duration_text

SELF = "self"  # the source of what the router says of itself
SHOWN = 300  # characters of what an error says
PUT_ASIDE = "Quarantined"
CHANNEL_FAILS = "ChannelFails"  # over when a message arrives, however long that takes
REASON_SHOWN = 160  # characters of why something is in quarantine
UNKNOWN_SEVERITY = "UnknownSeverity"
QUIET = timedelta(hours=1)
# Met only as often as a sender repeats itself, which may be every few hours.
LONGER: Mapping[str, timedelta] = dict.fromkeys(
    ("WrongHook", "AlertsTruncated", UNKNOWN_SEVERITY), timedelta(days=1)
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """``kind`` is its alert name and ``about`` what it is about: the two make it one incident.

    ``summary`` says what it means. ``severity`` is how bad at least. ``told`` is what people read where
    the numbers of ``about`` are masked.
    """

    kind: str
    about: str
    summary: Text
    severity: Severity = Severity.P2
    told: str = ""

    @property
    def key(self) -> str:
        return digest("trouble", self.kind, self.about)

    def counted(self, times: int) -> Trouble:
        more = Text(f"{self.summary.en} So far {times}.", f"{self.summary.pt} Até agora {times}.")
        return self if times == 1 else replace(self, summary=more)

    def alert(self, environment: str, now: datetime) -> Alert:
        return Alert(
            alert_key=self.key,
            source=SELF,
            environment=environment,
            name=self.kind,
            state=AlertState.FIRING,
            starts_at=now,
            summary=self.summary.en,
            summary_pt=self.summary.pt,
            title=f"{self.kind}: {self.told or self.about}",
            labels={"about": self.about},
            severity=self.severity,
        )

    @classmethod
    def of_a_part(cls, part: str, problem: str) -> Trouble:
        """A part of the router that fails: alerts are paged without it."""
        return cls(
            "RouterPartFails",
            part,
            Text(
                f"The router's {part} fails and is skipped: {problem}. Alerts are paged without it.",
                f"{part} do roteador falha e é ignorado: {problem}. Os alertas são enviados sem essa parte.",
            ),
        )

    @classmethod
    def of_a_row(cls, row: UnreadableRow) -> Trouble:
        return cls(
            "StoredRowUnreadable",
            f"{row.table} {row.row}",
            Text(
                f"{row}. The router continues without it; check by hand what it said.",
                f"{row}. O roteador continua sem ela; verifique manualmente o que ela dizia.",
            ),
        )


def put_aside_as(origin: str, problem: str) -> str:
    """What the trouble of a payload in quarantine is about: its sender, and the reason without numbers."""
    return f"{origin}: {re.sub(r'[0-9]+', '#', problem)[:REASON_SHOWN]}"


def end_of(record: AlertRecord, now: datetime, in_quarantine: Collection[str]) -> Alert | None:
    """The end of a trouble, if it is over. ``in_quarantine`` is what those there are about."""
    if record.state is AlertState.RESOLVED or record.name == CHANNEL_FAILS:
        return None
    if record.name == PUT_ASIDE:
        left = record.labels.get("about") in in_quarantine
        why = Text("nothing of it is left in quarantine", "nada dele resta na quarentena")
    else:
        quiet = LONGER.get(record.name, QUIET)
        left = now - record.received_at < quiet
        span = duration_text(quiet)
        why = Text(f"not seen for {span}", f"não visto há {span}")
    return None if left else ended(record, now, why)


def ended(record: AlertRecord, now: datetime, why: Text) -> Alert:
    """The end of a trouble."""
    about = record.labels.get("about") or record.labels.get("group", "")
    if record.words is not None and record.words.title.startswith(f"{record.name}: "):
        about = record.words.title.removeprefix(f"{record.name}: ")
    over = record.ended(now, f"{about}: {why.en}")
    return replace(over, summary_pt=f"{about}: {why.pt}", labels=record.labels, severity=record.severity)


class Troubles:
    """Noted wherever they are met, told by whoever works next. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[str, tuple[Trouble, int]] = {}

    def note(self, trouble: Trouble, times: int = 1) -> None:
        with self._lock:
            _, before = self._noted.get(trouble.key, (trouble, 0))
            self._noted[trouble.key] = (trouble, before + times)

    def taken(self) -> list[tuple[Trouble, int]]:
        """What was noted since the last time, and how often each."""
        with self._lock:
            noted, self._noted = list(self._noted.values()), {}
        return noted

    def __bool__(self) -> bool:
        return bool(self._noted)


def sentence(error: BaseException) -> str:
    """What an error says, short enough for a page and without what does not print."""
    said = "".join(c if c.isprintable() else " " for c in f"{type(error).__name__}: {error}")
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}..."
