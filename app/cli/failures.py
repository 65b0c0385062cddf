"""How a failure reaches a person: one clear message and an exit status; never a stack trace."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import click

from alarms.model.errors import AlarmsError, NotifierError, RouterUnreachable, StoreBusy
from app.api.keys import KeyFileError
from app.build import BuildError
from app.cli.context import ReaderGone, stderr
from app.console.errors import ConsoleError, SessionStoreError
from app.demo.errors import DemoError
from app.deployment.errors import DeploymentError
from app.serving.errors import ServingError
from app.settings import SettingsError
from credit.domain.errors import DomainError, StoreUnavailable, TableError
from dashboards.model.errors import DashboardError
from dataplatform.errors import PlatformError
from foundation.aws.errors import AwsError
from foundation.errors import ClockSpecError, DefinitionError
from foundation.sqlite_ladder import NewerFile
from slo.model.errors import LedgerError, SloError, SourceError

EXIT_NO = 1
EXIT_USAGE = 2
EXIT_ENVIRONMENT = 3
EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130

# What a person wrote into a file, or left out of it; for a check that is the answer, and everywhere the same.
FILE_ERRORS = (DefinitionError, TableError)
# Looked at before the rest: some of these are kinds of the errors below.
ENVIRONMENT_ERRORS = (
    ServingError,
    PlatformError,
    NewerFile,
    DemoError,
    BuildError,
    DeploymentError,
    AwsError,
    SessionStoreError,
    StoreUnavailable,
    StoreBusy,
    RouterUnreachable,
    NotifierError,
    LedgerError,
    SourceError,
)
USAGE_ERRORS = (
    SettingsError,
    ClockSpecError,
    SloError,
    DomainError,
    ConsoleError,
    AlarmsError,
    KeyFileError,
    DashboardError,
)
MENDS = {
    errno.ENOSPC: "the disk is full: free some space and run it again",
    errno.EDQUOT: "the disk quota is spent: free some space and run it again",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.EACCES: "permission denied: choose another path, or change its owner or mode",
    errno.EPERM: "not permitted: choose another path, or change its owner",
    errno.EADDRINUSE: "the port is taken: choose another one",
    errno.EADDRNOTAVAIL: "this machine does not have that address: give another --host",
    errno.ENOENT: "check the path: a folder or file of it does not exist",
    errno.ENOTDIR: "check the path: a part of it is a file, not a folder",
    errno.EISDIR: "it is a folder where a file was expected: name a file",
    errno.EEXIST: "it exists already: choose another path",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n) and run it again",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter one",
    errno.ELOOP: "the path leads in a circle of links: choose another",
}
OTHERWISE = "check the path, its permissions and the free space, then run it again"


class Root(click.Group):
    """Keeps a closed pipe from click, which would answer 1 to it."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error


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
        _leave("interrupted; nothing is half done, run the command again to go on", EXIT_INTERRUPTED)
    except FILE_ERRORS as error:
        _leave(str(error), EXIT_NO)
    except ENVIRONMENT_ERRORS as error:
        _leave(str(error), EXIT_ENVIRONMENT)
    except USAGE_ERRORS as error:
        _leave(str(error), EXIT_USAGE)
    except (ReaderGone, BrokenPipeError):
        _leave_quietly()
    except OSError as error:
        fix = MENDS.get(error.errno or 0, OTHERWISE)
        _leave(f"{error.filename or 'input/output'}: {error.strerror or error}; {fix}", EXIT_ENVIRONMENT)
    except sqlite3.Error as error:
        _leave(f"a database of the data directory: {error}; {OTHERWISE}", EXIT_ENVIRONMENT)
    except Exception as error:  # noqa: BLE001 - kept whole in a file, named to the person
        _leave(f"a defect in mirante: {type(error).__name__}. The details are in {_keep()}", EXIT_DEFECT)


def _leave_quietly() -> None:
    """The reader (head, less) has seen enough; what is still buffered must not fail at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def _leave(message: str, status: int) -> None:
    stderr.print("error:", style="red", end=" ")
    stderr.print(message, markup=False, soft_wrap=True)
    raise SystemExit(status)


def _keep() -> str:
    """Save the stack trace where a person can find it and send it to us."""
    try:
        handle, name = tempfile.mkstemp(prefix="mirante-defect-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(traceback.format_exc())
    except OSError as error:
        return f"no file, for none could be written ({error.strerror})"
    return str(Path(name))
