"""The local profile: every port over a real server, with one directory for keys, checkpoints and readings.

One data process reads the stream, so its checkpoints and dead letters are files of its own; everything else
may be shared by any number of processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit.ports.projections import WideStore
from dataplatform.directory import prepare_directory, writer_lock
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_sealer
from dataplatform.resilience.breaker import Breaker, BreakerPolicy
from dataplatform.resilience.faults import FaultBoard
from dataplatform.schemas import stream as stream_schema
from dataplatform.security.sealed_stream import SealedStream
from dataplatform.stores.dynamodb.open import open_dynamodb_hot
from dataplatform.stores.kinesis.stream import open_kinesis_stream
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.redis.open import open_redis_cache
from dataplatform.stores.relational.processing_log import SqlProcessingLog
from dataplatform.stores.sqlite.check_log import SqliteCheckLog
from dataplatform.stores.sqlite.checkpoints import SqliteCheckpoints
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from dataplatform.stores.sqlite.relational import SqliteRelational
from dataplatform.stores.sqlite.stream import release_leases
from foundation.clock import Clock
from foundation.metrics import Telemetry


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are. ``open_wide`` gives the wide store and what closes it; clients are boto3's."""

    relational_writer: str
    relational_reader: str | None
    open_wide: Callable[[], tuple[WideStore, Callable[[], None]]]
    cache: str
    dynamodb: Any
    kinesis: Any
    stream: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the adapters are given. ``random`` (0 to 1) spreads retries; it guards nothing."""

    clock: Clock
    faults: FaultBoard | None
    telemetry: Telemetry
    random: Callable[[], float]


async def open_servers(data_dir: Path, servers: Servers, around: Surroundings) -> DataPlatform:
    """Connect to every server, make what is missing there, and be ready to work.

    Raises:
        DataDirectoryError: missing parent, read-only, wrong permissions, or busy in another process.
        KeyMaterialError: the keys are damaged or readable by others.
        SchemaError, TableDrift: a server holds something else under our names, or something newer.
        StoreUnavailable: a server does not answer.
    """
    prepare_directory(data_dir)
    with ExitStack() as undo:
        undo.callback(writer_lock(data_dir).release)
        sealer = open_sealer(data_dir)
        own = Database(
            data_dir / "data" / "stream.sqlite", "stream", stream_schema.RUNGS, prepare=release_leases
        )
        undo.callback(own.stop)
        check_log = SqliteCheckLog(data_dir / "data" / "consistency.sqlite")
        undo.callback(check_log.close)
        relational = await asyncio.to_thread(
            open_mysql_relational, servers.relational_writer, servers.relational_reader, around.clock
        )
        wide, close_wide = await asyncio.to_thread(servers.open_wide)
        undo.callback(close_wide)
        hot = await asyncio.to_thread(open_dynamodb_hot, servers.dynamodb, around.clock, around.random)
        letters = SqliteLetterBox(own)
        kinesis = await open_kinesis_stream(
            servers.kinesis,
            servers.stream,
            checkpoints=SqliteCheckpoints(own),
            letters=letters,
            telemetry=around.telemetry,
            clock=around.clock,
            random=around.random,
        )
        cache = open_redis_cache(servers.cache, around.clock, around.telemetry)
        opened = DataPlatform(
            decisions=relational.decisions,
            customers=relational.customers,
            transactions=relational.transactions,
            policies=relational.policies,
            outbox=relational.outbox,
            sagas=relational.sagas,
            disbursements=relational.disbursements,
            audit=relational.audit,
            comparison=relational.comparison,
            hot=hot,
            wide=wide,
            cache=cache,
            stream=SealedStream(kinesis, sealer),
            letters=letters,
            processing_log=SqlProcessingLog(SqliteRelational(own)),
            check_log=check_log,
            sealer=sealer,
            breakers={name: Breaker(name, BreakerPolicy(), around.clock) for name in ("hot", "wide")},
            # Closed in this order: last what the stream keeps its positions in.
            stores={
                "relational": relational.database,
                "hot": hot,
                "cache": cache,
                "kinesis": kinesis,
                "stream": own,
            },
            directory=data_dir,
            held=undo.pop_all(),
        )
        return opened.guarded(around.faults)
