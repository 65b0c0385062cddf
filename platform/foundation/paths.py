"""Whether what a person names is a file or a folder that may be read: asked before it is opened, so that
nothing waits for a pipe or reads a device, and nothing that is there counts as absent.

Something else in its place is wrong (``DefinitionError``); with nothing there, or no permission, the
machine is in the way (``UnreadableFile``)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from foundation.errors import WHOLE_FILE, DefinitionError, DefinitionErrors, UnreadableFile

FILE, FOLDER = "a file", "a folder"
KINDS: Mapping[int, str] = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
REASONS: Mapping[int, str] = {
    errno.ELOOP: "is a link that leads in a circle",
    errno.ENOTDIR: "a part of its path is not a folder",
}
HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # by the shell: `<` and `<(...)`
LOCK = ".#"  # begins the name of an editor's lock, a link to nothing by design


def is_absent(path: Path) -> bool:
    """No entry has that name. A folder, a pipe or a link to nothing is one: reading it says what is wrong."""
    try:
        path.lstat()
    except FileNotFoundError:
        return _link_to_nothing(path) is None
    except OSError:
        return False
    return False


def is_folder(path: Path) -> bool:
    """``False`` only where nothing is there.

    Raises:
        DefinitionErrors: something else has that name.
    """
    if is_absent(path):
        return False
    with _explained(path, str(path), FOLDER):
        _expect(path, str(path), FOLDER)
    return True


def open_file(path: Path, name: str | None = None) -> BinaryIO:
    """A regular file, or what the shell handed over, to read; errors call it ``name``.

    Raises:
        DefinitionErrors: it is something else, or cannot be opened.
    """
    file = name or str(path)
    with _explained(path, file, FILE):
        if not os.path.abspath(path).startswith(HANDED_OVER):
            _expect(path, file, FILE)
        return path.open("rb")


def files_in(folder: Path, *suffixes: str) -> list[Path]:
    """Every entry with one of the endings, in name order, whatever it is; none where there is no such folder.

    Raises:
        DefinitionErrors: something else has the folder's name, or it cannot be listed.
    """
    if not is_folder(folder):
        return []
    with _explained(folder, str(folder), FOLDER):
        entries = sorted(folder.iterdir())
    return [path for path in entries if path.suffix in suffixes and not path.name.startswith(LOCK)]


def files_below(folder: Path, *suffixes: str) -> list[Path]:
    """The same of a folder and all in it; links to folders are not followed.

    Raises:
        DefinitionErrors: as ``files_in``, of any of them.
    """
    found, waiting = list[Path](), [folder]
    while waiting:
        below = waiting.pop()
        found += files_in(below, *suffixes)
        if not is_absent(below):
            with _explained(below, str(below), FOLDER):
                waiting += [path for path in below.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted(found)


def _expect(path: Path, name: str, expected: str) -> None:
    kind = KINDS.get(stat.S_IFMT(path.stat().st_mode), "something else")
    if kind != expected:
        fix = f"Put {expected} in its place, or give another path."
        raise _told(DefinitionError, name, f"is {kind}, expected {expected}", fix)


@contextmanager
def _explained(path: Path, name: str, expected: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        link = _link_to_nothing(path)
        if link is None:
            reason = f"nothing is there, expected {expected}"
            raise _told(UnreadableFile, name, reason, "Check the path.") from None
        link_is = "is" if link == path else f"{link} is"
        reason = f"{link_is} a link to nothing ({os.readlink(link)}), expected {expected}"
        raise _told(DefinitionError, name, reason, "Correct the link, or remove it.") from None
    except OSError as error:
        reason = REASONS.get(error.errno or 0, error.strerror or str(error))
        wrong = DefinitionError if error.errno in REASONS else UnreadableFile
        fix = "Check the path and its permissions."
        raise _told(wrong, name, f"{reason}, expected {expected}", fix) from None


def _told(error: type[DefinitionError], name: str, reason: str, fix: str) -> DefinitionErrors:
    return DefinitionErrors([error(name, WHOLE_FILE, f"cannot be read: {reason}", fix)])


def _link_to_nothing(path: Path) -> Path | None:
    """The path itself, or a folder on the way to it."""
    ways = (path, *path.parents)
    return next((one for one in ways if os.path.islink(one) and not os.path.exists(one)), None)
