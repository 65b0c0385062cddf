"""The Lambda function: partial failures, packages, poison, idempotence, as Kinesis events say them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.metrics import INGEST_DURATION, INGEST_LAG, INGEST_RECORDS
from credit.ports.faults import Fault
from dataplatform.ingestion.deaggregate import parts
from tests.support.lambda_world import LambdaWorld, lambda_world, packed


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaWorld]:
    with lambda_world(tmp_path) as opened:
        yield opened


def customer(number: int) -> dict[str, Any]:
    return {"kind": "customer", "data": {"customer_id": f"C-{number}", "cpf": synthetic_cpf(7, number)}}


def transaction(number: int, customer_number: int = 1) -> dict[str, Any]:
    data = {
        "transaction_id": f"T-{number}",
        "customer_id": f"C-{customer_number}",
        "amount_cents": 100 * number,
    }
    return {"kind": "transaction", "data": {**data, "kind": "PURCHASE"}}


def numbers(event: dict[str, Any]) -> list[str]:
    return [record["kinesis"]["sequenceNumber"] for record in event["Records"]]


def stored(world: LambdaWorld) -> tuple[int, int, int]:
    """Customers, and items in hot and wide."""
    people = world.run(world.platform.customers.scan(1_000))
    hot = world.run(world.platform.hot.scan(1_000))
    wide = world.run(world.platform.wide.scan(1_000))
    return len(people), len(hot), len(wide)


def letters(world: LambdaWorld) -> list[str]:
    box = world.platform.letters
    return [letter.reason for letter in world.run(box.letters(-1))]


def test_a_batch_reaches_all_three_stores_and_is_measured(world: LambdaWorld) -> None:
    event = world.event(world.records(customer(1), customer(2), transaction(1), transaction(2)))
    world.clock.advance(timedelta(seconds=3))
    assert world.invoke(event) == []
    assert stored(world) == (2, 4, 4)
    assert world.telemetry.counted(INGEST_RECORDS, outcome="ok") == 4
    assert world.telemetry.gauges[INGEST_LAG.name, ()] == 3.0
    assert len(world.telemetry.observations[INGEST_DURATION.name, ()]) == 1
    (batch,) = world.run(world.platform.processing_log.latest(10))
    assert batch.worker.startswith("lambda/c6af9ac6")
    assert (batch.ok, batch.first) == (4, f"shardId-000000000006:{numbers(event)[0]}")


def test_the_same_event_twice_changes_nothing(world: LambdaWorld) -> None:
    event = world.event(world.records(customer(1), transaction(1)))
    assert world.invoke(event) == world.invoke(event) == []
    assert stored(world) == (1, 2, 2)
    assert world.telemetry.counted(INGEST_RECORDS, outcome="duplicate") == 2


def test_poison_is_set_aside_sealed_as_it_came_and_holds_up_nobody(world: LambdaWorld) -> None:
    good = world.records(customer(1), customer(2))
    poison = ("p", b"\xff not a record")
    assert world.invoke(world.event([good[0], poison, good[1]])) == []
    assert stored(world)[0] == 2
    (letter,) = world.run(world.platform.letters.letters(-1))
    assert (letter.record.partition_key, letter.record.data) == poison
    assert letter.reason.startswith("record rejected: ")


def test_an_orphan_alone_is_reported_until_it_is_too_old_and_then_set_aside(world: LambdaWorld) -> None:
    event = world.event(world.records(customer(1), transaction(1, customer_number=9), transaction(2)))
    assert world.invoke(event) == [numbers(event)[1]]
    assert stored(world) == (1, 2, 2)
    world.clock.advance(timedelta(seconds=121))
    assert world.invoke(event) == []
    (reason,) = letters(world)
    assert "there is no customer C-9" in reason


def test_an_orphan_is_stored_once_its_customer_came(world: LambdaWorld) -> None:
    event = world.event(world.records(transaction(1)))
    assert world.invoke(event) == numbers(event)
    assert world.invoke(world.event(world.records(customer(1)))) == []
    assert world.invoke(event) == []
    assert stored(world) == (1, 2, 2)


def test_a_store_that_fails_brings_everything_back_and_buries_nothing(world: LambdaWorld) -> None:
    event = world.event(world.records(customer(1), transaction(1)))
    world.faults.set("relational", Fault(error_ratio=1.0))
    assert world.invoke(event) == numbers(event)
    assert letters(world) == []
    world.faults.clear("relational")
    assert world.invoke(event) == []
    assert stored(world) == (1, 2, 2)


def test_projections_that_fail_are_brought_on_by_a_later_batch(world: LambdaWorld) -> None:
    world.faults.set("hot", Fault(error_ratio=1.0))
    assert world.invoke(world.event(world.records(customer(1)))) == []
    world.faults.clear("hot")
    assert stored(world) == (1, 0, 1)
    world.clock.advance(timedelta(minutes=1))
    assert world.invoke(world.event(world.records(customer(2)))) == []
    assert stored(world) == (2, 2, 2)


def test_a_part_that_waits_reports_its_package(world: LambdaWorld) -> None:
    inside = world.records(customer(1), transaction(1, customer_number=9))
    event = world.event([packed(inside), *world.records(customer(2))])
    assert world.invoke(event) == [numbers(event)[0]]
    assert world.invoke(world.event(world.records(customer(9)))) == []
    assert world.invoke(event) == []
    assert stored(world)[0] == 3
    assert world.telemetry.counted(INGEST_RECORDS, outcome="retried") == 1


def test_what_only_looks_like_a_package_is_one_record(world: LambdaWorld) -> None:
    key, package = packed([("k", b"part")])
    broken = package[:-1] + bytes([package[-1] ^ 1])
    assert [part.number for part in parts(key, package)] == [0]
    assert parts(key, broken)[0].data == broken
    assert world.invoke(world.event([(key, broken)])) == []
    assert len(letters(world)) == 1


def test_a_letter_that_cannot_be_kept_makes_its_record_wait(world: LambdaWorld) -> None:
    event = world.event([("p", b"poison")])
    world.run(world.platform.stores["stream"].close())
    assert world.invoke(event) == numbers(event)
    assert world.telemetry.counted(INGEST_RECORDS, outcome="dead_letter") == 0
