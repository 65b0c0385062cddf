"""The AWS emulator (``ministack``): DynamoDB, Kinesis, SNS, SQS and more on one port of the loopback."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx

from dataplatform.local.server import LOOPBACK

PROGRAM = "ministack"
MISSING = (
    "Install ministack in a venv of its own (it pins its libraries): "
    "python3 -m venv .venv-emulator && .venv-emulator/bin/pip install ministack"
)


class AwsEmulator:
    """``program``: where it is installed, if not on the path. It keeps nothing on disk."""

    name = "aws"

    def __init__(self, program: Path | None = None) -> None:
        self._program = str(program) if program is not None else PROGRAM

    def missing(self) -> str | None:
        return None if shutil.which(self._program) else MISSING

    def prepare(self, folder: Path) -> None:
        """Nothing to make."""

    def command(self, folder: Path, port: int) -> Sequence[str]:
        return [self._program]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        """It would bind every interface by itself."""
        return {"BIND_HOST": LOOPBACK, "GATEWAY_PORT": str(port)}

    def answers(self, folder: Path, port: int) -> bool:
        try:
            httpx.get(f"http://{LOOPBACK}:{port}", timeout=2.0, trust_env=False)
        except httpx.TransportError:
            return False
        return True
