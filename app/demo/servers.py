"""The real servers under the demo's ``local`` profile: fresh ones, gone when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.bootstrap.local_servers import STORES, addresses, introduce, local_servers
from app.demo.folder import MARKER, fresh_folder
from app.settings import EMBEDDED, Settings
from dataplatform.local.stack import Stack

Tell = Callable[[str, str], None]


@contextmanager
def servers_of(settings: Settings, folder: Path, tell: Tell) -> Iterator[Settings]:
    """The settings with the addresses of servers that run for as long as the block does.

    The embedded profile needs none. ``tell`` hears each server's name and what happened to it.

    Raises:
        FolderNotOurs: the folder holds something the demo did not make.
        LocalServerError: a server is not installed, or did not start.
    """
    if settings.profile == EMBEDDED:
        yield settings
        return
    place = folder.resolve()
    if (place / MARKER).exists():
        Stack(place).down(tell)  # what an interrupted run left behind
    fresh_folder(place)
    servers = local_servers(place, None, None)
    stack = Stack(place)
    try:
        members = stack.up([servers[name] for name in STORES], tell)
        introduce(settings, place, members)
        yield replace(settings, **addresses(members))
    finally:
        stack.down(tell)
