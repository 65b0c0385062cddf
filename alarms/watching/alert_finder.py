"""What fires there and is not known here is taken in, and told in any case."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

from alarms.model.alert import Alert, AlertState
from alarms.model.errors import StoreBusy
from alarms.model.incident import AlertRecord
from alarms.model.receipt import recorded
from alarms.router.reconcile import Heard, take_in, tell_unheard
from alarms.router.router import Router
from alarms.router.troubles import Trouble, sentence
from alarms.stores.protocol import RouterStore
from foundation.bilingual import Text
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
A_TRANSACTION = 100  # alerts: nobody waits for the write lock longer than these take
NAMED, NAME_SHOWN = 5, 80  # names, and characters of each
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Says:
    """``asker`` says that ``alert`` fires."""

    alert: Alert
    asker: str


@dataclass(frozen=True, slots=True)
class _Found:
    """Taken in by asking, and how often it had been seen then."""

    at: datetime
    times_seen: int


class AlertFinder:
    """``taken_in`` counts alerts by asker, of this process."""

    def __init__(self, store: RouterStore, router: Router, clock: Clock) -> None:
        self._store, self._router, self._clock = store, router, clock
        self._found: dict[str, _Found] = {}
        self.taken_in: Counter[str] = Counter()

    def take_in(self, unknown: Sequence[Says], asked_at: datetime) -> None:
        for batch in batches(unknown):
            try:
                unheard = self._batch(batch, asked_at)
            except StoreBusy:
                raise
            except Exception:
                LOG.exception("alerts found by asking cannot be taken in; trying one at a time")
                unheard = self._one_by_one(batch, asked_at)
            self._tell(unheard)

    def _batch(self, batch: Sequence[Says], asked_at: datetime) -> list[tuple[Says, str]]:
        """Those that nobody would hear of all the same, and why."""
        now, unheard, found = self._clock.now(), [], {}
        with self._store.transaction() as tx:
            for one in batch:
                before = tx.alert(one.alert.member)
                record = take_in(self._router.routing, tx, one.alert, asked_at, now, one.asker)
                if record is None:
                    unheard.append((one, "it is in no open incident after it was taken in"))
                elif _is_new(before, record):
                    found[record.member] = _Found(now, record.times_seen)
            tx.keep_receipt(recorded([one.alert for one in batch], asked_at))
        self._found |= found
        self.taken_in.update(one.asker for one in batch if one.alert.member in found)
        return unheard

    def _one_by_one(self, batch: Sequence[Says], asked_at: datetime) -> list[tuple[Says, str]]:
        unheard = []
        for one in batch:
            try:
                unheard += self._batch([one], asked_at)
            except StoreBusy:
                raise
            except Exception as error:  # noqa: BLE001 - which is told
                unheard.append((one, sentence(error)))
        return unheard

    def _tell(self, unheard: Sequence[tuple[Says, str]]) -> None:
        """One incident for each name, however many there are of it."""
        by_name = sorted(unheard, key=lambda entry: (entry[0].asker, entry[0].alert.name))
        for (asker, _), group in groupby(by_name, lambda entry: (entry[0].asker, entry[0].alert.name)):
            entries = list(group)
            alerts, problem = [one.alert for one, _ in entries], entries[0][1]
            with self._store.transaction() as tx:
                tell_unheard(self._router.routing, tx, alerts, self._clock.now(), asker, problem)

    def tell_unsent(self, says: Mapping[str, Says], heard: Heard, allowed: timedelta, now: datetime) -> None:
        """What was found, goes on firing, and was not sent in all the time ``allowed`` to its source."""
        unsent: dict[str, list[str]] = {}  # names, by asker
        for member, found in list(self._found.items()):
            record = heard.firing.get(member)
            if member not in says or (record is not None and record.times_seen > found.times_seen):
                del self._found[member]
            elif now > found.at and now - found.at >= allowed:
                del self._found[member]
                unsent.setdefault(says[member].asker, []).append(says[member].alert.name)
        for asker, names in unsent.items():
            self._router.routing.troubles.note(_not_sent(asker, names), len(names))


def _is_new(before: AlertRecord | None, record: AlertRecord) -> bool:
    """It fires now, by the source's word alone."""
    fired = before is not None and before.state is AlertState.FIRING
    return record.state is AlertState.FIRING and not fired


def batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), A_TRANSACTION):
        yield items[start : start + A_TRANSACTION]


def _not_sent(asker: str, names: Sequence[str]) -> Trouble:
    """Naming some."""
    distinct = sorted(set(names))
    some, more = ", ".join(name[:NAME_SHOWN] for name in distinct[:NAMED]), max(0, len(distinct) - NAMED)
    en, pt = (f"{some} and {more} more", f"{some} e mais {more}") if more else (some, some)
    return Trouble(
        "AlertsNotSent",
        asker,
        Text(
            f"Alerts fired at {asker} that nobody sent here: {en}. They were found by asking and "
            "are paged; look at why they do not arrive: its receiver's address, its token, its own log.",
            f"Alertas dispararam em {asker} e ninguém os enviou para cá: {pt}. Foram encontrados por "
            "consulta e já foram avisados; veja por que não chegam: o endereço do receptor, o token, o log "
            "da origem.",
        ),
    )
