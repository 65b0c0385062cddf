"""Errors of serving.

ServingError
+-- PortInUse        another program listens there
+-- NoSuchAddress    this machine cannot listen there
"""

from __future__ import annotations

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class ServingError(MiranteError):
    """Base; the message says what to do."""

    exit_status = ExitStatus.ENVIRONMENT


class PortInUse(ServingError):
    def __init__(self, host: str, port: int, setting: str) -> None:
        self.host, self.port, self.setting = host, port, setting
        super().__init__(
            f"{host}:{port} is in use by another program. Stop that program, or choose another port with "
            f"--{setting.replace('_', '-')} or MIRANTE_{setting.upper()}"
        )


class NoSuchAddress(ServingError):
    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host, self.port, self.reason = host, port, reason
        super().__init__(
            f"{host}:{port}: nothing can listen there ({reason}). Give --host an address of this machine, "
            "such as 127.0.0.1, and a port that this user may have"
        )
