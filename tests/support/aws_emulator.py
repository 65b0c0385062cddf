"""A real AWS emulator (``dataplatform.local.aws_emulator``) and a client of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dataplatform.local.aws_emulator import AwsEmulator
from dataplatform.local.server import LOOPBACK, running
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from tests.support.local_servers import shared

HERE = Path(__file__).parents[2] / ".venv-emulator" / "bin"  # where `make test` puts it
EMULATOR = os.environ.get("MIRANTE_TEST_AWS_EMULATOR") or shutil.which("ministack", path=HERE)
REGION = "sa-east-1"
PATIENT = ClientPurpose(connect_seconds=5, answer_seconds=120, tries=2)
_SERVER = AwsEmulator(Path(EMULATOR) if EMULATOR else None)

needs_emulator = pytest.mark.skipif(
    _SERVER.missing() is not None, reason=f"the AWS emulator cannot run here: {_SERVER.missing()}"
)


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """One of its own, while the block runs: its address."""
    with running(_SERVER, folder) as server:
        yield f"http://{LOOPBACK}:{server.port}"


@cache
def shared_emulator() -> str:
    """The address of the one that all tests of a session may use, each with names of its own."""
    return f"http://{LOOPBACK}:{shared(_SERVER).port}"


def aws_client(service: str, endpoint: str, region: str = REGION) -> Any:
    """A client of the emulator."""
    return AwsClients(endpoint).client(service, PATIENT, region)


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
