"""Ports whose every call goes through something: a fault on purpose, a circuit breaker, a span.

One class a port, one line a method, whatever is put around it: ``get = through(HotStore.get)`` has that
method's own signature. A class that lacks a method of its port does not implement it, and the type checker
says so where it is used as one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from credit.ports.projections import Cache, HotStore, WideStore
from credit.ports.records import (
    AuditTrail,
    CustomerRecords,
    DecisionRecords,
    Outbox,
    PolicyRecords,
    TransactionRecords,
)
from credit.ports.sagas import DisbursementRecords, SagaLog
from credit.ports.stream import Stream

Port = TypeVar("Port")
P = ParamSpec("P")
R = TypeVar("R")


class Around(Protocol):
    """What a call goes through."""

    async def __call__(self, method: str, call: Callable[[], Awaitable[R]], /) -> R:
        """Make the call, or refuse it; ``method`` is its name."""
        ...


class Wrapped(Generic[Port]):
    def __init__(self, port: Port, around: Around) -> None:
        self._port, self._around = port, around


def through(
    method: Callable[Concatenate[Port, P], Awaitable[R]],
) -> Callable[Concatenate[Wrapped[Port], P], Coroutine[Any, Any, R]]:
    """The method of a port as its wrapped one has it."""
    name = method.__name__

    async def call(self: Wrapped[Port], /, *args: P.args, **kwargs: P.kwargs) -> R:
        inner: Callable[P, Awaitable[R]] = getattr(self._port, name)
        return await self._around(name, lambda: inner(*args, **kwargs))

    return call


class WrappedDecisionRecords(Wrapped[DecisionRecords]):
    record = through(DecisionRecords.record)
    find = through(DecisionRecords.find)
    find_by_key = through(DecisionRecords.find_by_key)
    of_customer = through(DecisionRecords.of_customer)
    count = through(DecisionRecords.count)


class WrappedCustomerRecords(Wrapped[CustomerRecords]):
    get = through(CustomerRecords.get)
    find_by_cpf = through(CustomerRecords.find_by_cpf)
    upsert = through(CustomerRecords.upsert)
    upsert_many = through(CustomerRecords.upsert_many)
    scan = through(CustomerRecords.scan)


class WrappedTransactionRecords(Wrapped[TransactionRecords]):
    add_many = through(TransactionRecords.add_many)
    of_customer = through(TransactionRecords.of_customer)


class WrappedPolicyRecords(Wrapped[PolicyRecords]):
    activate = through(PolicyRecords.activate)
    find = through(PolicyRecords.find)
    activations = through(PolicyRecords.activations)


class WrappedOutbox(Wrapped[Outbox]):
    claim = through(Outbox.claim)
    done = through(Outbox.done)
    failed = through(Outbox.failed)
    depth = through(Outbox.depth)


class WrappedSagaLog(Wrapped[SagaLog]):
    begin = through(SagaLog.begin)
    claim = through(SagaLog.claim)
    claim_one = through(SagaLog.claim_one)
    note = through(SagaLog.note)
    turn_back = through(SagaLog.turn_back)
    end = through(SagaLog.end)
    postpone = through(SagaLog.postpone)
    retry = through(SagaLog.retry)
    find = through(SagaLog.find)
    list = through(SagaLog.list)
    tally = through(SagaLog.tally)


class WrappedDisbursementRecords(Wrapped[DisbursementRecords]):
    free_limit = through(DisbursementRecords.free_limit)
    pay = through(DisbursementRecords.pay)


class WrappedAuditTrail(Wrapped[AuditTrail]):
    head = through(AuditTrail.head)
    entries = through(AuditTrail.entries)
    append = through(AuditTrail.append)


class WrappedHotStore(Wrapped[HotStore]):
    get = through(HotStore.get)
    put_if_newer = through(HotStore.put_if_newer)
    delete = through(HotStore.delete)
    query_customer = through(HotStore.query_customer)
    query_status = through(HotStore.query_status)
    query_type = through(HotStore.query_type)
    scan = through(HotStore.scan)


class WrappedWideStore(Wrapped[WideStore]):
    get = through(WideStore.get)
    put_if_newer = through(WideStore.put_if_newer)
    range = through(WideStore.range)
    delete = through(WideStore.delete)
    scan = through(WideStore.scan)


class WrappedCache(Wrapped[Cache]):
    get = through(Cache.get)
    set = through(Cache.set)
    delete = through(Cache.delete)
    delete_prefix = through(Cache.delete_prefix)


class WrappedStream(Wrapped[Stream]):
    put = through(Stream.put)
    lease = through(Stream.lease)
    ack = through(Stream.ack)
    retry = through(Stream.retry)
    bury = through(Stream.bury)
    oldest = through(Stream.oldest)
    answers = through(Stream.answers)
    dead_letters = through(Stream.dead_letters)
    replay = through(Stream.replay)
