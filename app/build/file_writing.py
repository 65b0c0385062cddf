"""One file of a build: whole or not at all, and left alone where it has its bytes already.

Thousands are written in one go, so each costs few calls; ``durable`` is for the one that vouches for the rest.
"""

from __future__ import annotations

import os
from contextlib import suppress

MODE = 0o644  # servers that run as others read it


def put(target: str, content: bytes, durable: bool = False) -> bool:
    """Whether the file had to be written. ``durable``: on return it, and its name, are on the disk.

    Raises:
        OSError: it cannot be read or written; what was there is as it was.
    """
    if has(target, content):
        return False
    folder, name = os.path.split(target)
    temporary = f"{folder}/.{name}.{os.getpid()}.tmp"
    handle = _opened(temporary, folder)
    try:
        try:
            os.fchmod(handle, MODE)
            _write(handle, content)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if durable:
        _sync_folder(folder)
    return True


def has(target: str, content: bytes) -> bool:
    try:
        handle = os.open(target, os.O_RDONLY)
    except FileNotFoundError:
        return False
    with open(handle, "rb") as file:
        return os.fstat(handle).st_size == len(content) and file.read() == content


def sync_all() -> None:
    """Everything that was written so far is on the disk on return: one step, however many files.

    A sync of each file would wait for the disk as often as there are files.
    """
    if hasattr(os, "sync"):  # not on Windows
        os.sync()


def _opened(temporary: str, folder: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        return os.open(temporary, flags, MODE)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        return os.open(temporary, flags, MODE)


def _write(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
