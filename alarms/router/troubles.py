"""What goes wrong in the router itself: an incident of its own, counted, told a bounded number of times."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from alarms.model.alert import Alert, AlertState, digest
from alarms.model.errors import UnreadableRow
from alarms.model.severity import Severity
from foundation.bilingual import Text

SELF = "self"  # the source of what the router says of itself
SHOWN = 300  # characters of what an error says


@dataclass(frozen=True, slots=True)
class Trouble:
    """``kind`` is its alert name and ``about`` what it is about: the two make it one incident.

    ``summary`` says what it means. ``severity`` is how bad at least.
    """

    kind: str
    about: str
    summary: Text
    severity: Severity = Severity.P2

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
            title=f"{self.kind}: {self.about}",
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
