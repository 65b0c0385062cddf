"""The real servers, each started once a test session, when a test first asks; a fresh database for each."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from dataplatform.local.cassandra import Cassandra, cassandra_jars
from dataplatform.local.mariadb import MariaDb
from dataplatform.local.redis import Redis
from dataplatform.local.server import LOOPBACK, LocalServer, Running, start, stop
from dataplatform.schemas.cassandra.creditdata import QUALIFIED
from dataplatform.stores.cassandra.opening import open_session
from dataplatform.stores.cassandra.session import GuardedSession
from tests.support.new_database import make_database

JARS = Path(__file__).resolve().parents[2] / ".servers"  # where `make servers` puts them

_NUMBERS = itertools.count(1)


def needs(server: LocalServer) -> pytest.MarkDecorator:
    """Skips by name where the server cannot be had."""
    lacking = server.missing()
    return pytest.mark.skipif(lacking is not None, reason=f"{server.name} cannot run here: {lacking}")


needs_mariadb = needs(MariaDb())
needs_redis = needs(Redis())
needs_cassandra = needs(Cassandra(cassandra_jars(JARS)))


def shared(server: LocalServer) -> Running:
    """Started now, ended with the session."""
    folder = Path(tempfile.mkdtemp(prefix=f"mirante-{server.name}-"))
    running = start(server, folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(stop, running)
    return running


@cache
def mariadb() -> Running:
    return shared(MariaDb())


@cache
def redis() -> Running:
    return shared(Redis())


@cache
def cassandra() -> Running:
    return shared(Cassandra(cassandra_jars(JARS)))


def fresh_mysql() -> str:
    """The address of an empty database on the session's MariaDB."""
    return make_database(mariadb().port, f"test_{next(_NUMBERS)}")


@cache
def cassandra_session() -> GuardedSession:
    """The session's one connection to its Cassandra, with the tables made."""
    session, close = open_session([LOOPBACK], cassandra().port)
    atexit.register(close)
    return session


def empty_cassandra() -> GuardedSession:
    """The same, with the table emptied."""
    raw = cassandra_session()._session  # TRUNCATE is one of the things that the guard refuses
    raw.execute(f"TRUNCATE {QUALIFIED}")
    return cassandra_session()
