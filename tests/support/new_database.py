"""A database of a test's own, on a MariaDB that runs."""

from __future__ import annotations

import pymysql

from dataplatform.local.mariadb import PASSWORD, USER, address
from dataplatform.local.server import LOOPBACK


def make_database(port: int, database: str) -> str:
    """An empty database of that name; its address."""
    with (
        pymysql.connect(
            host=LOOPBACK, port=port, user=USER, password=PASSWORD, autocommit=True
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE DATABASE `{database}`")
    return address(port, database)
