"""Every parameter of appendix B.1 is answered; what is applied holds on a running server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dataplatform.local.mariadb import MariaDb
from dataplatform.local.server import running
from dataplatform.schemas.mysql.parameters import (
    Parameter,
    ParameterVerdict,
    aurora_parameters,
    load_parameters,
    local_options,
)
from dataplatform.stores.mysql.endpoint import make_engine
from tests.support.local_servers import needs_mariadb
from tests.support.new_database import make_database

ADRS = Path(__file__).parents[2] / "docs" / "adr"

# Copied from the document, appendix B.1, in its order.
DOCUMENT = {
    "aurora_binlog_replication_max_yield_seconds": "0.5",
    "aurora_disable_hash_join": "0",
    "aurora_parallel_query": "ON",
    "aurora_read_replica_read_committed": "ON",
    "innodb_buffer_pool_size": "12G",
    "innodb_read_io_threads": "16",
    "innodb_write_io_threads": "16",
    "max_connections": "2000",
    "innodb_flush_log_at_trx_commit": "2",
    "innodb_flush_method": "O_DIRECT",
    "query_cache_type": "0",
    "innodb_file_per_table": "1",
    "innodb_io_capacity": "2000",
    "innodb_io_capacity_max": "4000",
    "innodb_log_file_size": "1G",
    "innodb_log_files_in_group": "4",
    "innodb_log_buffer_size": "64M",
    "innodb_buffer_pool_instances": "16",
    "innodb_thread_concurrency": "0",
    "join_buffer_size": "1M",
    "sort_buffer_size": "4M",
    "read_buffer_size": "256K",
    "read_rnd_buffer_size": "512K",
    "max_heap_table_size": "64M",
    "tmp_table_size": "64M",
    "table_open_cache": "4000",
    "table_definition_cache": "2048",
    "binlog_format": "ROW",
    "binlog_cache_size": "2M",
    "binlog_stmt_cache_size": "1M",
    "binlog_row_image": "minimal",
    "sync_binlog": "1",
    "performance_schema": "1",
}
# What Aurora's own list of parameters calls not modifiable, not applicable, or removed in version 3.
NOT_ON_VERSION_3 = {
    "innodb_read_io_threads",
    "innodb_write_io_threads",
    "innodb_flush_log_at_trx_commit",
    "innodb_flush_method",
    "query_cache_type",
    "innodb_io_capacity",
    "innodb_io_capacity_max",
    "innodb_log_file_size",
    "innodb_log_files_in_group",
    "innodb_log_buffer_size",
    "innodb_buffer_pool_instances",
    "innodb_thread_concurrency",
    "binlog_row_image",
    "sync_binlog",
}
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def named() -> list[Parameter]:
    return [parameter for parameter in load_parameters() if parameter.document is not None]


def test_every_parameter_of_the_document_is_answered_with_its_value_and_a_reason() -> None:
    assert {p.name: p.document for p in named()} == DOCUMENT
    assert all(p.reason.endswith((".", ")")) for p in load_parameters())


def test_what_the_document_and_the_platform_promise_against_each_other_is_refused_by_an_adr() -> None:
    refused = {p.name: p.adr for p in named() if p.verdict is ParameterVerdict.REFUSED}
    assert set(refused) == {"innodb_flush_log_at_trx_commit", "binlog_row_image"}
    for name, number in refused.items():
        (page,) = ADRS.glob(f"{number}-*.md")
        assert name in page.read_text(encoding="utf-8")


def test_no_parameter_group_holds_what_aurora_would_not_take() -> None:
    groups = {**aurora_parameters("cluster"), **aurora_parameters("instance")}
    assert not NOT_ON_VERSION_3 & set(groups)
    assert groups["innodb_buffer_pool_size"] == "{DBInstanceClassMemory*3/4}"
    assert groups["max_connections"] == "2000"
    assert aurora_parameters("cluster")["binlog_format"] == "ROW"


def plain(value: str) -> str:
    """A size or switch as ``SHOW VARIABLES`` writes it."""
    size = re.fullmatch(r"(\d+)([KMG])", value)
    if size is not None:
        return str(int(size[1]) * UNITS[size[2]])
    return value


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """MariaDB with every parameter that it has."""
    options = {**local_options(), "log-bin": "binlog"}
    with running(MariaDb(options), tmp_path_factory.mktemp("tuned")) as server:
        engine = make_engine(make_database(server.port, "tuned"), connections=1)
        yield engine
        engine.dispose()


@needs_mariadb
def test_what_is_applied_is_so_on_a_running_server(tuned: Engine) -> None:
    with tuned.connect() as connection:
        found = {row[0]: row[1] for row in connection.execute(text("SHOW GLOBAL VARIABLES"))}
    wanted = {name.replace("-", "_"): plain(value) for name, value in local_options().items()}
    assert len(wanted) == 15
    switches = {"innodb_file_per_table", "performance_schema"}
    wanted.update({name: "ON" for name in switches if wanted[name] == "1"})
    assert {name: found.get(name) for name in wanted} == wanted


@needs_mariadb
def test_what_is_refused_is_not_so_on_a_running_server(tuned: Engine) -> None:
    with tuned.connect() as connection:
        found = connection.execute(text("SELECT @@innodb_flush_log_at_trx_commit, @@binlog_row_image")).one()
    assert tuple(found) == (1, "FULL")
