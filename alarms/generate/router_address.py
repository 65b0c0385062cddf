"""Where generated configuration sends alerts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RouterAddress:
    """Where the router listens. The token is in a file: a configuration holds no secret."""

    url: str = "http://127.0.0.1:8601"
    token_file: str = "/etc/mirante/hook-token"  # noqa: S105  a path, not a secret
    heartbeat_url: str | None = None
