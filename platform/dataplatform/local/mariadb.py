"""MariaDB (Debian's ``mariadb-server``): the Aurora MySQL of the local profile."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pymysql

from dataplatform.errors import LocalServerError
from dataplatform.local.server import LOOPBACK

USER, PASSWORD = "mirante", "mirante-local"


class MariaDb:
    """``options`` are server variables by name, as on the command line without the dashes."""

    name = "mariadb"

    def __init__(self, options: Mapping[str, str | int] | None = None) -> None:
        self._options = dict(options or {})

    def missing(self) -> str | None:
        found = all(_found(name) for name in ("mariadbd", "mariadb-install-db"))
        return None if found else "Install Debian's package mariadb-server"

    def prepare(self, folder: Path) -> None:
        if (folder / "mariadb" / "mysql").is_dir():
            return
        made = subprocess.run(  # noqa: S603 - a command of our own making
            [
                _program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={folder / 'mariadb'}",
                f"--tmpdir={folder}",  # two that start at once would meet in /tmp
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                f"--user={getpass.getuser()}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise LocalServerError(self.name, "its data directory cannot be created", made.stderr.strip())
        (folder / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'{LOOPBACK}' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'{LOOPBACK}';\n",
            encoding="utf-8",
        )

    def command(self, folder: Path, port: int) -> Sequence[str]:
        return [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={folder / 'mariadb'}",
            f"--tmpdir={folder}",
            f"--bind-address={LOOPBACK}",
            f"--port={port}",
            "--socket=mariadb.sock",  # in the data directory: a whole path may be longer than sockets allow
            f"--pid-file={folder / 'mariadb.pid'}",
            f"--init-file={folder / 'init.sql'}",
            f"--user={getpass.getuser()}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
            "--transaction-isolation=READ-COMMITTED",
            "--innodb-flush-log-at-trx-commit=1",
            *(f"--{name}={value}" for name, value in self._options.items()),
        ]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        return {}

    def answers(self, folder: Path, port: int) -> bool:
        try:
            pymysql.connect(host=LOOPBACK, port=port, user=USER, password=PASSWORD, connect_timeout=2).close()
        except pymysql.MySQLError:
            return False
        return True


def address(port: int, database: str) -> str:
    """A URL that the stores take."""
    return f"mysql://{USER}:{PASSWORD}@{LOOPBACK}:{port}/{database}"


def keep_database(port: int, database: str) -> None:
    """Make it unless it is there."""
    with (
        pymysql.connect(host=LOOPBACK, port=port, user=USER, password=PASSWORD) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{database}`")


def _found(name: str) -> str | None:
    """Servers often stand in /usr/sbin, which a plain user's path may lack."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _program(name: str) -> str:
    found = _found(name)
    if found is None:
        raise LocalServerError(
            "mariadb", f"{name} is not installed", "Install Debian's package mariadb-server"
        )
    return found
