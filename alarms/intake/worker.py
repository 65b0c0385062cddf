"""Works off the inbox: parse, route, settle; the receipt and everything it changes in one transaction."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import msgspec

from alarms.intake import alertmanager, cloudwatch
from alarms.intake.inbox import kind_of
from alarms.intake.normalise import IntakeRules, Parsed
from alarms.intake.retention import Retention
from alarms.model.alert import Alert, AlertState, digest
from alarms.model.errors import MalformedPayload, StoreBusy
from alarms.model.receipt import RECORDED, Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.router.router import Router
from alarms.router.troubles import Trouble
from alarms.stores.protocol import RouterStore, RouterTransaction
from foundation.bilingual import Text
from foundation.clock import Clock

LOG = logging.getLogger(__name__)
Decoded = TypeVar("Decoded")
Parser = Callable[[bytes, IntakeRules, datetime], Parsed]
Counted = Callable[[str, int], None]
QUARANTINED = ReceiptState.QUARANTINED
QUARANTINE_KEEPS = 1_000
PRUNE_EVERY = 100
REASON_SHOWN = 160  # characters
URGENT, LEAST_URGENT = 2, 9
ALERT = msgspec.json.Decoder(Alert)
ALERTS = msgspec.json.Decoder(tuple[Alert, ...])


def parse_alert(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """An alert in our own shape. Raises ``MalformedPayload``."""
    return Parsed((_decoded(ALERT, payload),))


def parse_alerts(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """Several in our own shape, as ``Router.receive_all`` records them. Raises ``MalformedPayload``."""
    return Parsed(_decoded(ALERTS, payload))


def _decoded(decoder: msgspec.json.Decoder[Decoded], payload: bytes) -> Decoded:
    try:
        return decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise MalformedPayload("alert", "body", str(error)) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise MalformedPayload("alert", "body", "is not readable JSON") from error


def parse_oversized(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """What was too large to keep whole: only its beginning is on file."""
    raise MalformedPayload("webhook", "body", f"too large; its first {len(payload)} bytes are kept")


PARSERS: Mapping[str, Parser] = {
    "alert": parse_alert,
    RECORDED: parse_alerts,
    "oversized": parse_oversized,
    "alertmanager": alertmanager.parse,
    "cloudwatch": cloudwatch.parse_alarm,
    "eventbridge": cloudwatch.parse_event,
}


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
    ) -> None:
        """While ``flooded`` only what may be urgent is worked off; the rest is safe on file and waits."""
        self._store = store
        self._router = router
        self._rules = rules
        self._clock = clock
        self._received = received
        self._left = left
        self._flooded = flooded
        self._retention = Retention(store, clock)
        self._rounds = 0

    def run_once(self, limit: int = 50) -> int:
        """Work off up to ``limit`` receipts, the most urgent first; how many.

        Raises:
            StoreBusy: nothing was changed; the receipts are still there.
        """
        if self._store.count_receipts(ReceiptState.PENDING) == 0:
            self._left(0)
            return 0  # without asking for the write lock, which others need
        try:
            done = self._batch(limit)
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

    def _batch(self, limit: int) -> int:
        with self._store.transaction() as tx:
            receipts = tx.pending_receipts(limit, URGENT if self._flooded() else LEAST_URGENT)
            counts = [self._work(tx, receipt) for receipt in receipts]
        for receipt, alerts in zip(receipts, counts, strict=True):
            self._received(receipt.kind, alerts)
            self._retention.done(len(receipt.payload))
        return len(receipts)

    def _one_by_one(self, limit: int) -> int:
        """A fault of ours in one receipt must not keep the others waiting: that one is put aside."""
        with self._store.transaction() as tx:
            receipts = tx.pending_receipts(limit)
        for receipt in receipts:
            try:
                with self._store.transaction() as tx:
                    self._work(tx, receipt)
            except StoreBusy:
                raise
            except Exception as error:
                LOG.exception("receipt put aside", extra={"receipt": receipt.id})
                with self._store.transaction() as tx:
                    self._put_aside(tx, receipt, f"{type(error).__name__}: {error}")
        return len(receipts)

    def _work(self, tx: RouterTransaction, receipt: Receipt) -> int:
        """How many alerts it held."""
        try:
            parsed = self._parsed(receipt)
        except MalformedPayload as problem:
            self._put_aside(tx, receipt, str(problem))
            return 0
        for number, part in enumerate(parsed.unread):
            alone = replace(receipt, id=f"{receipt.id}.{number}", payload=part.payload)
            tx.keep_receipt(alone)
            self._put_aside(tx, alone, part.problem)
        alerts = (*parsed.alerts, *self._truncation(tx, parsed))
        self._router.process(tx, alerts, receipt.received_at)
        tx.settle_receipt(receipt.id, ReceiptState.DONE)
        return len(parsed.alerts)

    def _parsed(self, receipt: Receipt) -> Parsed:
        """By the parser of its hook, or of what it is: what was sent to the wrong hook is taken as well."""
        try:
            return PARSERS[receipt.kind](receipt.payload, self._rules, receipt.received_at)
        except MalformedPayload:
            kind = kind_of(receipt.payload)
            if kind == receipt.kind or receipt.kind == "oversized":
                raise
            with suppress(MalformedPayload):
                return PARSERS[kind](receipt.payload, self._rules, receipt.received_at)
            raise

    def _put_aside(self, tx: RouterTransaction, receipt: Receipt, problem: str) -> None:
        """Into quarantine, which somebody is told of: one incident for each sender and reason, counted."""
        tx.settle_receipt(receipt.id, ReceiptState.QUARANTINED, problem)
        reason = re.sub(r"\d+", "#", problem)[:REASON_SHOWN]
        trouble = Trouble(
            "Quarantined",
            f"{receipt.kind}: {reason}",
            Text(
                f"What a known sender sent as {receipt.kind} could not be read: {reason}. It may have been "
                "an alert. Look with `mirante alerts quarantine list`, correct and requeue it.",
                f"O que um remetente conhecido enviou como {receipt.kind} não pôde ser lido: {reason}. Pode "
                "ter sido um alerta. Veja com `mirante alerts quarantine list`, corrija e recoloque na fila.",
            ),
            self._rules.severity_in(receipt.payload) or Severity.P2,
        )
        self._router.routing.troubles.note(trouble)
        self._router.process(tx, ())

    def _truncation(self, tx: RouterTransaction, parsed: Parsed) -> Sequence[Alert]:
        """Alertmanager left alerts out: that is an alert of its own until a whole group arrives again."""
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
            summary=f"Alertmanager left out {parsed.truncated} alerts of group {parsed.group}",
            summary_pt=f"O Alertmanager omitiu {parsed.truncated} alertas do grupo {parsed.group}",
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
