"""A real AWS emulator as a child process on a free port of 127.0.0.1."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from app.demo.stack import free_port

EMULATOR = os.environ.get("MIRANTE_TEST_AWS_EMULATOR") or shutil.which("ministack")
REGION = "sa-east-1"
INSTALLED = EMULATOR is not None and Path(EMULATOR).exists()

needs_emulator = pytest.mark.skipif(not INSTALLED, reason="no AWS emulator (ministack) is installed")


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Its address, once it answers."""
    assert EMULATOR is not None
    port = free_port()
    environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([EMULATOR], env=environment, stdout=log, stderr=log, cwd=folder)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


@cache
def shared_emulator() -> str:
    """The address of the one that all tests of a session may use, each with names of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mirante-aws-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    running = running_emulator(folder)
    atexit.register(running.__exit__, None, None, None)
    return running.__enter__()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the emulator ended"
        try:
            httpx.get(url, timeout=1.0)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the emulator never answered")


def aws_client(service: str, endpoint: str) -> Any:
    """A boto3 client of the emulator."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 1}),
    )


def aws_environment(endpoint: str) -> dict[str, str]:
    """The same for another process, on top of what this one has."""
    return {**os.environ, **aws_variables(endpoint)}


def aws_variables(endpoint: str) -> dict[str, str]:
    """Where boto3 finds the emulator, by its own rules."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
