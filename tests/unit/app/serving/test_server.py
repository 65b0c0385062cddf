"""A process that is told to stop stops, however early it is told."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from typing import NoReturn

import pytest
from starlette.applications import Starlette

from app.serving.server import Process, bind, serve
from dataplatform.local.server import free_port
from tests.support.patience import patience


def lost(number: int, _: object) -> NoReturn:
    raise AssertionError(f"signal {number} was lost")


@pytest.fixture
def handlers() -> Iterator[None]:
    """One that nobody handles fails the test; by itself it would end the whole run."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lost)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_before_the_server_listens_for_signals_is_not_lost(number: signal.Signals) -> None:
    closed: list[bool] = []
    process = Process(
        "test",
        Starlette(),
        started=[lambda: signal.raise_signal(number)],
        closing=[lambda: closed.append(True)],
    )
    await asyncio.wait_for(serve(process, bind("127.0.0.1", free_port(), "api_port")), patience(60))
    assert closed == [True]
