"""Whether a server of Prometheus's family is ready: all of them answer under the same path."""

from __future__ import annotations

import httpx

from dataplatform.local.server import LOOPBACK


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://{LOOPBACK}:{port}/-/ready", timeout=2.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False
