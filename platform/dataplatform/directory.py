"""The data directory of the embedded profile: its folders, its checks, and the lock of its one writer."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from dataplatform.errors import DataDirectoryBusy, DataDirectoryError


class DirectoryLock:
    """Held with ``flock`` while open: the kernel lets go when the process dies, so it is never stale."""

    def __init__(self, path: Path, note: str = "") -> None:
        """``note``: a line for ``lock_note``. Raises DataDirectoryBusy: another process holds it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 64).decode("ascii", "replace").partition("\n")[0] or "of unknown id"
            os.close(self._file)
            raise DataDirectoryBusy(path.parent.parent, holder) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()}\n{note}\n".encode(), 0)

    def release(self) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)


def lock_note(path: Path) -> str:
    """What the holder of a lock noted; nothing, if it let go, noted nothing or never was."""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[2].strip()
    except FileNotFoundError:
        return ""


def refuse_second(root: Path) -> None:
    """Make the directory, and say at once that another process writes in it. Whoever writes locks it anew.

    Raises:
        DataDirectoryBusy: it does.
        DataDirectoryError: as ``prepare_directory``.
    """
    prepare_directory(root)
    writer_lock(root).release()


def writer_lock(root: Path) -> DirectoryLock:
    """The lock of the one process that writes in ``root``. Raises DataDirectoryBusy."""
    return DirectoryLock(root / "data" / "lock")


def prepare_directory(root: Path) -> None:
    """Make ``root`` (its parent must exist) and its folders ``data/`` and ``anchors/``, both private.

    Raises:
        DataDirectoryError: missing parent, not a directory, or not writable.
    """
    make_root(root)
    _make(root / "data")
    _make(root / "anchors")


def make_root(root: Path) -> None:
    """Raises DataDirectoryError: missing parent, not a directory, or not writable."""
    if not root.parent.is_dir():
        raise DataDirectoryError(root, "its parent directory does not exist", f"Run: mkdir -p {root.parent}")
    if root.exists() and not root.is_dir():
        raise DataDirectoryError(root, "it is a file, not a directory", "Choose another data directory")
    _make(root)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DataDirectoryError(
            folder,
            f"it cannot be created ({error.strerror})",
            "Choose a directory that this user may write to (--data-dir)",
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise DataDirectoryError(
            folder, "this user may not write to it", f"Run: chmod u+rwx {folder}, or choose another"
        )
