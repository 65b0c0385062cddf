"""The decision API unchanged on real servers: MariaDB, Redis and Cassandra, with AWS emulated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pymysql
import pytest
import redis as redis_client
from sqlalchemy.engine import make_url

from app.demo.running import RunningMirante
from app.settings import Settings
from dataplatform.schemas.cassandra.creditdata import QUALIFIED
from foundation.aws.clients import AwsClients
from tests.support.aws_emulator import PATIENT, needs_emulator, running_emulator
from tests.support.live_credit import LiveCredit
from tests.support.local_servers import (
    cassandra,
    cassandra_session,
    empty_cassandra,
    fresh_mysql,
    needs_cassandra,
    needs_mariadb,
    needs_redis,
    redis,
)
from tests.support.patience import wait_until
from tests.support.processes import run_mirante

pytestmark = [needs_mariadb, needs_redis, needs_cassandra, needs_emulator]
CUSTOMERS, DECISIONS = 40, 60


@dataclass(frozen=True, slots=True)
class World:
    settings: Settings
    credit: LiveCredit
    mirante: RunningMirante
    answers: list[httpx.Response] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        every = self.settings.child_environment()
        return {name: value for name, value in every.items() if name.startswith("MIRANTE_")}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = make_url(self.settings.relational_writer)
        with (
            pymysql.connect(
                host=url.host,
                port=url.port or 0,
                user=url.username,
                password=str(url.password),
                database=url.database,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
            return list(cursor.fetchall())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("local")
    empty_cassandra()
    with running_emulator(folder) as aws:
        settings = replace(
            Settings(),
            profile="local",
            data_dir=folder / "data",
            relational_writer=fresh_mysql(),
            wide_hosts=f"127.0.0.1:{cassandra().port}",
            cache=f"redis://127.0.0.1:{redis().port}/9",
            aws_endpoint=aws,
            consistency_every=2.0,
            settle=1.0,
        )
        with RunningMirante(settings, folder / "log") as mirante:
            settings = mirante.settings
            yield World(settings, LiveCredit(mirante.api_url, settings.data_dir), mirante)


def test_customers_and_decisions_reach_every_server_and_are_answered_alike(world: World) -> None:
    world.credit.ingest_customers(CUSTOMERS)
    answers = world.answers
    answers += (world.credit.ask(f"key-{n}", f"C-{n % CUSTOMERS + 1:04d}") for n in range(DECISIONS))

    def read_from_the_cache() -> bool:
        """On a busy machine the cache may answer too late for a while: then the next store is read."""
        answers.append(world.credit.ask(f"key-{len(answers)}", "C-0001"))
        return 'credit_profile_reads_total{source="cache"}' in world.credit.measured()

    wait_until(read_from_the_cache, 60, "a profile is read from the cache")
    assert {answer.status_code for answer in answers} == {201}
    again = world.credit.ask("key-7", "C-0008")
    assert again.json()["decision_id"] == answers[7].json()["decision_id"]

    assert world.rows("SELECT count(*) FROM customers") == [(CUSTOMERS,)]
    assert world.rows("SELECT count(*), sum(degraded) FROM credit_decisions") == [(len(answers), 0)]
    assert world.rows("SELECT count(*) FROM idempotency_keys") == [(len(answers),)]
    wait_until(lambda: world.rows("SELECT count(*) FROM outbox") == [(0,)], 60, "everything is projected")

    items = hot_items(world)
    assert sum(item["dataType"]["S"].startswith("PROFILE") for item in items) == CUSTOMERS
    wide = wide_kinds()
    assert sum(kind == "CUSTOMER_PROFILE" for kind in wide) == CUSTOMERS
    assert sum(kind.startswith("DECISION#") for kind in wide) == len(answers)
    cached = redis_client.Redis(host="127.0.0.1", port=redis().port, db=9)
    with cached:
        assert cached.dbsize() > 0


def test_the_stores_are_compared_and_the_trail_is_whole_and_anchored(world: World) -> None:
    wait_until(
        lambda: 'data_consistency_records_compared_total{pair="relational-wide"}' in world.credit.measured(),
        60,
        "both pairs have been compared",
    )
    wait_until(lambda: audit(world)["unanchored"] == 0, 30, "the newest entry is anchored")
    told = audit(world)
    assert told["intact"]
    assert told["by_action"]["decision.recorded"] == len(world.answers)


def test_the_command_line_asks_the_servers_and_makes_up_no_number(world: World) -> None:
    waiting = run_mirante("ingest", "status", settings=world.variables)
    assert waiting.returncode == 0, waiting.stderr
    assert "the number of waiting records is unknown" in waiting.stdout
    sagas = run_mirante("sagas", "list", settings=world.variables)
    assert (sagas.returncode, "No saga is open or stuck" in sagas.stdout) == (0, True), sagas.stderr


def audit(world: World) -> dict[str, Any]:
    told = run_mirante("audit", "verify", "--json", settings=world.variables)
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def hot_items(world: World) -> list[dict[str, Any]]:
    client = AwsClients(world.settings.aws_endpoint).client("dynamodb", PATIENT)
    pages = client.get_paginator("scan").paginate(TableName="credit-hot-data")
    return [item for page in pages for item in page["Items"]]


def wide_kinds() -> list[str]:
    rows = cassandra_session()._session.execute(f"SELECT data_type FROM {QUALIFIED}")
    return [row["data_type"] for row in rows]


def test_a_missing_address_or_a_server_that_is_away_is_said_plainly(tmp_path: Path) -> None:
    lacking = run_mirante("serve", "data", settings={"MIRANTE_PROFILE": "local"}, cwd=tmp_path)
    assert lacking.returncode == 2
    assert "relational_writer: the profile local needs it" in lacking.stderr
    away = {
        "MIRANTE_PROFILE": "local",
        "MIRANTE_RELATIONAL_WRITER": "mysql://u:p@127.0.0.1:9/x",
        "MIRANTE_WIDE_HOSTS": "127.0.0.1:9",
        "MIRANTE_CACHE": "redis://127.0.0.1:9/0",
        "MIRANTE_AWS_ENDPOINT": "http://127.0.0.1:9",
        "MIRANTE_API_PORT": "18699",
    }
    silent = run_mirante("serve", "data", settings=away, cwd=tmp_path)
    assert silent.returncode == 3
    assert "relational" in silent.stderr
    assert "Traceback" not in silent.stderr
