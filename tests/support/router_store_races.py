"""What every router store promises to several workers at once.

Each check takes a function that opens one more store on the same data, as another process would, and raises
if the promise is broken.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import TypeVar

from alarms.model.errors import StoreBusy
from alarms.model.incident import Transition, TransitionKind
from alarms.model.notification import Delivery, DeliveryState
from alarms.model.receipt import ReceiptState
from alarms.stores.protocol import RouterStore, RouterTransaction
from tests.support.patience import Deadline, patience
from tests.support.router_store_contract import MINUTE, NOW, enqueue, incident, notification, receipt

S = TypeVar("S")
T = TypeVar("T")
Open = Callable[[], RouterStore]
WORKERS = 4
LONG_ENOUGH = 0.2  # seconds in which a second transaction would begin, if it could
PATIENCE = 60.0


@contextmanager
def several(open_store: Open, number: int = WORKERS) -> Iterator[Sequence[RouterStore]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(open_store())) for _ in range(number)]


def at_once(workers: Sequence[S], work: Callable[[S], T]) -> list[T]:
    """The same work by each, all beginning together; what they answered."""
    start = threading.Barrier(len(workers))

    def begin(worker: S) -> T:
        start.wait(patience(PATIENCE))
        return work(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        return list(pool.map(begin, workers))


def insist(work: Callable[[], T]) -> T:
    """Again while the store is busy, as every worker does."""
    deadline = Deadline(PATIENCE)
    while True:
        try:
            return work()
        except StoreBusy:
            if deadline.is_over():
                raise


def transact(store: RouterStore, work: Callable[[RouterTransaction], T]) -> T:
    def once() -> T:
        with store.transaction() as tx:
            return work(tx)

    return insist(once)


def a_transaction_waits_for_the_one_before_it(open_store: Open) -> None:
    with several(open_store, 2) as (first, second), ThreadPoolExecutor(1) as pool:
        with first.transaction() as tx:
            assert tx.newest_incident("key") is None
            waiting = pool.submit(transact, second, lambda other: other.newest_incident("key"))
            time.sleep(LONG_ENOUGH)
            tx.save_incident(incident())
        assert waiting.result() == incident()


def those_who_open_an_incident_of_one_key_at_once_open_one(open_store: Open) -> None:
    numbers = iter(range(1, 1000))
    keys = [f"key-{number}" for number in range(5)]

    def open_all(store: RouterStore) -> None:
        for key in keys:
            transact(store, lambda tx, key=key: find_or_open(tx, key, next(numbers)))  # type: ignore[misc]

    with several(open_store) as stores:
        at_once(stores, open_all)
        opened = Counter(found.key for found in stores[0].incidents())
    assert opened == dict.fromkeys(keys, 1), opened


def find_or_open(tx: RouterTransaction, key: str, number: int) -> None:
    if tx.newest_incident(key) is None:
        time.sleep(0.001)
        tx.save_incident(incident(number, key))


def what_one_adds_to_a_history_the_next_goes_on_from(open_store: Open) -> None:
    def add(tx: RouterTransaction) -> None:
        number = len(tx.transitions("incident-1")) + 1
        time.sleep(0.001)
        tx.add_transition(Transition("incident-1", number, TransitionKind.NOTED, NOW, "somebody"))

    def add_five(store: RouterStore) -> None:
        for _ in range(5):
            transact(store, add)

    with several(open_store) as stores:
        at_once(stores, add_five)
        history = stores[0].transitions("incident-1")
    assert [each.number for each in history] == list(range(1, 5 * WORKERS + 1))


def a_delivery_is_held_by_one_claimer_only(open_store: Open) -> None:
    with several(open_store) as stores:
        enqueue(stores[0], *(notification(f"i-{number}") for number in range(30)))

        def claim_all(store: RouterStore) -> list[Delivery]:
            claimed: list[Delivery] = []
            while batch := insist(lambda: store.claim("somebody", NOW, NOW + MINUTE, 3)):
                claimed += batch
            return claimed

        held = [delivery for claimed in at_once(stores, claim_all) for delivery in claimed]
        left = stores[0].claim("the last", NOW, NOW + MINUTE, 30)
    assert len(held) + len(left) == 30
    assert {delivery.sequence for delivery in (*held, *left)} == set(range(1, 31))
    assert {delivery.fence for delivery in held} == {1}


def a_lease_set_a_moment_later_by_the_clock_is_nobody_elses(open_store: Open) -> None:
    """Two workers look at the clock in one order and at the outbox in the other."""
    with several(open_store, 2) as (one, two):
        enqueue(one, notification())
        assert len(one.claim("one", NOW + MINUTE / 60, NOW + MINUTE + MINUTE / 60, 1)) == 1
        assert list(two.claim("two", NOW, NOW + MINUTE, 1)) == []


def of_two_who_settle_one_delivery_only_the_holder_is_heard(open_store: Open) -> None:
    with several(open_store, 3) as (late, other, third):
        enqueue(late, *(notification(f"i-{number}") for number in range(10)))
        stale = late.claim("late", NOW, NOW + MINUTE, 10)
        current = other.claim("other", NOW + MINUTE, NOW + 2 * MINUTE, 10)
        pending, sent = DeliveryState.PENDING, DeliveryState.SENT

        def settle_all(turn: tuple[RouterStore, Sequence[Delivery], DeliveryState]) -> list[bool]:
            store, mine, outcome = turn
            return [insist(lambda d=d: store.settle(replace(d, state=outcome))) for d in mine]  # type: ignore[misc]

        heard = at_once([(late, stale, pending), (other, current, sent), (third, current, sent)], settle_all)
        kept = {delivery.state for delivery in late.deliveries()}
    assert heard[0] == [False] * 10
    assert [one + two for one, two in zip(heard[1], heard[2], strict=True)] == [1] * 10
    assert kept == {DeliveryState.SENT}


def a_receipt_is_worked_off_by_one_worker_only(open_store: Open) -> None:
    with several(open_store) as stores:
        stores[0].append_receipts([receipt(number) for number in range(40)])

        def work(tx: RouterTransaction) -> tuple[int, int]:
            """How many there were, and how many of them were mine."""
            pending = tx.pending_receipts(4)
            time.sleep(0.001)
            return len(pending), sum(tx.settle_receipt(each.id, ReceiptState.DONE) for each in pending)

        def work_all(store: RouterStore) -> int:
            mine = 0
            while (found := transact(store, work))[0]:
                assert found[0] == found[1]
                mine += found[1]
            return mine

        assert sum(at_once(stores, work_all)) == 40
        assert stores[0].count_receipts(ReceiptState.DONE) == 40


def the_same_receipts_sent_to_all_are_kept_once(open_store: Open) -> None:
    receipts = [receipt(number) for number in range(20)]
    with several(open_store) as stores:
        at_once(stores, lambda store: insist(lambda: store.append_receipts(receipts)))
        assert stores[0].count_receipts(ReceiptState.PENDING) == 20


RACES: tuple[Callable[[Open], None], ...] = (
    a_transaction_waits_for_the_one_before_it,
    those_who_open_an_incident_of_one_key_at_once_open_one,
    what_one_adds_to_a_history_the_next_goes_on_from,
    a_delivery_is_held_by_one_claimer_only,
    a_lease_set_a_moment_later_by_the_clock_is_nobody_elses,
    of_two_who_settle_one_delivery_only_the_holder_is_heard,
    a_receipt_is_worked_off_by_one_worker_only,
    the_same_receipts_sent_to_all_are_kept_once,
)
