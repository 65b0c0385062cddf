"""A secret of this installation, in a file of its own: made on first use, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

BYTES = 32


def kept_secret(path: Path) -> str:
    """The same for every process, also for those that ask for the first time at once.

    Raises:
        OSError: it cannot be read, or not be made.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        _make(path)
        return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    """Whole before it has its name, which it gets once: whoever comes second takes the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
