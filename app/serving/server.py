"""One process: an ASGI application on one port and the loops of its roles, started and drained together."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable

import uvicorn
from starlette.types import ASGIApp

from app.serving.errors import NoSuchAddress, PortInUse
from app.serving.loops import Loop
from app.serving.request_heads import BoundedHeads

log = logging.getLogger("mirante.server")

DRAIN_SECONDS = 10
INSIST_AFTER = 2 * DRAIN_SECONDS  # real seconds that a child whose supervisor is gone may take to end


@dataclass(slots=True)
class Process:
    """What one process serves. ``started`` runs on the event loop once everything is up; ``closing`` runs
    last, in this order, after the loops and the server have stopped. ``hangup`` is what SIGHUP asks for."""

    name: str
    application: ASGIApp
    loops: Sequence[Loop] = ()
    started: Sequence[Callable[[], object]] = ()
    closing: Sequence[Callable[[], object]] = ()
    hangup: Sequence[Callable[[], object]] = ()

    async def close(self) -> None:
        for step in self.closing:
            done = step()
            if isawaitable(done):
                await done


def bind(host: str, port: int, setting: str) -> socket.socket:
    """Bind before anything else starts, so that a taken port costs nothing.

    Raises:
        PortInUse: another program listens there.
        NoSuchAddress: the host is not one of this machine's, or the port not for this user.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(1024)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host, port, setting) from error
        raise NoSuchAddress(host, port, error.strerror or str(error)) from error
    return sock


def http_server(application: ASGIApp) -> uvicorn.Server:
    """The one kind of HTTP server that Mirante starts."""
    config = uvicorn.Config(
        application,
        http=BoundedHeads,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        server_header=False,
    )
    return uvicorn.Server(config)


async def serve(process: Process, sock: socket.socket) -> None:
    """Serve until told to stop (SIGINT, SIGTERM, or the parent's end), then drain and close."""
    server = http_server(process.application)

    # uvicorn catches signals only once it serves, and raises them again after its own shutdown. One that
    # comes before must not be lost; one that is raised again must not keep our own shutdown from running.
    def told_to_stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told_to_stop)
    if process.hangup and not os.isatty(0):  # of a terminal it says that it was closed
        signal.signal(signal.SIGHUP, lambda *_: [asked() for asked in process.hangup])
    loops = [asyncio.create_task(loop.run(), name=loop.name) for loop in process.loops]
    gc.collect()
    gc.freeze()  # what was loaded at start stays: no later collection needs to walk it
    for start in process.started:
        start()
    try:
        await server.serve(sockets=[sock])
    finally:
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await process.close()
        log.info("stopped", extra={"event": "process.stopped", "process_name": process.name})


def stop_with_parent() -> None:
    """End this process when its standard input closes: a child never outlives its supervisor, not even when
    its own shutdown hangs."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(INSIST_AFTER)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
