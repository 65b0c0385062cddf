"""Errors of the data platform that a person can fix.

PlatformError
+-- DataDirectoryError      the data directory cannot be used (path, problem, fix)
|   +-- DataDirectoryBusy   another process holds it for writing
+-- KeyMaterialError        a key file is missing, damaged or readable by others (path, problem, fix)
+-- SchemaError             a database is newer than this program, or damaged (place, problem, fix)
+-- StackRecordError        the record of the servers that were started cannot be read (path, problem, fix)
+-- UnsealError             sealed bytes that do not open: other context, other key, or altered
+-- RepairRefused           a repair would touch more records than it may
+-- TableDrift              a table is there with other keys than the program needs (table, problem)
+-- LocalServerError        a server of the local profile cannot run here (server, problem, fix)
+-- CqlRefused              a statement that Amazon Keyspaces does not support (statement, feature)

What a request meets while the platform runs is ``credit.domain.errors.StoreUnavailable``.
"""

from __future__ import annotations

from pathlib import Path

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class PlatformError(MiranteError):
    """Base: something a person fixes before the platform runs."""

    exit_status = ExitStatus.ENVIRONMENT


class PathError(PlatformError):
    """One path, what is wrong with it, and how to fix it."""

    def __init__(self, path: Path, problem: str, fix: str) -> None:
        self.path, self.problem, self.fix = path, problem, fix
        super().__init__(f"{path}: {problem}. {fix}")


class DataDirectoryError(PathError):
    pass


class DataDirectoryBusy(DataDirectoryError):
    def __init__(self, path: Path, holder: str) -> None:
        self.holder = holder
        super().__init__(
            path,
            f"another process ({holder}) is writing to this data directory",
            "Stop that process, or give this one another data directory (--data-dir)",
        )


class KeyMaterialError(PathError):
    pass


class SchemaError(PlatformError):
    """``place`` is the file, or the database as people call it (never with its password)."""

    def __init__(self, place: Path | str, problem: str, fix: str) -> None:
        self.place, self.problem, self.fix = place, problem, fix
        super().__init__(f"{place}: {problem}. {fix}")


class StackRecordError(PathError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            path,
            f"it cannot be read ({problem})",
            "Stop any processes it lists (they hold ports on 127.0.0.1), then remove the file",
        )


class UnsealError(PlatformError):
    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"sealed data cannot be opened: {problem}")


class RepairRefused(PlatformError):
    def __init__(self, pair: str, wanted: int, cap: int) -> None:
        self.pair, self.wanted, self.cap = pair, wanted, cap
        super().__init__(
            f"{pair}: {wanted} records differ, but one repair may touch at most {cap}; nothing was "
            "repaired. Find out why so many differ, then repair with a higher cap"
        )


class TableDrift(PlatformError):
    """The keys of a table cannot be changed: it is left alone, and so is what it holds."""

    def __init__(self, table: str, problem: str) -> None:
        self.table, self.problem = table, problem
        super().__init__(
            f"table {table} is not the table that this program needs: {problem}. Use another table, "
            "or drop and recreate this one: it is a projection and is refilled from the relational store"
        )


class LocalServerError(PlatformError):
    def __init__(self, server: str, problem: str, fix: str) -> None:
        self.server, self.problem, self.fix = server, problem, fix
        super().__init__(f"{server}: {problem}. {fix}")


class CqlRefused(PlatformError):
    """``statement`` as it was written: values are bound, so it carries none."""

    def __init__(self, statement: str, feature: str) -> None:
        self.statement, self.feature = statement, feature
        super().__init__(f"Amazon Keyspaces does not support {feature}. The statement: {statement}")
