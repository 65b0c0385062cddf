"""Bodies of requests, within bounds of size and time."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

LARGEST = 8 * 1024 * 1024
UNPROVEN_LARGEST = 1024 * 1024  # of a sender whose proof is in the body itself
UNPROVEN_AT_ONCE = 4  # such bodies in memory
KEPT_OF_OVERSIZED = 64 * 1024
BODY_SECONDS = 30.0


async def body_of(request: Request, most: int) -> bytes:
    """As it came; at most a little more than ``most`` bytes are read. Raises ``TimeoutError``."""
    content = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in request.stream():
            content += chunk
            if len(content) > most:
                break
    return bytes(content)


def headers_of(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
