"""Sources that must not go quiet: what counts as a sign of life of theirs, and who is told when none comes.

A source is quiet when ``every`` and ``grace`` have passed since it was last heard from, or since it was first
expected. While no router ran nobody could be heard: a source is given its whole time once more from the start
of this one, unless its time was over already when a router last listened. Then it was quiet to one that was
there, and is told of at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alarms.model.alert import Alert, AlertState, digest
from alarms.model.expected_beat import ExpectedBeat, LastHeard
from alarms.model.receipt import recorded
from alarms.router.router import Router
from alarms.stores.protocol import RouterStore, RouterTransaction
from foundation.bilingual import Text
from foundation.clock import Clock
from foundation.quantities import span_text

SOURCE = "heartbeat"
LISTENED_EVERY = timedelta(seconds=30)  # that it is put on file that a router is there
AGAIN_EVERY = timedelta(minutes=1)  # that a quiet source is reported once more, as Alertmanager does


class BeatState(StrEnum):
    AWAITED = "awaited"  # not heard from yet, and not late
    ALIVE = "alive"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class BeatStatus:
    """``due`` is when it is told of unless it is heard from by then, or was."""

    beat: ExpectedBeat
    state: BeatState
    heard_at: datetime | None
    due: datetime


class SignsOfLife:
    """What of all that comes in is one, of which source."""

    def __init__(self, expected: Mapping[str, ExpectedBeat]) -> None:
        self.change(expected)

    def change(self, expected: Mapping[str, ExpectedBeat]) -> None:
        """From now on."""
        self._of_senders = [beat for beat in expected.values() if beat.sender and not beat.alert]
        self._of_alerts = [beat for beat in expected.values() if beat.alert]

    def alerts(self) -> frozenset[str]:
        """Names of alerts that are there for that alone."""
        return frozenset(beat.alert for beat in self._of_alerts)

    def of_sender(self, sender: str) -> set[str]:
        return {beat.name for beat in self._of_senders if beat.sender == sender}

    def of_alerts(self, sender: str, alerts: Iterable[Alert]) -> tuple[set[str], list[Alert]]:
        """Those whose alert fires, and the alerts that are not there for that."""
        names, others = set(), []
        for alert in alerts:
            beats = [beat.name for beat in self._of_alerts if _is_of(beat, sender, alert)]
            if not beats:
                others.append(alert)
            elif alert.state is AlertState.FIRING:
                names.update(beats)
        return names, others


def _is_of(beat: ExpectedBeat, sender: str, alert: Alert) -> bool:
    return alert.name == beat.alert and beat.sender in ("", sender)


class Heartbeats:
    """Looks at the clock for them. Several processes may, on one store."""

    def __init__(
        self, store: RouterStore, router: Router, clock: Clock, expected: Mapping[str, ExpectedBeat]
    ) -> None:
        self._store = store
        self._router = router
        self._clock = clock
        self._expected = expected
        self._up_since = clock.now()
        self._listened = store.listened_until()
        self._put_on_file = self._told_again = self._up_since - LISTENED_EVERY - AGAIN_EVERY

    def change(self, expected: Mapping[str, ExpectedBeat]) -> None:
        """From now on; those that are new have their whole time from the next look."""
        self._expected = expected

    def names(self) -> Sequence[str]:
        return sorted(self._expected)

    def run_once(self) -> int:
        """How many are quiet.

        Raises:
            StoreBusy: nobody was told; it is looked at again.
        """
        now = self._clock.now()
        heard = self._store.heard()
        new = [name for name in self._expected if name not in heard]
        quiet = self._quiet(heard, now)
        firing = {record.labels.get(SOURCE, "") for record in self._store.firing(SOURCE)}
        again = now - self._told_again >= AGAIN_EVERY
        begun, over = quiet - firing, firing - quiet
        told = quiet if again else begun
        listens = bool(self._expected) and now - self._put_on_file >= LISTENED_EVERY
        gone = heard.keys() - self._expected.keys()
        if not (new or gone or told or over or listens):
            return len(quiet)  # without asking for the write lock, which others need
        with self._store.transaction() as tx:
            alerts = [*self._begun(told, heard), *self._ended(over, heard, now)]
            self._write(tx, now, new, alerts)
            for name in gone:
                tx.unexpect(name)
            if begun or over:
                tx.keep_receipt(recorded(alerts, now))
        self._put_on_file = now
        self._told_again = now if again else self._told_again
        return len(quiet)

    def _write(
        self, tx: RouterTransaction, now: datetime, new: Sequence[str], alerts: Sequence[Alert]
    ) -> None:
        if self._expected:
            tx.listen(now)
        for name in new:
            tx.expect(name, now)
        self._router.process(tx, alerts)

    def statuses(self) -> Sequence[BeatStatus]:
        """Of all that are expected, by name."""
        return statuses(self._store, self._expected, self._clock.now())

    def _quiet(self, heard: Mapping[str, LastHeard], now: datetime) -> set[str]:
        """What has not been worked off yet may be a sign of life: nobody is quiet later than that came in."""
        pending = self._store.oldest_pending()
        known_until = now if pending is None else min(now, pending)
        return {
            name
            for name, beat in self._expected.items()
            if name in heard and self._due(beat, heard[name]) <= known_until
        }

    def _due(self, beat: ExpectedBeat, last: LastHeard) -> datetime:
        due = due_of(beat, last)
        heard_by_us = (last.at or last.since) >= self._up_since
        was_over = self._listened is not None and due <= self._listened
        return due if heard_by_us or was_over else max(due, self._up_since + beat.every + beat.grace)

    def _begun(self, names: Iterable[str], heard: Mapping[str, LastHeard]) -> Iterable[Alert]:
        return (self._alert(self._expected[name], heard[name]) for name in sorted(names))

    def _ended(self, names: Iterable[str], heard: Mapping[str, LastHeard], now: datetime) -> Iterable[Alert]:
        """They are heard from again, or not expected any more."""
        for name in sorted(names):
            beat = self._expected.get(name) or ExpectedBeat(name, timedelta(0))
            last = heard.get(name, LastHeard(name, now))
            yield self._alert(beat, last, AlertState.RESOLVED, now)

    def _alert(
        self,
        beat: ExpectedBeat,
        last: LastHeard,
        state: AlertState = AlertState.FIRING,
        ends_at: datetime | None = None,
    ) -> Alert:
        text = _told(beat, last)
        return Alert(
            alert_key=digest(SOURCE, beat.name),
            source=SOURCE,
            environment=self._router.routing.environment,
            name=f"Quiet: {beat.name}",
            state=state,
            starts_at=due_of(beat, last),
            ends_at=ends_at,
            title=f"No sign of life from {beat.name}",
            title_pt=f"Sem sinal de vida de {beat.name}",
            summary=text.en,
            summary_pt=text.pt,
            labels={**beat.labels, SOURCE: beat.name},
            severity=beat.severity,
            component=beat.labels.get("component"),
            runbook=beat.runbook,
            by_key=True,
        )


def _told(beat: ExpectedBeat, last: LastHeard) -> Text:
    allowed = f"{span_text(beat.every)} + {span_text(beat.grace)}"
    since = (last.at or last.since).isoformat(timespec="seconds")
    en = f"was last heard from at {since}" if last.at else f"has not been heard from since {since}"
    pt = f"deu o último sinal em {since}" if last.at else f"não dá sinal desde {since}"
    return Text(
        f"{beat.name} {en}; expected every {allowed}. It may be down, or unable to reach the router: what it "
        "would tell does not arrive.",
        f"{beat.name} {pt}; esperado a cada {allowed}. Pode estar fora do ar ou sem alcançar o roteador: o "
        "que ele avisaria não chega.",
    )


def due_of(beat: ExpectedBeat, last: LastHeard) -> datetime:
    """When it has been quiet for too long, had somebody listened all the time."""
    return (last.at or last.since) + beat.every + beat.grace


def statuses(store: RouterStore, expected: Mapping[str, ExpectedBeat], now: datetime) -> Sequence[BeatStatus]:
    """Of all that are expected, by name, as the store knows them."""
    heard = store.heard()
    firing = {record.labels.get(SOURCE, "") for record in store.firing(SOURCE)}
    found = []
    for name, beat in sorted(expected.items()):
        last = heard.get(name, LastHeard(name, now))
        state = BeatState.QUIET if name in firing else BeatState.ALIVE if last.at else BeatState.AWAITED
        found.append(BeatStatus(beat, state, last.at, due_of(beat, last)))
    return found
