"""Sends the ledger's counts to CloudWatch: ``GoodEvents`` and ``TotalEvents`` of each minute, exactly once.

CloudWatch adds up everything it is sent for a minute, so a minute whose counts changed later is sent the
difference, and one that was sent already is not sent again. What is about to be sent is put on file first. A
call whose end nobody knows is settled by asking CloudWatch what it has, once that can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from exporters.cloudwatch.datum import Datum, NotSent, Sink
from exporters.cloudwatch.put import MOST_DATA
from exporters.cloudwatch.sent_counts import MinuteChange, SentCounts, SentMinute
from foundation.clock import Clock
from slo.indicators.metric import CloudWatchMetric, Twin, TwinError, twin_of
from slo.ledger.collect import LATE
from slo.ledger.ledger import Ledger, series_key
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import Objective, Slo

TAKEN = timedelta(days=14)  # CloudWatch takes data no older than that
READABLE = timedelta(minutes=5)  # after a call, what it brought can be read back
MINUTES_AT_ONCE = MOST_DATA // 2


class ReadBack(Protocol):
    """What CloudWatch has of each minute; raises NotSent when it cannot be asked."""

    def sums(
        self, metric: CloudWatchMetric, since: datetime, until: datetime
    ) -> Mapping[datetime, float]: ...


class SloCounts:
    """Publishes what has no CloudWatch twin of its own, and one budget only (see ``slo.cloudwatch``).

    Without ``read_back`` a call whose end is unknown counts as done.
    """

    def __init__(
        self,
        slos: Sequence[Slo],
        ledger: Ledger,
        environment: str,
        sent: SentCounts,
        sink: Sink,
        clock: Clock,
        read_back: ReadBack | None = None,
    ) -> None:
        self._ledger, self._environment = ledger, environment
        self._sent, self._sink, self._clock, self._read_back = sent, sink, clock, read_back
        self._published = tuple(_published(slos, environment))
        self._twins = {(slo.id, objective.name): twin for slo, objective, twin in self._published}

    def publish(self) -> None:
        """Whole minutes, the new and the changed.

        Raises:
            PublishError: the rest was not sent, or perhaps was; the next call goes on.
            LedgerError: the ledger or the record cannot be used.
        """
        now = self._clock.now()
        reached = {
            (slo.id, objective.name): self._sent.reached(slo.id, objective.name)
            for slo, objective, _ in self._published
        }
        self._settle(now)
        for slo, objective, _ in self._published:
            begun = reached[(slo.id, objective.name)]
            changed = list(self._changed(slo, objective, begun, floor_minute(now)))
            for start in range(0, len(changed), MINUTES_AT_ONCE):
                self._send(changed[start : start + MINUTES_AT_ONCE], now)
        self._sent.forget_before(now - TAKEN - LATE)

    def _changed(
        self, slo: Slo, objective: Objective, reached: datetime | None, until: datetime
    ) -> Iterator[MinuteChange]:
        """Minutes of which CloudWatch should hold something else; not those on their way."""
        since = max((reached or until) - LATE, until - TAKEN)
        sent = self._sent.since(slo.id, objective.name, since)
        key = series_key(slo, objective, self._environment, ())
        for minute, counts in self._ledger.minutes(key, since, until).items():
            before = sent.get(minute)
            after = SentMinute(slo.id, objective.name, minute, counts.good, counts.total)
            on_its_way = minute in sent and before is None
            if before != after and not on_its_way:
                yield MinuteChange(before, after)

    def _send(self, changes: Sequence[MinuteChange], now: datetime) -> None:
        if not self._sent.begin(changes, now):
            return
        after = [change.after for change in changes]
        try:
            self._sink.send([datum for change in changes for datum in self._data(change)])
        except NotSent:
            self._sent.cancel(after)
            raise
        self._sent.settle(after)

    def _data(self, change: MinuteChange) -> Iterator[Datum]:
        after, before = change.after, change.before
        good, total = (0, 0) if before is None else (before.good, before.total)
        twin = self._twins[(after.slo, after.objective)]
        for metric, count in ((twin.part[0], after.good - good), (twin.total[0], after.total - total)):
            yield Datum(metric.namespace, metric.name, metric.dimensions, after.minute, (float(count),))

    def _settle(self, now: datetime) -> None:
        if self._read_back is None:
            self._sent.settle(self._sent.unsettled(now))
            return
        unsettled = self._sent.unsettled(now - READABLE)
        for (slo, objective), group in groupby(unsettled, key=lambda one: (one.slo, one.objective)):
            minutes = list(group)
            twin = self._twins.get((slo, objective))
            if twin is None:  # no longer published
                self._sent.settle(minutes)
                continue
            self._settle_by_asking(minutes, twin, self._read_back)

    def _settle_by_asking(self, minutes: Sequence[SentMinute], twin: Twin, read_back: ReadBack) -> None:
        since, until = minutes[0].minute, minutes[-1].minute + MINUTE
        good, total = (read_back.sums(metric, since, until) for metric in (twin.part[0], twin.total[0]))
        arrived = [
            SentMinute(one.slo, one.objective, one.minute, round(good[one.minute]), round(total[one.minute]))
            for one in minutes
            if one.minute in total and one.minute in good
        ]
        known = {one.minute for one in arrived}
        self._sent.settle(arrived)
        self._sent.cancel([one for one in minutes if one.minute not in known])


def _published(slos: Sequence[Slo], environment: str) -> Iterator[tuple[Slo, Objective, Twin]]:
    for slo in slos:
        if slo.is_grouped:
            continue
        for objective in slo.objectives:
            try:
                twin = twin_of(slo, objective, environment)
            except TwinError:
                continue  # the alarms name it, too
            if twin.published:
                yield slo, objective, twin
