"""One way in and those that are asked about it: what they say fires, against what came in by it.

What keeps it from closing too much, each by itself: a source that does not answer, one that began not long
ago, one that holds no such rule or has lost all of them, one that was never seen to report the alert, and
less than the stated time all close nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alarms.model.alert import AlertState
from alarms.model.errors import SourceSilent
from alarms.model.incident import AlertRecord
from alarms.model.receipt import recorded
from alarms.model.severity import Severity
from alarms.model.source import AskedState, SourceReport
from alarms.router.reconcile import Heard, ended
from alarms.router.router import Router
from alarms.router.troubles import SELF, Trouble
from alarms.stores.protocol import RouterStore
from alarms.watching.alert_finder import AlertFinder, Says, batches
from alarms.watching.source_answer import SourceAnswer, WatchedSource, WatchTimes
from alarms.watching.standing import Standing
from foundation.bilingual import Text
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
TOLD_AGAIN = timedelta(minutes=10)  # a trouble that is not met for long is taken to be over
UNDERSTOOD = Text("its answer can be read as a whole again", "a resposta volta a ser lida por inteiro")
A_ROUND = 1_000  # alerts taken in, marked or closed at once; the rest wait for the next round


class OneSource:
    """The askers of one way in, compared with what came in by it."""

    def __init__(
        self, store: RouterStore, router: Router, clock: Clock, watched: WatchedSource, times: WatchTimes
    ) -> None:
        self.source, self._signs = watched.source, watched.signs
        self._store, self._router, self._clock, self._times = store, router, clock, times
        self._askers = watched.askers
        self._standings = {asker.name: Standing(asker.name, times.tell_after) for asker in watched.askers}
        self._aside: dict[str, frozenset[str]] = {}  # by asker, as it last said
        self._missing: dict[str, datetime] = {}  # since when, by member
        self._gone: dict[str, datetime] = {}
        self._finder = AlertFinder(store, router, clock)
        self._closed: Counter[str] = Counter()  # by asker
        self._odd_told: dict[str, datetime] = {}  # when last, by asker

    def look(self) -> None:
        asked_at = self._clock.now()
        answers = self._ask()
        now = self._clock.now()
        heard = Heard.of(self._store, self.source, now)
        says = self._says(answers)
        self._judge(answers, heard, now)
        self._find(self._unknown(says, heard, now), asked_at)
        self._close(self._unreported(answers, heard, now), asked_at)
        self._mark(says, heard)
        if answers:
            waits = max(answer.waits for answer in answers.values())
            self._finder.tell_unsent(says, heard, waits - self._times.page_after, now)
        self._tell_standings(now)
        self._report(answers, says, heard, asked_at)

    def _ask(self) -> dict[str, SourceAnswer]:
        """By asker; those that do not answer are left out."""
        answers: dict[str, SourceAnswer] = {}
        for asker in self._askers:
            try:
                answers[asker.name] = asker.ask()
            except SourceSilent as error:
                LOG.warning("a source does not answer", extra={"reason": str(error)})
                self._standings[asker.name].silent(self._clock.now(), error.reason)
        return answers

    def _judge(self, answers: Mapping[str, SourceAnswer], heard: Heard, now: datetime) -> None:
        reported = {record.seen_at for record in heard.firing.values()}
        for name, answer in answers.items():
            needed = max(self._times.close_after, answer.longest_for)
            expected = bool(reported & self._standings.keys())
            self._standings[name].answered(now, answer, needed, expected)
            self._tell_odd(name, answer, now)

    def _tell_odd(self, name: str, answer: SourceAnswer, now: datetime) -> None:
        """What cannot be read may hide anything, so somebody has to look."""
        told_at = self._odd_told.get(name)
        if not answer.odd:
            if told_at is not None:
                self._router.trouble_is_over(_odd(name, ""), UNDERSTOOD)
                del self._odd_told[name]
        elif told_at is None or now - told_at >= TOLD_AGAIN:
            self._odd_told[name] = now
            self._router.routing.troubles.note(_odd(name, answer.remark))

    # -- what fires there and is not known here

    def _says(self, answers: Mapping[str, SourceAnswer]) -> dict[str, Says]:
        """By member; what one asker keeps from us, another does not bring, even while the one is away."""
        self._aside |= {name: answer.aside for name, answer in answers.items()}
        aside = frozenset().union(*self._aside.values())
        found: dict[str, Says] = {}
        signs = self._signs()
        for name, answer in answers.items():
            for member, alert in answer.firing.items():
                if member not in aside and alert.name not in signs:
                    found.setdefault(member, Says(alert, name))
        return found

    def _unknown(self, says: Mapping[str, Says], heard: Heard, now: datetime) -> list[Says]:
        """For long enough; the most severe first."""
        self._missing = {
            member: self._missing.get(member, now)
            for member in says
            if not heard.knows(member, self._router.routing)
        }
        due = [says[m] for m, since in self._missing.items() if now - since >= self._times.page_after]
        return sorted(due, key=lambda one: (one.alert.severity or Severity.P2).rank)[:A_ROUND]

    def _find(self, unknown: Sequence[Says], asked_at: datetime) -> None:
        self._finder.take_in(unknown, asked_at)
        for one in unknown:
            self._missing.pop(one.alert.member, None)  # it is told of again if it stays so

    # -- what is open here and not reported there

    def _unreported(
        self, answers: Mapping[str, SourceAnswer], heard: Heard, now: datetime
    ) -> list[AlertRecord]:
        """For long enough, by all that might know."""
        if not self._may_close(answers):
            self._gone.clear()
            return []
        listed = frozenset().union(*(answer.listed for answer in answers.values()))
        judged = frozenset().union(*(answer.judged or () for answer in answers.values()))
        self._gone = {
            record.member: self._gone_since(record, now)
            for record in heard.firing.values()
            if record.seen_at in self._standings
            and record.member not in listed
            and (record.name in judged or record.member in judged)
        }
        due = (heard.firing[m] for m, at in self._gone.items() if now - at >= self._times.close_after)
        return list(due)[:A_ROUND]

    def _may_close(self, answers: Mapping[str, SourceAnswer]) -> bool:
        """All answer, in words that are understood, and have been up for longer than their slowest rule takes
        to fire."""
        if len(answers) < len(self._askers) or any(answer.odd for answer in answers.values()):
            return False
        longest = max(answer.longest_for for answer in answers.values())
        needed = max(longest, self._times.close_after)
        return all(answer.up_for > needed for answer in answers.values())

    def _gone_since(self, record: AlertRecord, now: datetime) -> datetime:
        """Anew, if it was sent meanwhile."""
        since = self._gone.get(record.member, now)
        return since if record.received_at <= since else now

    def _close(self, records: Sequence[AlertRecord], asked_at: datetime) -> None:
        """As of the moment of the question: whatever came in since is the last word."""
        for batch in batches(records):
            over = [ended(record, asked_at) for record in batch]
            with self._store.transaction() as tx:
                self._router.process(tx, over, asked_at)
                tx.keep_receipt(recorded(over, asked_at))
            self._closed.update(record.seen_at for record in batch)
            for record in batch:
                self._gone.pop(record.member, None)

    # -- what is kept and told of the source itself

    def _mark(self, says: Mapping[str, Says], heard: Heard) -> None:
        """That it was seen to report it: only such a source may say that it no longer does."""
        new = [m for m, record in heard.firing.items() if m in says and record.seen_at not in self._standings]
        for batch in batches(new[:A_ROUND]):
            with self._store.transaction() as tx:
                for member in batch:
                    record = tx.alert(member)
                    if record is not None and record.state is AlertState.FIRING:
                        tx.save_alert(replace(record, seen_at=says[member].asker))

    def _tell_standings(self, now: datetime) -> None:
        known, routing = Heard.of(self._store, SELF, now), self._router.routing
        zone = ZoneInfo(self._router.policy.hours.time_zone)
        alerts = []
        for standing in self._standings.values():
            state = standing.to_be_told(now)
            if state is None:
                continue
            about = standing.alert(routing.environment, now, state, zone)
            if state is AskedState.ANSWERS:
                alerts += [about] if about.member in known.firing else []
            elif not known.knows(about.member, routing):
                alerts.append(about)
        if alerts:
            self._router.receive_all(alerts)

    def _report(
        self, answers: Mapping[str, SourceAnswer], says: Mapping[str, Says], heard: Heard, asked_at: datetime
    ) -> None:
        with self._store.transaction() as tx:
            for name, standing in self._standings.items():
                answer = answers.get(name)
                firing = [m for m in answer.firing if m in says] if answer is not None else []
                known = sum(heard.knows(member, self._router.routing) for member in firing)
                tx.save_source_report(
                    SourceReport(
                        name=name,
                        asked_at=asked_at,
                        state=standing.state,
                        since=standing.changed_at or asked_at,
                        answered_at=standing.answered_at,
                        firing=len(firing),
                        heard=known,
                        missing=len(firing) - known,
                        unreported=sum(heard.firing[m].seen_at == name for m in self._gone),
                        paged=self._finder.taken_in[name],
                        closed=self._closed[name],
                        remark=standing.problem,
                    )
                )


def _odd(asker: str, remark: str) -> Trouble:
    return Trouble(
        "SourceAnswerOdd",
        asker,
        Text(
            f"{asker}: {remark}. The others are taken; what these say is not known here, and nothing that is "
            "open is closed by that answer.",
            f"{asker} respondeu com partes que não podem ser lidas ({remark}). As outras valem; o que essas "
            "dizem não se sabe aqui, e nada que está aberto é fechado por essa resposta.",
        ),
    )
