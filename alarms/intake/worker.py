"""Works off the inbox: parse, route, settle; the receipt and everything it changes in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alarms.intake import parsers
from alarms.intake.heartbeats import SignsOfLife
from alarms.intake.normalise import IntakeRules, Parsed, shortened
from alarms.intake.parsers import HOOKS
from alarms.intake.retention import Retention
from alarms.model.alert import Alert, AlertState, digest
from alarms.model.errors import MalformedPayload, StoreBusy
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.router.router import Router
from alarms.router.troubles import PUT_ASIDE, REASON_SHOWN, Trouble, put_aside_as
from alarms.stores.protocol import RouterStore, RouterTransaction
from foundation.bilingual import Text
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
Counted = Callable[[str, int], None]
QUARANTINED = ReceiptState.QUARANTINED
AT_ONCE = 200  # receipts in one transaction, which costs a sync of the disk
TURN = 0.1  # seconds after which it ends: what is urgent and came in meanwhile has waited as long
QUARANTINE_KEEPS = 1_000
PRUNE_EVERY = 100
URGENT, LEAST_URGENT = 2, 9
MOST_ASTRAY = 1_000  # senders, hooks and kinds that are remembered
ASTRAY_AGAIN = timedelta(hours=12)  # less than such a trouble stays open without being met


def ignore(_: str, __: int) -> None:
    """Nobody counts."""


class IntakeWorker:
    """Several may share one store: a receipt is settled by one of them only."""

    def __init__(
        self,
        store: RouterStore,
        router: Router,
        rules: IntakeRules,
        clock: Clock,
        *,
        received: Counted = ignore,
        left: Callable[[int], None] = lambda _: None,
        flooded: Callable[[], bool] = lambda: False,
        signs: SignsOfLife | None = None,
    ) -> None:
        """While ``flooded`` only what may be urgent is worked off; the rest is safe on file and waits."""
        self._store = store
        self._router = router
        self._rules = rules
        self._clock = clock
        self._received = received
        self._left = left
        self._flooded = flooded
        self._signs = signs or SignsOfLife({})
        self._retention = Retention(store, clock)
        self._rounds = 0
        self._astray: dict[tuple[str, str, str], datetime] = {}

    def change_rules(self, rules: IntakeRules) -> None:
        """For what is worked off from now on."""
        self._rules = rules

    def run_once(self, limit: int = AT_ONCE) -> int:
        """Work off up to ``limit`` receipts, the most urgent first, for ``TURN`` at most; how many.

        Raises:
            StoreBusy: nothing was changed; the receipts are still there.
        """
        urgency = URGENT if self._flooded() else LEAST_URGENT
        if not self._store.is_pending(urgency):
            if urgency == LEAST_URGENT:
                self._left(0)
            return 0  # without asking for the write lock, which others need
        try:
            done = self._batch(limit, urgency)
        except StoreBusy:
            raise
        except Exception:
            LOG.exception("a receipt cannot be processed; trying one at a time")
            done = self._one_by_one(limit)
        self._tidy()
        return done

    def drain(self) -> int:
        total = 0
        while worked := self.run_once():
            total += worked
        return total

    def _batch(self, limit: int, urgency: int) -> int:
        with self._store.transaction() as tx:
            receipts = tx.pending_receipts(limit, urgency)
            done = [(receipt, self._work(tx, receipt)) for receipt in self._in_time(receipts)]
        for receipt, alerts in done:
            self._received(receipt.kind.partition("/")[0], alerts)
            self._retention.done(len(receipt.payload))
        return len(done)

    def _in_time(self, receipts: Sequence[Receipt]) -> Iterator[Receipt]:
        """As many as there is time for; the others wait for the next turn, which begins with the urgent."""
        until = self._clock.monotonic() + TURN
        for receipt in receipts:
            yield receipt
            if self._clock.monotonic() >= until:
                return

    def _one_by_one(self, limit: int) -> int:
        """A fault of ours in one receipt must not keep the others waiting: that one is put aside."""
        with self._store.transaction() as tx:
            receipts = tx.pending_receipts(limit)
        done = 0
        for receipt in self._in_time(receipts):
            done += 1
            try:
                with self._store.transaction() as tx:
                    self._work(tx, receipt)
            except StoreBusy:
                raise
            except Exception as error:
                LOG.exception("receipt put aside", extra={"receipt": receipt.id})
                with self._store.transaction() as tx:
                    self._put_aside(tx, receipt, f"{type(error).__name__}: {error}")
        return done

    def _work(self, tx: RouterTransaction, receipt: Receipt) -> int:
        """How many alerts it held."""
        self._hear(tx, self._signs.of_sender(receipt.sender), receipt)
        try:
            kind, parsed = parsers.read(receipt.kind, receipt.payload, self._rules, receipt.received_at)
        except MalformedPayload as problem:
            self._put_aside(tx, receipt, str(problem))
            return 0
        self._note_astray(receipt, kind)
        for number, part in enumerate(parsed.unread):
            alone = replace(receipt, id=f"{receipt.id}.{number}", kind=kind, payload=part.payload)
            tx.keep_receipt(alone)
            self._put_aside(tx, alone, part.problem)
        beats, told = self._signs.of_alerts(receipt.sender, parsed.alerts)
        self._hear(tx, beats.union(parsed.beats), receipt)
        alerts = [_whole(tx, alert) for alert in told]
        alerts += self._truncation(tx, parsed, receipt.origin)
        self._router.process(tx, alerts, receipt.received_at)
        for member in parsed.acknowledged:
            self._acknowledge(tx, member, receipt.origin)
        tx.settle_receipt(receipt.id, ReceiptState.DONE)
        self._release(tx, receipt.corrects)
        return len(parsed.alerts)

    def _release(self, tx: RouterTransaction, name: str) -> None:
        """From quarantine, as it came: its correction was read, which may have been one of a correction."""
        corrected = tx.receipt(name) if name else None
        if corrected is not None and tx.requeue_receipt(corrected):
            tx.settle_receipt(corrected.id, ReceiptState.DONE)
            self._release(tx, corrected.corrects)

    def _note_astray(self, receipt: Receipt, kind: str) -> None:
        """What came in at another hook than its own: once for each sender, and again while it goes on."""
        if kind == receipt.kind:
            return
        now, astray = self._clock.now(), (receipt.origin, receipt.kind, kind)
        known = self._astray.get(astray)
        due = len(self._astray) < MOST_ASTRAY if known is None else now - known >= ASTRAY_AGAIN
        if due:
            self._astray[astray] = now
            self._router.routing.troubles.note(_wrong_hook(receipt, kind))

    def _hear(self, tx: RouterTransaction, names: Iterable[str], receipt: Receipt) -> None:
        for name in names:
            tx.hear(name, receipt.received_at)

    def _acknowledge(self, tx: RouterTransaction, member: str, by: str) -> None:
        """Of an alert that is over, or that nobody has heard of, there is nothing to acknowledge."""
        record = tx.alert(member)
        incident = None if record is None else tx.incident(record.incident_id)
        if incident is not None and incident.is_open:
            self._router.acknowledge_in(tx, incident.id, by)

    def _put_aside(self, tx: RouterTransaction, receipt: Receipt, problem: str) -> None:
        """Into quarantine, which somebody is told of: one incident for each sender and reason, counted."""
        tx.settle_receipt(receipt.id, ReceiptState.QUARANTINED, problem)
        about = put_aside_as(receipt.origin, problem)
        reason = shortened(problem, REASON_SHOWN)
        trouble = Trouble(
            PUT_ASIDE,
            about,
            Text(
                f"What {receipt.origin} sent as {receipt.kind} could not be read: {reason}. It may have been "
                "an alert; it counts as severe as the worst word in it, or P2. Look with "
                "`mirante alerts quarantine list`, correct and requeue it.",
                f"O que {receipt.origin} enviou como {receipt.kind} não pôde ser lido: {reason}. Pode "
                "ter sido um alerta; a gravidade é a da pior palavra contida nele, ou P2. Veja com "
                "`mirante alerts quarantine list`, corrija e recoloque na fila.",
            ),
            self._rules.severity_in(receipt.payload) or Severity.P2,
            told=f"{receipt.origin}: {reason}",
        )
        self._router.routing.troubles.note(trouble)
        self._router.process(tx, ())

    def _truncation(self, tx: RouterTransaction, parsed: Parsed, sender: str) -> Sequence[Alert]:
        """The sender left alerts out: that is an alert of its own until a whole group arrives again."""
        if not parsed.group:
            return ()
        now = self._clock.now()
        alert = Alert(
            alert_key=digest("truncated", parsed.group),
            source="self",
            environment=self._rules.environment,
            name="AlertsTruncated",
            state=AlertState.FIRING if parsed.truncated else AlertState.RESOLVED,
            starts_at=now,
            ends_at=None if parsed.truncated else now,
            summary=f"{sender} left out {parsed.truncated} alerts of group {parsed.group}",
            summary_pt=f"{sender} omitiu {parsed.truncated} alertas do grupo {parsed.group}",
            severity=Severity.P3,
            labels={"group": parsed.group},
        )
        known = tx.alert(alert.member)
        fires = known is not None and known.state is AlertState.FIRING
        return (alert,) if parsed.truncated or fires else ()

    def _tidy(self) -> None:
        """Bounded space for what is done with and for what could not be read."""
        self._left(self._store.count_receipts(ReceiptState.PENDING))
        self._rounds += 1
        self._retention.tidy()
        if self._rounds % PRUNE_EVERY == 0 or self._store.count_receipts(QUARANTINED) > 2 * QUARANTINE_KEEPS:
            self._store.prune_receipts(QUARANTINED, QUARANTINE_KEEPS)


def _whole(tx: RouterTransaction, alert: Alert) -> Alert:
    """The end of an alert that is known by its key may say nothing else: the rest is as it was."""
    record = tx.alert(alert.member) if alert.by_key and alert.state is AlertState.RESOLVED else None
    if record is None:
        return alert
    return replace(alert, name=record.name, labels=record.labels, severity=record.severity)


def _wrong_hook(receipt: Receipt, kind: str) -> Trouble:
    """Taken all the same; whoever set the sender up should know."""
    right = HOOKS.get(kind, f"where {kind} belongs")
    return Trouble(
        "WrongHook",
        f"{receipt.origin}: {kind} sent as {receipt.kind}",
        Text(
            f"{receipt.origin} sends {kind} payloads to the hook of {receipt.kind}. They are taken; "
            f"send them to {right}.",
            f"{receipt.origin} envia payloads de {kind} para o hook de {receipt.kind}. Eles são aceitos; "
            f"envie-os para {right}.",
        ),
        Severity.P4,
    )
