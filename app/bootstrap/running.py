"""Which processes of the control side run on a data folder: each role once, and one ``up``.

What they hold are locks of the kernel's, gone with their process. The data side has one of its own: its
stores have one writer.
"""

from __future__ import annotations

from app.bootstrap.names import CONTROL_ROLES
from app.bootstrap.paths import DataPaths
from app.settings import Settings
from dataplatform.directory import DirectoryLock, lock_note

UP = "up"
CONSOLE = "console"


def hold(paths: DataPaths, name: str, note: str = "") -> DirectoryLock:
    """``name``: a role, or ``up``; ``note`` is for ``lock_note``. Raises DataDirectoryBusy: it is held."""
    paths.control.mkdir(parents=True, exist_ok=True)
    return DirectoryLock(paths.control / f"{name}.lock", note)


def hold_role(paths: DataPaths, role: str, settings: Settings) -> DirectoryLock | None:
    """None: a router whose incidents are not in the folder may run beside others.

    Raises DataDirectoryBusy: another process has the role.
    """
    if role == "router" and settings.router_store:
        return None
    return hold(paths, role, own_console(settings) if role == CONSOLE else "")


def refuse_running(paths: DataPaths, settings: Settings) -> None:
    """Raises DataDirectoryBusy: a role of the control side runs on this folder."""
    for role in sorted(CONTROL_ROLES):
        if held := hold_role(paths, role, settings):
            held.release()


def own_console(settings: Settings) -> str:
    """Where the console of these settings is."""
    return f"http://{settings.host}:{settings.control_port}"


def console_address(paths: DataPaths, settings: Settings) -> str:
    """Of the console that runs on the folder, or ran last; if that is not known, of the settings."""
    return lock_note(paths.control / f"{CONSOLE}.lock") or own_console(settings)
