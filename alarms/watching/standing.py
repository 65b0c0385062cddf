"""How an asker stands, by what it answered over time, and the page about one that cannot tell what fires.

One restart is no page: it is over as soon as the source has been up for as long as it would take to be told
of it. A source that was seen to restart again and again is not; one that began not long ago and does not
answer now is away, and has not restarted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alarms.model.alert import Alert, AlertState, digest
from alarms.model.severity import Severity
from alarms.model.source import AskedState
from alarms.notify.text.plain import moment
from alarms.router.troubles import SELF
from alarms.watching.source_answer import SourceAnswer
from foundation.bilingual import Text

CANNOT_TELL = "SourceCannotTell"
SEVERITY = Severity.P2
AGAIN_AND_AGAIN = 2  # restarts
WORST_FIRST = (AskedState.SILENT, AskedState.EMPTY, AskedState.RESTARTED)
WORDS = {
    AskedState.SILENT: Text("does not answer", "não responde"),
    AskedState.RESTARTED: Text("keeps restarting", "reinicia repetidamente"),
    AskedState.EMPTY: Text("has lost its rules", "perdeu suas regras"),
    AskedState.ANSWERS: Text("answers again", "voltou a responder"),
}

MEANS = Text(
    " What fires there may come late or not at all, and nothing that is open here is closed by what it says.",
    " O que dispara lá pode chegar tarde ou não chegar, e nada que está aberto aqui é fechado pelo que diz.",
)


@dataclass(slots=True)
class Standing:
    """``name`` is the asker's. ``since`` is when each state that is not good began."""

    name: str
    tell_after: timedelta
    state: AskedState = AskedState.ANSWERS
    changed_at: datetime | None = None
    answered_at: datetime | None = None
    problem: str = ""
    had_rules: bool = False
    _up_for: timedelta = timedelta()  # when it last answered
    _restarts: int = 0  # seen since it was last up for long
    _since: dict[AskedState, datetime] = field(default_factory=dict)

    def silent(self, now: datetime, problem: str) -> None:
        self.problem = problem
        self._since.setdefault(AskedState.SILENT, now)
        self._since.pop(AskedState.EMPTY, None)
        self._change(AskedState.SILENT, now)

    def answered(self, now: datetime, answer: SourceAnswer, needed: timedelta, expected: bool) -> None:
        """``needed`` is how long it has to have been up to be believed; ``expected``: it reported what is
        open here, so it has rules."""
        self._count_restart(now, answer.up_for)
        self.answered_at, self.problem = now, answer.remark
        self._since.pop(AskedState.SILENT, None)
        self._during(AskedState.RESTARTED, answer.up_for < self.tell_after, now)
        self.had_rules = self.had_rules or bool(answer.judged)
        self._during(AskedState.EMPTY, self.is_empty(answer, expected), now)
        if AskedState.EMPTY in self._since:
            self._change(AskedState.EMPTY, now)
        elif answer.up_for < needed:
            self._change(AskedState.RESTARTED, now)
        else:
            self._change(AskedState.ANSWERS, now)

    def _count_restart(self, now: datetime, up_for: timedelta) -> None:
        """It has been up for no longer than when it answered before."""
        if self.answered_at is not None and now > self.answered_at and up_for <= self._up_for:
            self._restarts += 1
        if up_for >= self.tell_after:
            self._restarts = 0
        self._up_for = up_for

    def is_empty(self, answer: SourceAnswer, expected: bool) -> bool:
        return answer.judged is not None and not answer.judged and (self.had_rules or expected)

    def _during(self, state: AskedState, is_so: bool, now: datetime) -> None:
        if is_so:
            self._since.setdefault(state, now)
        else:
            self._since.pop(state, None)

    def _change(self, state: AskedState, now: datetime) -> None:
        if self.changed_at is None or state is not self.state:
            self.state, self.changed_at = state, now

    def to_be_told(self, now: datetime) -> AskedState | None:
        """What has lasted for so long that somebody has to know; ``ANSWERS``: all is well (None: neither)."""
        well = None if self._since.keys() - {AskedState.RESTARTED} else AskedState.ANSWERS
        return next((state for state in WORST_FIRST if self._lasts(state, now)), well)

    def _lasts(self, state: AskedState, now: datetime) -> bool:
        since = self._since.get(state)
        if since is None or now - since < self.tell_after:
            return False
        return state is not AskedState.RESTARTED or self._restarts >= AGAIN_AND_AGAIN

    def alert(self, environment: str, now: datetime, state: AskedState, zone: ZoneInfo) -> Alert:
        """About this source: of any state but ``ANSWERS`` it fires."""
        over = state is AskedState.ANSWERS
        words = WORDS[state] if over else _with_since(WORDS[state], self._since[state], zone)
        problem = f": {self.problem}" if self.problem and not over else ""
        return Alert(
            alert_key=digest("source", self.name),
            source=SELF,
            environment=environment,
            name=CANNOT_TELL,
            state=AlertState.RESOLVED if over else AlertState.FIRING,
            starts_at=now if over else self._since[state],
            ends_at=now if over else None,
            title=f"{self.name} {words.en}",
            title_pt=f"{self.name} {words.pt}",
            summary=f"{self.name} {words.en}{problem}.{'' if over else MEANS.en}",
            summary_pt=f"{self.name} {words.pt}{problem}.{'' if over else MEANS.pt}",
            severity=SEVERITY,
            labels={"about": self.name},
        )


def _with_since(words: Text, since: datetime, zone: ZoneInfo) -> Text:
    return Text(
        f"{words.en} since {moment(since, zone, 'en')}", f"{words.pt} desde {moment(since, zone, 'pt')}"
    )
