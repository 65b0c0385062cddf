"""No child outlives its supervisor, whatever ends that."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from app.serving.supervisor import Child, Supervisor
from dataplatform.local.server import free_port
from tests.support.processes import is_alive

LISTENS = """
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    time.sleep(600)
"""


@dataclass(frozen=True, slots=True)
class Sleeper(Child):
    """Listens and does nothing until it is told to end; what its standard input says is nothing to it."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", LISTENS, str(self.address[1])]


def sleeper(role: str) -> Sleeper:
    environment: Mapping[str, str] = {}
    return Sleeper(role, environment, ("127.0.0.1", free_port()))


@pytest.mark.parametrize("unread", ["first", "second"])
async def test_children_are_ended_before_an_error_is_told(unread: str) -> None:
    pids = []

    def announce(role: str, pid: int, _: int) -> None:
        pids.append(pid)
        if role == unread:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await Supervisor([sleeper("first"), sleeper("second")], announce).run()
    assert pids
    assert [pid for pid in pids if is_alive(pid)] == []
