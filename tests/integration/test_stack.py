"""``mirante stack`` with real servers: what it starts answers, is told, looked at and ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pymysql
import pytest
import redis

from app.bootstrap.names import SERVERS
from app.bootstrap.platform import wide_addresses
from app.settings import load_settings
from credit.ports.projections import WideStore
from dataplatform.local.process_identity import started_at
from dataplatform.stores.cassandra.opening import open_cassandra_wide
from foundation.clock import SystemClock
from tests.support.alertmanager_server import needs_alertmanager
from tests.support.aws_emulator import EMULATOR, aws_client, needs_emulator
from tests.support.command_line import Ran, mirante
from tests.support.credit_samples import a_wide_row
from tests.support.local_servers import JARS, needs_cassandra, needs_mariadb, needs_redis
from tests.support.patience import wait_until
from tests.support.prometheus_server import needs_prometheus

T = TypeVar("T")
FULL = os.environ.get("MIRANTE_PROOF") == "full"


def stack(folder: Path, *arguments: object) -> Ran:
    return mirante("--data-dir", folder, "stack", *arguments)


def states(folder: Path) -> dict[str, str]:
    return {row["server"]: row["state"] for row in rows(folder).values()}


def rows(folder: Path) -> dict[str, Any]:
    return {row["server"]: row for row in json.loads(stack(folder, "status", "--json").out)}


def exported(ran: Ran) -> dict[str, str]:
    """As a shell would take them over."""
    assert ran.status == 0, ran.err
    lines = [line.removeprefix("export ") for line in ran.out.splitlines()]
    return dict(line.split("=", 1) for line in lines)


@needs_redis
def test_a_server_is_started_once_seen_in_every_state_and_ended(tmp_path: Path) -> None:
    assert states(tmp_path) == dict.fromkeys(SERVERS, "unknown")
    assert stack(tmp_path, "status").status == 1
    first = stack(tmp_path, "up", "--only", "redis")
    try:
        assert "answers on port" in first.err
        again = stack(tmp_path, "up", "--only", "redis")
        assert "runs already" in again.err
        assert again.out == first.out
        assert stack(tmp_path, "status", "--only", "redis").status == 0
        assert states(tmp_path) == {**dict.fromkeys(SERVERS, "unknown"), "redis": "up"}
        pid = rows(tmp_path)["redis"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        silent = stack(tmp_path, "status", "--only", "redis")
        assert (silent.status, "runs, does not answer" in silent.out) == (1, True)
        os.kill(pid, signal.SIGCONT)
    finally:
        ended = stack(tmp_path, "down")
    assert "ended" in ended.err
    assert started_at(pid) is None
    assert stack(tmp_path, "down").out.strip() == "Nothing is running here."


@needs_redis
def test_a_killed_server_is_down_and_started_again(tmp_path: Path) -> None:
    stack(tmp_path, "up", "--only", "redis")
    try:
        os.kill(rows(tmp_path)["redis"]["pid"], signal.SIGKILL)
        until(lambda: states(tmp_path)["redis"] == "down")
        assert stack(tmp_path, "status", "--only", "redis").status == 1
        stack(tmp_path, "up", "--only", "redis")
        assert states(tmp_path)["redis"] == "up"
    finally:
        stack(tmp_path, "down")


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        member = {
            "name": "redis",
            "pid": stranger.pid,
            "began": "1",
            "port": 1,
            "folder": str(tmp_path),
            "log": "log",
        }
        (tmp_path / "stack").mkdir()
        (tmp_path / "stack" / "stack.json").write_text(json.dumps([member]), encoding="utf-8")
        assert states(tmp_path)["redis"] == "down"
        assert "had already stopped" in stack(tmp_path, "down").err
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_what_is_missing_is_named_with_what_to_install_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)  # away from what the Makefile fetched into the checkout
    monkeypatch.setattr("dataplatform.local.java.java", lambda: None)
    ran = stack(tmp_path, "up", "--only", "redis,aws,cassandra,prometheus,alertmanager")
    assert ran.status == 3
    for package in (
        "redis-server",
        "ministack",
        "openjdk-17-jre-headless",
        "maven",
        "package prometheus-alertmanager",
        "package prometheus\n",
    ):
        assert package in ran.err
    assert states(tmp_path) == dict.fromkeys(SERVERS, "unknown")


def test_an_unknown_server_and_a_damaged_record_are_told_plainly(tmp_path: Path) -> None:
    unknown = stack(tmp_path, "up", "--only", "oracle")
    assert (unknown.status, "oracle: choose from mariadb" in unknown.err) == (2, True)
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "stack.json").write_text("{", encoding="utf-8")
    damaged = stack(tmp_path, "status")
    assert (damaged.status, "stack.json" in damaged.err) == (3, True)


@needs_mariadb
@needs_redis
@needs_emulator
@needs_alertmanager
@needs_prometheus
@needs_cassandra
@pytest.mark.proof
def test_the_whole_stack_answers_at_the_addresses_that_it_prints(tmp_path: Path) -> None:
    """At full size with Cassandra too, which is killed and keeps what it had acknowledged."""
    wanted = [name for name in SERVERS if FULL or name != "cassandra"]
    up = stack(tmp_path, "up", "--only", ",".join(wanted), "--jars", JARS, "--aws-emulator", EMULATOR)
    try:
        settings = load_settings({}, exported(up), tmp_path)
        assert {name: states(tmp_path)[name] for name in wanted} == dict.fromkeys(wanted, "up")
        with redis.Redis.from_url(settings.cache) as cache:
            assert cache.ping()
        assert "mirante" in databases(settings.relational_writer)
        aws_client("sqs", settings.aws_endpoint).create_queue(QueueName="there")
        assert httpx.get(f"{settings.alertmanager}/-/ready").is_success
        assert settings.prometheus_dir is not None
        assert settings.prometheus_dir.is_dir()
        until(lambda: settings.alertmanager in told_by(settings.prometheus))
        if "cassandra" in wanted:
            kept_across_a_kill(tmp_path, settings.wide_hosts)
    finally:
        down = stack(tmp_path, "down")
    assert down.err.count(" ended") == len(wanted)
    assert stack(tmp_path, "status").status == 1


def until(seen: Callable[[], bool]) -> None:
    wait_until(seen, 60, "it came")


def told_by(prometheus: str) -> str:
    """The Alertmanagers that it knows."""
    return httpx.get(f"{prometheus}/api/v1/alertmanagers").text


def kept_across_a_kill(folder: Path, hosts: str) -> None:
    written = [a_wide_row(number) for number in range(20)]
    with_store(hosts, lambda store: asyncio.gather(*(store.put_if_newer(row) for row in written)))
    os.kill(rows(folder)["cassandra"]["pid"], signal.SIGKILL)
    until(lambda: states(folder)["cassandra"] == "down")
    again = exported(stack(folder, "up", "--only", "cassandra", "--jars", JARS))
    found = with_store(again["MIRANTE_WIDE_HOSTS"], lambda store: store.scan(100))
    assert sorted(found, key=lambda row: row.customer_id) == written


def with_store(hosts: str, use: Callable[[WideStore], Awaitable[T]]) -> T:
    store, close = open_cassandra_wide(*wide_addresses(hosts), SystemClock())

    async def used() -> T:
        return await use(store)

    try:
        return asyncio.run(used())
    finally:
        close()


def databases(address: str) -> set[str]:
    user, _, place = address.removeprefix("mysql://").partition("@")
    name, _, password = user.partition(":")
    host, _, port = place.partition("/")[0].partition(":")
    connection = pymysql.connect(host=host, port=int(port), user=name, password=password)
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        return {row[0] for row in cursor.fetchall()}
