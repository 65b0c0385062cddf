"""Whose a data folder is: one workspace's, which the first process that writes there records in it.

Two workspaces on one folder would resolve each other's alerts.
"""

from __future__ import annotations

import fcntl
import os
import shlex
from pathlib import Path

from dataplatform.directory import make_root
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus
from foundation.workspace import Workspace

RECORD = "workspace"
OF_SHIPPED = "shipped"  # in the record; others are there by path, from the data folder if it lies within them
KEPT = ("access", "anchors", "control", "counts", "data", "keys")  # what version 0.1.0 has without a record


class OthersFolder(MiranteError):
    """The data folder is another workspace's."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, root: Path, owner: str, mine: str) -> None:
        self.root, self.owner, self.mine = root, owner, mine
        record = shlex.quote(os.fspath(root / RECORD))
        super().__init__(
            f"{root}: this data folder belongs to {_called(root, owner)}, and this command is of "
            f"{_called(root, mine)}. Choose another folder with --data-dir; if it is the same workspace in a "
            f"new place, say so: echo {shlex.quote(mine)} > {record}"
        )


def refuse_others(root: Path, workspace: Workspace) -> None:
    """Nothing is made. A folder that is nobody's yet is not refused.

    Raises:
        OthersFolder: it belongs to another workspace.
    """
    owner, mine = _owner(root), _written(root, workspace)
    if owner is not None and _place(root, owner) != _place(root, mine):
        raise OthersFolder(root, owner, mine)


def claim(root: Path, workspace: Workspace) -> None:
    """Make the folder this workspace's, if it is nobody's yet; its parent must exist. One that is made for a
    workspace of somebody's own is kept out of git.

    Raises:
        OthersFolder: it belongs to another workspace.
        DataDirectoryError: it cannot be made or written.
    """
    refuse_others(root, workspace)
    make_root(root)
    record = root / RECORD
    if _read(record):
        return
    empty = not any(root.iterdir())
    with record.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of two that are first, one writes
        file.seek(0)
        if not file.read():
            file.write(os.fsencode(_written(root, workspace)) + b"\n")
    refuse_others(root, workspace)
    if empty and not workspace.is_shipped:
        (root / ".gitignore").write_text("*\n", encoding="ascii")


def _owner(root: Path) -> str | None:
    """As recorded; None: nobody has written there yet."""
    recorded = _read(root / RECORD)
    if recorded:
        return recorded
    return OF_SHIPPED if any((root / name).exists() for name in KEPT) else None


def _read(record: Path) -> str:
    """Nothing, where no record is."""
    try:
        return os.fsdecode(record.read_bytes().removesuffix(b"\n"))
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _written(root: Path, workspace: Workspace) -> str:
    """As it is recorded: a workspace that is moved with the folder in it stays the owner."""
    if workspace.is_shipped:
        return OF_SHIPPED
    folder, kept = workspace.root.resolve(), root.resolve()
    return os.path.relpath(folder, kept) if kept.is_relative_to(folder) else os.fspath(folder)


def _place(root: Path, written: str) -> Path | None:
    """None: the shipped workspace, wherever it is installed."""
    return None if written == OF_SHIPPED else (root.resolve() / written).resolve()


def _called(root: Path, written: str) -> str:
    place = _place(root, written)
    return "the shipped workspace" if place is None else f"the workspace {place}"
